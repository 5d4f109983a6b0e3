"""Read the files of a model whole, or say in one line what is wrong with them.

Transformers draws at random every weight that a checkpoint lacks and leaves out every weight that
the architecture lacks, and says so in a log alone: a model with one layer renamed or with the
config of another runs on, and its numbers mean nothing.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import transformers
from peft import PeftModel, get_peft_model_state_dict
from peft.utils import load_peft_weights
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoProcessor,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
)
from transformers.initialization import no_init_weights
from transformers.utils import logging

from shared.errors import UserError

NAMED = 3  # keys that an error names, of however many

logging.disable_progress_bar()


def architecture(name: str) -> type[PreTrainedModel]:
    if not hasattr(transformers, name):
        raise UserError(f"model architecture '{name}' is not one of transformers")
    return getattr(transformers, name)


def read_model(folder: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    """The model of a folder, of the class that its config names."""
    return read_weights(_class_of(folder), folder, dtype)


def empty_model(folder: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    """The same model with weights of which nothing was written, and which take no memory as long as
    nothing is: the system gives a page when it is written to.

    Not on the meta device: accelerate tells the weights of an optimiser by their addresses.
    """
    config = read_config(folder)
    with no_init_weights():
        model = _class_of(folder)._from_config(config, dtype=dtype)
    model.tie_weights()
    return model


def _class_of(folder: str | Path) -> type[PreTrainedModel]:
    names = read_config(folder).architectures
    if not names:
        raise UserError(f"{folder}/config.json: names no class under 'architectures'")
    return architecture(names[0])


def read_config(folder: str | Path) -> PretrainedConfig:
    if not (Path(folder) / "config.json").is_file():
        raise UserError(f"{folder}: no config.json, so this is not the folder of a model")
    with _one_line(folder, "config"):
        return AutoConfig.from_pretrained(folder)


def read_weights(kind: type, folder: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    """A model of a class (or of an `AutoModel…`) with the weights of a folder.

    Raises `UserError` if a weight is missing, is left over, or has another size. What the class
    itself declares to be no weight (tied embeddings, buffers of older versions) is neither.
    """
    read_config(folder)
    with _one_line(folder, "weights"), _silent_report():
        model, found = kind.from_pretrained(
            folder, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True
        )
    sizes = {key: (here, wanted) for key, here, wanted in found["mismatched_keys"]}
    _compare(
        f"{folder}: the weights do not fit {type(model).__name__} with its config.json",
        found["missing_keys"],
        found["unexpected_keys"],
        sizes,
    )
    return model


def read_adapter(model: PreTrainedModel, folder: str | Path, *, trainable: bool) -> PeftModel:
    """`model` under the adapter of a folder. Raises `UserError` if it is of another model."""
    if not list(Path(folder).glob("adapter_model.*")):
        raise UserError(f"{folder}: no adapter_model.safetensors; expected a trained adapter")
    with _one_line(folder, "adapter"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some weights of|Found missing adapter keys")
        held = load_peft_weights(str(folder), device="cpu")
        model = PeftModel.from_pretrained(
            model, folder, is_trainable=trainable, ignore_mismatched_sizes=True
        )
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    _compare(
        f"{folder}: the adapter does not fit {type(model.get_base_model()).__name__}",
        own.keys() - held.keys(),
        held.keys() - own.keys() - model.state_dict().keys(),
        {
            key: (held[key].shape, own[key].shape)
            for key in own.keys() & held.keys()
            if held[key].shape != own[key].shape
        },
    )
    return model


def read_tokenizer(folder: str | Path) -> PreTrainedTokenizerBase:
    """Raises `UserError` also where Transformers would make one with no vocabulary."""
    with _one_line(folder, "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(folder)
    files = set(tokenizer.vocab_files_names.values())
    if files and not any((Path(folder) / name).is_file() for name in files):
        raise UserError(f"{folder}: no tokenizer; expected {' or '.join(sorted(files))}")
    return tokenizer


def read_processor(folder: str | Path) -> ProcessorMixin:
    """Tokenizer and preparation of pictures of a vision-language model."""
    with _one_line(folder, "processor"):
        return AutoProcessor.from_pretrained(folder)


def _compare(
    what: str,
    missing: Iterable[str],
    left_over: Iterable[str],
    sizes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]],
) -> None:
    """Raises `UserError` if there are any. sizes: key -> in the file and in the model."""
    other = [f"{k} {tuple(here)} for {tuple(wanted)}" for k, (here, wanted) in sizes.items()]
    kinds = {"missing": missing, "left over": left_over, "of another size": other}
    said = [f"{len(keys)} {kind} ({_first(keys)})" for kind, keys in kinds.items() if keys]
    if said:
        raise UserError(f"{what}: {', '.join(said)}")


def _first(keys: Iterable[str]) -> str:
    ordered = sorted(keys)
    return ", ".join(ordered[:NAMED]) + (", …" if len(ordered) > NAMED else "")


@contextmanager
def _one_line(folder: str | Path, what: str) -> Iterator[None]:
    """Errors of the libraries on broken files, which have no number and many lines, as one line."""
    try:
        yield
    except (OSError, ValueError, LookupError, RuntimeError, SafetensorError) as error:
        line = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(f"{folder}: can't read the {what} ({line})") from error


@contextmanager
def _silent_report() -> Iterator[None]:
    """Without the table of keys that do not fit: they are said in the error."""
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
