"""What `papers/<id>/paper.yaml` may say, checked: an unknown key or scale is an error."""

import importlib
import os
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ValidationError, model_validator

from shared.errors import UserError
from shared.files import read_csv, read_yaml
from shared.settings import changes, items
from shared.settings.own_models import VARIABLE, own_models
from shared.settings.plain import first, nearest
from shared.settings.records import (
    Artefact,
    Audit,
    Citation,
    Claim,
    Deviation,
    Strict,
    Tolerance,
    Unavailable,
)

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ROOT / "papers"
# Checkpoints stand outside declared outputs, which Snakemake deletes when a job fails.
SCRATCH = ROOT / "resources" / "checkpoints"
# As the released code does, defects and all, or as the paper says.
ProtocolName = Literal["official", "corrected"]
# What runs a model whose weights are here, where a paper lets one choose: see shared.chat.vllm.
Engine = Literal["transformers", "vllm"]
Precision = Literal["fp32", "bf16"]  # bf16 only where a GPU or the processor computes in it

REHEARSAL = "rehearsal"  # scale `paper` with small models and few rows: shared.planning.rehearsal
# of a job of it, whatever the real one asks for
REHEARSED = {"gpu": 0, "mem_mb": 3000, "disk_mb": 500, "runtime": 20}


class StandIns(Strict):
    """Ours → the paper's, for a scale that can't use the paper's own model or data."""

    models: dict[str, str] = {}
    datasets: dict[str, str] = {}


class Resources(Strict):
    """What one training or evaluation job asks of the machine; a plan is summed from these."""

    gpu: int = 0  # of all its nodes
    nodes: int = 1
    mem_mb: int
    disk_mb: int
    runtime: int  # minutes


class ScaleSettings(Strict):
    """The settings of one scale for one of its models; `papers/<id>/settings.py` extends it.

    In paper.yaml a scale names its models, each with what is its own: `models: {NAME: {…}}`, where
    NAME is the one that the paper prints, or that of a stand-in.
    """

    CHATS: ClassVar[bool] = False  # its model is asked by way of its chat template
    SEES: ClassVar[bool] = False  # its model is shown pictures

    name: str  # of the model, in tables and paths
    stands_in_for: str | None = None  # the model of the paper in whose place it is
    stand_ins: dict[str, str] = {}  # data sets: ours → the paper's
    # In which the weights are loaded that answer, score and judge. A training has its own.
    precision: Precision = "fp32"
    resources: Resources
    training_resources: Resources | None = None  # of a job that trains; None: as any other

    @abstractmethod
    def scores(self) -> list[str]:
        """Every file below `scores/<model>/` that a complete run has, without its ending."""

    def common_scores(self) -> list[str]:
        """Those of no model, right below `scores/`."""
        return []

    def missing(self, folder: Path) -> list[Path]:
        """The score files of this model that are not in a folder `scores/`."""
        wanted = [folder / self.name / f"{name}.parquet" for name in self.scores()]
        return [path for path in wanted if not path.is_file()]

    def extras(self) -> list[str]:
        """The extras of pyproject.toml (`pip install ".[…]"`) without which a step of it fails."""
        whole = self.model_dump_json()
        wanted = 'engine":"vllm"' in whole or '"use_vllm":true' in whole
        return ["vllm"] if wanted else []

    def misfit(self) -> str | None:
        """Which setting of this scale a model of the user's own does not fit, in one line; this
        one is of a paper that trains."""
        if str(getattr(self, "model", "")).startswith("api:"):
            return "model: it is behind an endpoint; expected one with weights, to be trained"
        return None


