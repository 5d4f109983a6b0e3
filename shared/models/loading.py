"""Load a model and its tokenizer by spec; save them, or an adapter of them."""

from pathlib import Path

import torch
import transformers
from peft import PeftModel
from safetensors import SafetensorError
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from transformers import PreTrainedModel, PreTrainedTokenizerBase, ProcessorMixin

from shared.data.fetch import hub
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.files import atomic, read_json, write_json
from shared.models import complete, feature_tower  # noqa: F401, the tower registers itself
from shared.models.added_tokens import make_room_for
from shared.models.checkpoint import (
    architecture,
    empty_model,
    read_adapter,
    read_model,
    read_processor,
    read_tokenizer,
)
from shared.models.devices import in_bf16, is_first, own_device, world_size
from shared.models.processors import build_processor, token_fields
from shared.models.spec import ModelSpec, RandomModel, is_endpoint, location
from shared.settings import Precision


def load(
    spec: ModelSpec,
    *,
    trained: str | Path | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    merge: bool = True,
    precision: Precision = "fp32",
    sharded: bool = False,
    device: str | None = None,
    seed: int = 0,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model (evaluation mode) and tokenizer of a spec.

    `trained` is a folder written by `save`: an adapter, merged into the base weights here (unless
    `merge` is false: then its training can go on), or full weights that replace them; a tokenizer
    in it replaces the spec's. `tokenizer` is the spec's where it was read before, with a processor.
    `device` defaults to the GPU if there is one. `seed` draws the weights of a random model.
    `sharded`: for processes that will share out the weights. The first one reads them, and keeps
    them off the GPU, which has no room for all; the others get the model without any.

    Raises `UserError` naming the spec if its folder or revision is not there, the weights that
    do not fit (`shared.models.checkpoint`), or a precision that would be emulated.
    """
    device = None if sharded else device or own_device()
    dtype = torch.bfloat16 if in_bf16(precision) else torch.float32
    merged = bool(trained and merge and is_adapter(trained))  # which takes the base's weights
    read = read_model if is_first() or merged or not sharded else empty_model
    torch.set_float32_matmul_precision("high")  # TF32 where a GPU has it
    own = trained and (Path(trained) / "tokenizer_config.json").is_file()
    if own or tokenizer is None:
        tokenizer = read_tokenizer(trained) if own else load_tokenizer(spec)
    if trained and not is_adapter(trained):
        return _placed(read(trained, dtype), device), tokenizer
    if isinstance(spec, RandomModel):
        torch.manual_seed(seed)
        known = load_tokenizer(spec) if own else tokenizer
        model = architecture(spec.architecture)(_random_config(spec, known)).to(dtype)
    else:
        model = read(model_folder(spec), dtype)
    if trained:
        config = read_json(Path(trained) / "adapter_config.json", dict)
        make_room_for(model, tokenizer, config.get("trainable_token_indices") or {})
        model = read_adapter(model, trained, trainable=not merge)
        model = model.merge_and_unload() if merge else model
    return _placed(model, device), tokenizer


def _placed(model: PreTrainedModel, device: str | None) -> PreTrainedModel:
    return (model.to(device) if device else model).eval()


def load_tokenizer(spec: ModelSpec) -> PreTrainedTokenizerBase:
    if isinstance(spec, RandomModel) and sees(spec):
        return load_processor(spec).tokenizer
    return _tokenizer(spec)


def load_processor(spec: ModelSpec) -> ProcessorMixin:
    """Tokenizer and preparation of pictures of a vision-language model."""
    if isinstance(spec, RandomModel):
        return build_processor(spec, _tokenizer(spec))
    return read_processor(model_folder(spec))


def find_processor(spec: ModelSpec) -> ProcessorMixin | None:
    """The same, or None where no pictures can be shown: to a model that reads text alone, and to
    one whose folder has no more than that takes."""
    if not sees(spec):
        return None
    if isinstance(spec, RandomModel) or complete.prepares_pictures(model_folder(spec)):
        return load_processor(spec)
    return None


def _tokenizer(spec: ModelSpec) -> PreTrainedTokenizerBase:
    named = spec.tokenizer if isinstance(spec, RandomModel) else spec
    return read_tokenizer(model_folder(named))


def save(
    model: PreTrainedModel | PeftModel,
    folder: str | Path,
    tokenizer: PreTrainedTokenizerBase | ProcessorMixin | None = None,
    *,
    precision: Precision = "fp32",
) -> None:
    """Write an adapter (of a PEFT model) or full weights; the folder is whole or absent. Of several
    processes each must call it, and the first one writes.

    tokenizer: where tokens were added to it, or the model was made here; or its processor. Of the
    embeddings an adapter holds the rows that were trained, never all of them. precision: of the
    training, for full weights, so that a 7B takes 14 GB and not 28; an adapter is written as it is.
    """
    adapter, rounded = isinstance(model, PeftModel), precision == "bf16"
    options = {"save_embedding_layers": False} if adapter else {}
    if world_size() > 1 or (rounded and not adapter):
        weights = _whole(model) if world_size() > 1 else model.state_dict()
        if rounded and not adapter:
            weights = {name: _in_bf16(weight) for name, weight in weights.items()}
        options["state_dict"] = weights
    if not is_first():
        return
    with atomic(folder) as temporary:
        try:
            model.save_pretrained(temporary, **options)
            if rounded and not adapter:
                config = read_json(temporary / "config.json")
                write_json(temporary / "config.json", config | {"dtype": "bfloat16"})
            if tokenizer:
                tokenizer.save_pretrained(temporary)
        except SafetensorError as error:  # a full disk, most of all
            raise UserError(f"{folder}: {error}") from None


def _in_bf16(weight: torch.Tensor) -> torch.Tensor:
    return weight.bfloat16() if weight.is_floating_point() else weight


def _whole(model: PreTrainedModel | PeftModel) -> dict[str, torch.Tensor]:
    """All weights of a model that each process has a shard of, in the first process; the others
    get none."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return get_model_state_dict(model, options=options)


def _random_config(
    spec: RandomModel, tokenizer: PreTrainedTokenizerBase
) -> transformers.PretrainedConfig:
    config, words = dict(spec.config), {"vocab_size": len(tokenizer)}
    if sees(spec):
        config = token_fields(tokenizer) | config
        config["text_config"] = words | config["text_config"]
    else:
        config = words | config
    return architecture(spec.architecture).config_class(**config)


def sees(spec: ModelSpec) -> bool:
    """A vision-language model has configurations of its two parts."""
    if isinstance(spec, RandomModel):
        return "vision_config" in spec.config
    return complete.sees(model_folder(spec))


def is_adapter(folder: str | Path) -> bool:
    """Whether a folder written by `save` holds an adapter, not full weights."""
    return (Path(folder) / "adapter_config.json").is_file()


def model_folder(spec: str) -> Path:
    """Where the files of a named model lie; those of the hub are fetched if they are not here."""
    if is_endpoint(spec):
        raise UserError(f"{spec} is behind an endpoint; this step needs the weights of a model")
    found = location(spec)
    if isinstance(found, Repository):
        return hub.local_folder(found)
    if spec.startswith("bundled:") and not found.is_dir():
        raise UserError(f"{spec} is not converted yet; run: snakemake bundled_model")
    if not found.is_dir():
        raise UserError(f"model folder {found} does not exist")
    return found
