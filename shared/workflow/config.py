"""What `snakemake --config ...` may say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from shared.errors import UserError
from shared.models.complete import check_folder
from shared.models.spec import FORMS, check_spec
from shared.runner.caps import CAPS
from shared.settings import REHEARSAL

DEFAULT_SCALE = "cpu"
TEXTS = ("scale", "model", "stands_in_for", "models", "items", "set", "name")
KEYS = (*TEXTS, "keep_models", "rehearse", *CAPS)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # a part of a folder's name


@dataclass(frozen=True)
class Config:
    scale: str
    model: str | None = None  # the user's own, in place of the scale's
    stands_in_for: str | None = None  # the model of the paper that it stands for
    models: str | None = None  # those of the scale that were asked for
    items: str | None = None  # tables and figures, if not all
    set: str | None = None  # settings that are others in this run
    name: str | None = None  # of the run, to keep its results apart
    keep_models: bool = True  # trained ones, when nothing of the run needs them any more
    caps: Mapping[str, float] = field(default_factory=dict)  # name in CAPS -> the most


def read(config: Mapping[str, object]) -> Config:
    """Raises `UserError` that names the key, what was found and what was expected."""
    if unknown := set(config) - set(KEYS):
        raise UserError(f"unknown setting '{min(unknown)}'; settings: {', '.join(KEYS)}")
    texts = {name: config.get(name) for name in TEXTS}
    for name, value in texts.items():  # which Snakemake reads as YAML
        if name in config and not (value and isinstance(value, str)):
            raise UserError(f"{name}: expected a text, found {value if value else 'nothing'}")
    found = Config(
        **texts | {"scale": texts["scale"] or DEFAULT_SCALE},
        keep_models=_truth(config, "keep_models", True),
        caps=_caps(config),
    )
    model = found.model
    if model is not None and ":" not in model:
        raise UserError(
            f"model '{model}': expected {FORMS}; a model of the scale is chosen by models=NAME"
        )
    if found.stands_in_for and not model:
        raise UserError("stands_in_for: expected together with model=…, which it is about")
    if model and found.models:
        raise UserError("models: expected without model=…, which is asked in place of them")
    if found.set and not found.name:
        raise UserError(f"set: expected together with name=NAME, for results/{found.scale}+NAME")
    if found.name and not _NAME.fullmatch(found.name):
        raise UserError(f"name: found {found.name!r}, expected letters, digits and ._- alone")
    if _truth(config, "rehearse", False):
        return _to_rehearse(found)
    if model:
        _check_model(model)
    return found


def _check_model(spec: str) -> None:
    """Of the user's own: said before any paper is asked whether it fits."""
    try:
        check_spec(spec)
    except ValueError as error:
        raise UserError(f"model={spec}: {error}") from None
    if spec.startswith("path:"):
        check_folder(Path(spec.removeprefix("path:")))


def _truth(config: Mapping[str, object], name: str, default: bool) -> bool:
    said = str(config.get(name, default)).lower()
    if said not in ("true", "false"):
        raise UserError(f"{name}: expected true or false, found {said!r}")
    return said == "true"


def _caps(config: Mapping[str, object]) -> dict[str, float]:
    found = {name: config[name] for name in CAPS if name in config}
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise UserError(f"{name}: expected a number above 0, found {value!r}")
    return found


def _to_rehearse(found: Config) -> Config:
    others = {name: getattr(found, name) for name in ("model", "name")}
    if found.scale != "paper" or any(others.values()):
        said = next((f"{k}={v}" for k, v in others.items() if v), f"scale={found.scale}")
        raise UserError(f"rehearse: expected with scale=paper and its own models, found {said}")
    return replace(found, scale=REHEARSAL)