class Paper(Strict):
    """The whole of a `paper.yaml`. `scales` maps a scale to settings laid over `defaults`."""

    id: str
    name: str  # short, as others call it
    title: str
    kind: str
    summary: str
    citation: Citation
    artefacts: list[Artefact]
    claims: list[Claim]
    audit: Audit = Audit()
    deviations: list[Deviation] = []
    unavailable: list[Unavailable] = []
    tolerances: list[Tolerance] = []
    recounts: list[str] = []  # items of which our cells count the authors' own files again
    items: dict[str, dict[str, list[str]]] = {}  # what one alone needs: shared/settings/items.py
    readme_items: list[str] = []  # tables shown in the paper's README; none: the first two
    replicated: dict[str, str] = {}  # scale -> what held there, in one sentence written by hand
    # figure of ours -> claims that it shows, `c1` also means c1a and c1b; the main one is first
    figures: dict[str, list[str]] = {}
    names: dict[str, str] = {}  # name in the data -> the words that a reader knows it by
    defaults: dict = {}
    scales: dict[str, dict]
    rehearsal: dict = {}  # laid over scale `paper`: less of everything, and nothing else

    @model_validator(mode="after")
    def _figures_show_claims(self) -> "Paper":
        for name, shown in self.figures.items():
            for start in shown:
                if not any(claim.begins(start) for claim in self.claims):
                    raise ValueError(f"figures: {name}: no claim '{start}'")
        return self


def paper_ids() -> list[str]:
    return sorted(folder.parent.name for folder in PAPERS.glob("*/paper.yaml"))


@cache
def load_paper(paper_id: str) -> Paper:
    """The checked `paper.yaml` of a paper. Raises `UserError` for an unknown id or a bad file."""
    path, where = PAPERS / paper_id / "paper.yaml", f"papers/{paper_id}/paper.yaml"
    if not path.exists():
        raise UserError(f"unknown paper '{paper_id}'; {nearest(paper_id, paper_ids())}")
    values = read_yaml(path, where)
    try:
        return Paper.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {first(error, values)}") from None


def model_names(paper_id: str, scale: str) -> list[str]:
    """The models of a scale, in the order of its tables."""
    return list(_scale(paper_id, scale).get("models", {}))


def load_settings(
    paper_id: str, scale: str, model: str | None = None, stands_in_for: str | None = None
) -> ScaleSettings:
    """The settings of one scale for one model, as the paper's own `Settings` class.

    model: one of the scale's, by name; None: the first. A spec (`hub:…`, `path:…`, see
    `shared.models.spec`) is a model of the user's own: it is asked as the first one is, and is the
    paper's where the paper has the same repository, else a stand-in for `stands_in_for` or what the
    first one is or stands for, if that is a model of the paper.

    Raises `UserError` that lists what there is, or names the bad key.
    """
    known = printed_items(paper_id)
    asked = tuple(name for name in items.wanted() if name in known)
    changed = changes.wanted().get(paper_id, ())
    return _load_settings(paper_id, scale, model, stands_in_for, asked, changed)


@cache
def _load_settings(
    paper_id: str,
    scale: str,
    model: str | None,
    stands_in_for: str | None,
    asked: tuple[str, ...],
    changed: tuple[changes.Change, ...],
) -> ScaleSettings:
    values = _scale(paper_id, scale)
    models = values.pop("models", {})
    where = f"papers/{paper_id}/paper.yaml, scale {scale}"
    if not models:
        raise UserError(f"{where}: no models; expected at least one under `models`")
    own = model is not None and ":" in model
    name = next(iter(models)) if own or model is None else model
    if name not in models:
        raise UserError(
            f"unknown model '{name}' of {paper_id} at scale {scale}; {nearest(name, models)}"
        )
    values = _merge(values, {"name": name, **(models[name] or {})})
    if changed:
        known = changes.every(_validated(paper_id, values, f"{where}, model {name}"))
        values = changes.laid_over(values, known, changed, paper_id)
        where = f"{where}, as set=… changes it"
    values = items.cut_to(values, asked, load_paper(paper_id).items)
    if own:
        values |= {"model": model, **_column(paper_id, model, values)}
        if stands_in_for:
            values["stands_in_for"] = stands_in_for
    other = values.get("stands_in_for")
    if other and not any(other in _printed(paper) for paper in [paper_id, *paper_ids()]):
        printed = ", ".join(sorted(_printed(paper_id)))
        raise UserError(f"{where}: stands_in_for: no paper prints '{other}'; here: {printed}")
    settings = _validated(paper_id, values, f"{where}, model {values['name']}")
    if (own or os.environ.get(VARIABLE)) and (misfit := settings.misfit()):
        raise UserError(f"{paper_id} at scale {scale} does not fit {values['model']}: {misfit}")
    return settings


