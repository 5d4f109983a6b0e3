"""Whether a folder holds a whole model, told in milliseconds, before anything loads it.

Of weights only the headers are read: a file of safetensors says in its first bytes how long it is.
"""

import json
import re
from pathlib import Path

from shared.errors import UserError
from shared.files import read_json
from shared.models.spec import model_files

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json", "spiece.model")
# Files that may hold a chat template; of the JSON ones under this key.
TEMPLATES = ("tokenizer_config.json", "chat_template.json", "processor_config.json")
TEMPLATE = "chat_template"
PREPARATIONS = ("preprocessor_config.json", "processor_config.json")  # of pictures
ADAPTER = "adapter_config.json"
HEADER, MOST_HEADER = 8, 10**8  # bytes: that say how long a header is, that it may have
POINTER = b"version https://git-lfs"
_OWN = re.compile(r'"(?:\w+:)?path:([^"]+)"')


def check_folder(folder: Path) -> None:
    """Raises `UserError` that names what a model folder lacks: its config, weights (all, and
    whole), a tokenizer."""
    names = {path.name for path in model_files(folder)}
    if "config.json" not in names:
        adapter = "; it holds an adapter" if ADAPTER in names else ""
        raise _lacks(folder, f"config.json{adapter}")
    read_json(folder / "config.json", dict)
    weights = [name for name in names if name.endswith((".safetensors", ".bin"))]
    if not weights:
        raise _lacks(folder, "weights; expected *.safetensors or pytorch_model*.bin")
    kind = ".safetensors" if weights[0].endswith(".safetensors") else ".bin"
    for index in sorted(name for name in names if name.endswith(f"{kind}.index.json")):
        shards = read_json(folder / index, dict).get("weight_map", {}).values()
        if absent := sorted({*shards} - names):
            raise _lacks(folder, f"{absent[0]}, which {index} names")
    for name in sorted(weights) if kind == ".safetensors" else ():
        _check_whole(folder / name)
    if not names & {*TOKENIZERS} and not any(name.endswith(".tiktoken") for name in names):
        raise _lacks(folder, f"tokenizer; expected one of {', '.join(TOKENIZERS)}")


def has_chat_template(folder: Path) -> bool:
    """Whether its tokenizer, or its processor, can put a conversation into one text."""
    if (folder / "chat_template.jinja").is_file():
        return True
    found = (folder / name for name in TEMPLATES)
    return any(TEMPLATE in read_json(path, dict) for path in found if path.is_file())


def sees(folder: Path) -> bool:
    """Whether its model takes pictures: then its config describes the part that reads them."""
    return "vision_config" in read_json(folder / "config.json", dict)


def prepares_pictures(folder: Path) -> bool:
    """Whether it also says how they are prepared, which a text takes nothing of."""
    return any((folder / name).is_file() for name in PREPARATIONS)


def folders_in(settings: str) -> list[Path]:
    """The folders of whole models that settings (as JSON) name and that are there."""
    named = map(Path, dict.fromkeys(_OWN.findall(settings)))
    return [path for path in named if path.is_dir() and not (path / ADAPTER).is_file()]


def _check_whole(path: Path) -> None:
    size = path.stat().st_size
    with open(path, "rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise UserError(f"{path}: a pointer of Git LFS, not the weights themselves")
        file.seek(0)
        length = int.from_bytes(file.read(HEADER), "little")
        start = file.read(min(length, size, MOST_HEADER))
    try:
        tensors = json.loads(start) if len(start) == length else None
        ends = [each["data_offsets"][1] for name, each in tensors.items() if name[0] != "_"]
    except (ValueError, TypeError, LookupError, AttributeError):
        raise UserError(f"{path}: not a whole file of safetensors ({size:,} bytes)") from None
    if size != (expected := HEADER + length + max(ends, default=0)):
        raise UserError(f"{path}: found {size:,} bytes, expected {expected:,} by its own header")


def _lacks(folder: Path, what: str) -> UserError:
    return UserError(f"model folder {folder}: no {what}")
