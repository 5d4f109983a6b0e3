"""How a setting names a model. No torch here: rules and tables read it too."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.settings import ROOT, Strict

BUNDLED = {
    # name: display name. The bundled weights went through 4-bit quantisation: the suffix says so.
    "smollm2-135m-instruct-q4_1": "SmolLM2-135M-Instruct-Q4_1",
}
FORMS = "bundled:NAME, hub:ORG/NAME@REVISION (40 hex digits), path:FOLDER or api:NAME"
_BESIDE_WEIGHTS = (".json", ".model", ".txt", ".jinja", ".tiktoken")  # config and tokenizer
# Settings of models in folders that a user may have no copy of
MAY_BE_ABSENT = frozenset({"filters", "weights"})
# As a setting names it: by itself, or behind the kind of a judge ("llm:path:FOLDER").
_WITH_FILES = re.compile("(?:[a-z]+:)?(?P<model>(?:bundled|path):.+)")
_HUB = re.compile(r"hub:(?P<id>[^@\s]+/[^@\s]+)@(?P<revision>[0-9a-f]{40})")


def check_spec(spec: str) -> str:
    """Raises `ValueError` for what names no model."""
    kind, _, rest = spec.partition(":")
    if kind == "bundled" and rest not in BUNDLED:
        raise ValueError(f"bundled models are {', '.join(BUNDLED)}")
    if kind == "hub" and not _HUB.fullmatch(spec):
        raise ValueError("a hub model needs a pinned revision: hub:ORG/NAME@<40 hex digits>")
    if kind not in ("bundled", "hub", "path", "api") or not rest:
        raise ValueError(f"a model is {FORMS}")
    return spec


class RandomModel(Strict):
    """Random weights of any Transformers architecture, for smoke tests and measurements."""

    name: str
    architecture: str  # class name in transformers, e.g. LlamaForCausalLM
    config: dict  # arguments of that architecture's configuration class
    tokenizer: Annotated[str, AfterValidator(check_spec)]


class SmallVlm(Strict):
    """A small LLaVA that a paper's first training step makes: `shared.models.small_vlm`.

    What it writes is an ordinary model folder, which is read again as `path:`.
    """

    name: str
    vocabulary: Literal["words", "characters"]  # of the training texts
    vision: dict  # arguments of the image encoder's configuration, with its `model_type`
    text: dict  # arguments of LlamaConfig
    feature_layer: int = -1  # hidden states of the encoder that the language model sees
    image_size: int | None = Field(None, gt=0)  # pixels a side; None: features, not pictures


class SmallLm(Strict):
    """A small Llama that a paper's training step makes: `shared.models.small_lm`.

    What it writes is an ordinary model folder, which is read again as `path:`.
    """

    name: str
    size: Literal["200K", "1M", "3M", "5M", "20M"]  # parameters without embeddings
    # of the training texts: whole ones, or pieces of words
    vocabulary: Literal["words", "characters", "pieces"] = "words"


ModelSpec = Annotated[str, AfterValidator(check_spec)] | RandomModel
Made = SmallVlm | SmallLm  # in the pipeline, from nothing


def display_name(spec: ModelSpec | Made) -> str:
    """The name of a model in cells, tables and figures."""
    if isinstance(spec, RandomModel | Made):
        return spec.name
    kind, _, rest = spec.partition(":")
    if kind == "bundled":
        return BUNDLED[rest]
    return rest.partition("@")[0].rsplit("/", 1)[-1]


def is_endpoint(spec: ModelSpec) -> bool:
    """A model behind an OpenAI-compatible endpoint (`shared.chat.endpoint`): it has no weights."""
    return isinstance(spec, str) and spec.startswith("api:")


def made_in(folder: Path | None, otherwise: ModelSpec | Made) -> ModelSpec | Made:
    """The model that a step of the pipeline wrote into a folder; without one the other."""
    return f"path:{folder}" if folder else otherwise


def check_made(model: ModelSpec | Made, how: object | None, setting: str) -> None:
    """Raises `ValueError` unless a model that is made here, and no other, is told by a setting how
    it is made."""
    if isinstance(model, Made) and not how:
        raise ValueError(f"{setting}: model {model.name} is made here and needs it")
    if how and not isinstance(model, Made):
        raise ValueError(f"{setting}: this scale makes its models, and all else is set for these")


def is_absent(spec: object) -> bool:
    """A model in a folder of the user's own, which is not there."""
    own = isinstance(spec, str) and spec.startswith("path:")
    return own and not Path(spec.removeprefix("path:")).is_dir()


def location(spec: str) -> Path | Repository:
    """Folder of a named model, or its repository (hub only)."""
    kind, _, rest = spec.partition(":")
    if kind == "hub":
        match = _HUB.fullmatch(spec)
        return Repository("model", match["id"], match["revision"])
    return bundled_folder(rest) if kind == "bundled" else Path(rest)


def bundled_folder(name: str) -> Path:
    return ROOT / "resources" / "models" / name


def needs(spec: ModelSpec | Made) -> list[str]:
    """Files that a rule must have before this model can be loaded, relative to the repository.

    Those of a `path:` folder one by one, so that new weights in it are a changed input. Raises
    `UserError` if there are none.
    """
    if isinstance(spec, Made):
        return []
    named = spec.tokenizer if isinstance(spec, RandomModel) else spec
    kind, _, rest = named.partition(":")
    if kind == "bundled":
        return [f"resources/models/{rest}"]
    return [str(path) for path in own_files(named)]


def named_in(settings: object, place: str = "") -> dict[str, str]:
    """The models with files here that settings name, as JSON can hold them: place → spec.

    {"guard": {"model": "path:/a"}, "judges": ["llm:bundled:b"]} has the places `guard.model` and
    `judges.0`. Of MAY_BE_ABSENT those in a folder that is not there do not count: a step does less.
    """
    if isinstance(settings, str):
        found = _WITH_FILES.fullmatch(settings)
        spec = found and found["model"]
        optional = not MAY_BE_ABSENT.isdisjoint(place.split("."))
        return {} if not spec or (optional and is_absent(spec)) else {place: spec}
    named = dict(enumerate(settings)) if isinstance(settings, list) else settings
    if not isinstance(named, Mapping):
        return {}
    inner = (named_in(each, f"{place}.{key}".lstrip(".")) for key, each in named.items())
    return {at: spec for found in inner for at, spec in found.items()}


def model_files(folder: Path) -> list[Path]:
    """The files of a model folder that Transformers reads, sorted: config, weights, tokenizer.

    Raises `UserError` if the folder is not there, or has none.
    """
    if not folder.is_dir():
        raise UserError(f"model folder {folder} does not exist")
    files = [path for path in folder.iterdir() if path.is_file() and path.name[0] != "."]
    weights = [path for path in files if path.suffix == ".safetensors"]
    weights = weights or [path for path in files if path.match("pytorch_model*.bin")]
    found = sorted(weights + [path for path in files if path.suffix in _BESIDE_WEIGHTS])
    if not found:
        raise UserError(f"model folder {folder} holds no config, weights or tokenizer")
    return found


def own_files(spec: object) -> list[Path]:
    """The files of a model in a folder of the user's own; of any other spec none."""
    if not isinstance(spec, str) or not spec.startswith("path:"):
        return []
    return model_files(Path(spec.removeprefix("path:")))