def load_models(
    paper_id: str, scale: str, model: str | None = None, stands_in_for: str | None = None
) -> list[ScaleSettings]:
    """The settings of every model of a scale, or of the user's own alone."""
    names = [model] if model else model_names(paper_id, scale)
    return [load_settings(paper_id, scale, name, stands_in_for) for name in names]


def _scale(paper_id: str, scale: str) -> dict:
    """The settings of a scale laid over the defaults, not checked yet."""
    paper = load_paper(paper_id)
    if scale == REHEARSAL:
        return _rehearsed(_merge(paper.defaults, paper.scales["paper"]), paper.rehearsal)
    if scale not in paper.scales:
        raise UserError(f"unknown scale '{scale}'; scales: {', '.join(paper.scales)}")
    return _merge(paper.defaults, paper.scales[scale]) | own_models(paper_id)


def _rehearsed(values: dict, less: dict) -> dict:
    """Scale `paper` with less of everything, for a machine without a GPU."""
    models = {name: dict(model or {}) for name, model in values["models"].items()}
    for model in models.values():
        model.pop("resources", None)
        model.pop("training_resources", None)
    small = {"models": models, "resources": REHEARSED, "training_resources": None}
    return _in_fp32(_merge(values | small, less))


def _in_fp32(values: object) -> object:
    """Settings with this precision everywhere, which every processor has."""
    if isinstance(values, dict):
        return {k: "fp32" if k == "precision" else _in_fp32(v) for k, v in values.items()}
    return [_in_fp32(each) for each in values] if isinstance(values, list) else values


def is_result(run: str) -> bool:
    """Whether a folder of results/ holds what may be shown as a result: neither smoke nor a
    rehearsal, nor a run of a user's own model."""
    return run not in ("smoke", REHEARSAL) and "+" not in run


def as_printed(scale: str) -> str:
    """The scale whose deviations and unavailable cells count."""
    return "paper" if scale == REHEARSAL else scale


def _column(paper_id: str, spec: str, first: dict) -> dict[str, str | None]:
    """Under which name a user's model stands in tables, and for which model of the paper."""
    same = spec.partition("@")[0]
    papers_own = load_paper(paper_id).scales.get("paper", {}).get("models", {})
    for name, model in papers_own.items():
        if str((model or {}).get("model")).partition("@")[0] == same:
            return {"name": name, "stands_in_for": None}
    name = same.partition(":")[2].rstrip("/").rsplit("/", 1)[-1]
    stands_for = first.get("stands_in_for") or first["name"]
    return {"name": name, "stands_in_for": stands_for if stands_for in papers_own else None}


@cache
def printed_items(paper_id: str) -> list[str]:
    """The tables and figures whose numbers are known, and those of ours that can be asked for."""
    rows = read_csv(PAPERS / paper_id / "reported.csv", ["item"], others=True)
    return list(dict.fromkeys([*(row["item"] for _, row in rows), *load_paper(paper_id).items]))


@cache
def _printed(paper_id: str) -> set[str]:
    """The models of a paper's tables."""
    rows = read_csv(PAPERS / paper_id / "reported.csv", ["model"], others=True)
    return {row["model"] for _, row in rows} - {""}


def recorded_settings(paper_id: str, values: dict) -> ScaleSettings:
    """The settings that a step recorded. Raises `UserError` where the code has others by now."""
    return _validated(paper_id, values, f"recorded settings of {paper_id}, for the code as it is")


def _validated(paper_id: str, values: dict, where: str) -> ScaleSettings:
    settings_class = importlib.import_module(f"papers.{paper_id}.settings").Settings
    without = "engine" not in settings_class.model_fields
    if without and isinstance(values, dict) and "engine" in values:
        values = dict(values)
        if (engine := values.pop("engine")) != "transformers":
            raise UserError(
                f"{where}: engine: found {engine}; expected transformers, since this paper reads"
                " inside the model (hidden states, the cache of a prompt)"
            )
    try:
        return settings_class.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {first(error, values)}") from None


def _merge(below: dict, above: dict) -> dict:
    """`above` laid over `below`, key by key; lists and scalars replace."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
