"""The folder of a model as a server of models reads it: weights, tokenizer and all in one place."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from shared.files import read_json, write_json
from shared.models.loading import (
    find_processor,
    is_adapter,
    load,
    load_tokenizer,
    model_folder,
    save,
    sees,
)
from shared.models.spec import ModelSpec, RandomModel, model_files

# What an adapter may hold besides low-rank matrices, by the fields of its configuration, and what
# else is computed otherwise. A server lays none of these over a model: they are merged.
BESIDES = (
    "modules_to_save", "trainable_token_indices", "use_dora", "lora_bias", "rank_pattern",
    "alpha_pattern", "layer_replication", "target_parameters", "megatron_config",
)  # fmt: skip
EMBEDDINGS = ("embed_tokens", "lm_head")
HIGHEST_RANK = 512  # that vLLM takes
# Weights of LLaVA's image encoder as Transformers 5 names them in a model that was made by it; the
# published ones have `vision_model.` in between, and vLLM knows no other name.
FLAT = re.compile(
    r"^((?:model\.)?vision_tower\.)(?=embeddings|encoder|pre_layrnorm|post_layernorm)"
)


class Served(NamedTuple):
    folder: Path
    adapter: Path | None = None  # to be laid over it
    rank: int = 0  # of the adapter
    targets: tuple[str, ...] = ()  # the layers that it changes


def served(
    spec: ModelSpec, trained: str | Path | None, scratch: Path, dtype: torch.dtype
) -> Served:
    """Where a model lies for a server, with what was trained of it (see `shared.models.loading`).

    Its own folder if it can be, with an adapter beside it; else a folder below `scratch`: links to
    trained weights beside the tokenizer, or, of an adapter that holds more than low-rank matrices
    or belongs to a model that sees, the merged weights in `dtype`.
    """
    if trained is None and not isinstance(spec, RandomModel):
        return Served(_published(model_folder(spec), scratch))
    if trained and not is_adapter(trained):
        folder = scratch / "linked"
        _describe(spec, folder)
        _link(Path(trained), folder)
        return Served(_published(folder, scratch))
    if trained and not isinstance(spec, RandomModel):
        config = read_json(Path(trained) / "adapter_config.json", dict)
        own_tokens = (Path(trained) / "tokenizer_config.json").is_file()
        if is_low_rank(config) and not own_tokens and not sees(spec):
            targets = tuple(sorted(config["target_modules"]))
            return Served(model_folder(spec), Path(trained), config["r"], targets)
    folder = scratch / "merged"
    model, tokenizer = load(spec, trained=trained, device="cpu")  # a GPU is left to the server
    save(model.to(dtype), folder, tokenizer)
    if processor := find_processor(spec):
        processor.tokenizer = tokenizer  # with its tokens, and the processor's chat template
        processor.save_pretrained(folder)
    return Served(_published(folder, scratch))


def is_low_rank(config: dict) -> bool:
    """Whether an adapter is low-rank matrices of linear layers and nothing else."""
    targets = config.get("target_modules") or []
    return (
        config.get("peft_type") == "LORA"
        and config.get("bias", "none") == "none"
        and not any(config.get(name) for name in BESIDES)
        and not isinstance(targets, str)
        and not set(targets) & set(EMBEDDINGS)
        and config["r"] <= HIGHEST_RANK
    )


def _describe(spec: ModelSpec, folder: Path) -> None:
    """Tokenizer or processor of a spec."""
    described = find_processor(spec) or load_tokenizer(spec)
    described.save_pretrained(folder)


def _link(trained: Path, folder: Path) -> None:
    """The files of trained weights, in place of those of the same name."""
    for path in model_files(trained):
        (folder / path.name).unlink(missing_ok=True)
        os.symlink(path.resolve(), folder / path.name)


def _published(folder: Path, scratch: Path) -> Path:
    """The folder, or a copy of it with its weights under the names of published ones."""
    shards = sorted(folder.glob("*.safetensors"))
    if not any(FLAT.match(name) for path in shards for name in _names(path)):
        return folder
    copy = scratch / "published"
    copy.mkdir(parents=True)
    _link(folder, copy)
    for path in shards:
        weights = {_renamed(name): weight for name, weight in load_file(path).items()}
        (copy / path.name).unlink()
        save_file(weights, copy / path.name, metadata={"format": "pt"})
    if (index := folder / "model.safetensors.index.json").is_file():
        listed = read_json(index, dict)
        of = {_renamed(name): shard for name, shard in listed["weight_map"].items()}
        (copy / index.name).unlink()
        write_json(copy / index.name, listed | {"weight_map": of})
    return copy


def _names(path: Path) -> list[str]:
    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def _renamed(name: str) -> str:
    return FLAT.sub(r"\1vision_model.", name)
