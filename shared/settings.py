"""What `papers/<id>/paper.yaml` may say, checked: an unknown key or scale is an error."""

import importlib
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.chat.calls import UNCOUNTED, Calls, endpoints
from shared.data.fetch.wanted import Wanted, pinned
from shared.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ROOT / "papers"
# Checkpoints stand outside declared outputs, which Snakemake deletes when a job fails.
SCRATCH = ROOT / "resources" / "checkpoints"


class Strict(BaseModel):
    """A record that is immutable and rejects keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(Strict):
    authors: str
    year: int
    venue: str
    arxiv: str
    code: str | None = None


class Artefact(Strict):
    """A model or a data set of the paper, and what stands in for it where it can't be had."""

    kind: Literal["model", "data"]
    id: str
    revision: str | None = None
    licence: str
    gated: bool = False  # on the hub: its licence must be accepted there first
    note: str = ""


class Deviation(Strict):
    """One way in which this reproduction differs from the paper."""

    scales: list[str]
    what: str
    why: str
    effect: str = "unknown"


class Claim(Strict):
    """A statement of the paper that can be checked on cells.

    One of: `holds`, inequalities between cells (docs/claims.md); `function`, one in the paper's
    `analyze.py` that gives such an inequality for the cells that are there; `blocked`, what nobody
    outside can get.
    """

    id: str
    text: str
    source: str
    item: str | None = None  # the table or figure whose data sets and methods bare names mean
    holds: str | None = None
    where: dict[str, list[str]] = {}  # bare name -> what it stands for; none: all that have cells
    without: dict[str, list[str]] = {}  # bare name -> what it never stands for
    instead: dict[str, str] = {}  # words read in place of others where those have no cells
    at_least: dict[str, int] = {}  # how many different models, methods or data sets it needs
    only_if: str | None = None  # what our cells must meet for the claim to be testable
    function: str | None = None
    blocked: str | None = None
    ours: bool = False  # the claim or its bound is this project's, not the paper's
    # new runs, the authors' published labels or data, or sums that need neither
    kind: Literal["replicated", "re-analysed", "arithmetic"] = "replicated"
    note: str = ""


class Average(Strict):
    """A printed average: cells of `item` whose dataset is `printed` against the mean of `over`,
    of equal weight unless `weights` says otherwise."""

    item: str
    metric: str
    printed: str
    over: list[str]
    weights: list[float] | None = None  # such as the sizes of the data sets


class MetricMean(Strict):
    """A printed mean of metrics: the metric `printed` against the mean of `over`, cell by cell."""

    item: str
    printed: str
    over: list[str]


class Distinct(Strict):
    """Measurements so fine that two rows of `item` should not print the same one by chance."""

    item: str


class Same(Strict):
    """Two items that must print the same numbers wherever both have a cell."""

    items: tuple[str, str]


class Total(Strict):
    """A printed total against the sum of its parts, to half a unit of its last digit; `source`
    says where the paper prints it."""

    what: str
    printed: float
    parts: list[float]
    source: str


class Audit(Strict):
    """Arithmetic of the paper's own numbers to be checked again."""

    averages: list[Average] = []
    metric_means: list[MetricMean] = []
    distinct: list[Distinct] = []
    same: list[Same] = []
    totals: list[Total] = []


class Unavailable(Strict):
    """Reported cells that no run fills, and why. Empty selectors match every cell of `item`."""

    items: list[str]
    verdict: Literal["blocked", "not attempted"]
    reason: str
    scales: list[str]
    models: list[str] = []
    methods: list[str] = []
    datasets: list[str] = []
    metrics: list[str] = []


class Tolerance(Strict):
    """A wider tolerance for reported cells, in the unit of the cell, with its reason."""

    item: str
    metric: str
    within: float
    reason: str


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
    """What the settings of every paper have in common; `papers/<id>/settings.py` extends it."""

    stand_ins: StandIns = StandIns()
    resources: Resources
    training_resources: Resources | None = None  # of a job that trains; None: as any other
    draws: int = Field(1000, ge=100)  # of the bootstrap

    @property
    def to_train(self) -> Resources:
        return self.training_resources or self.resources

    def downloads(self) -> list[Wanted]:
        """What the steps read from elsewhere: here, the repositories that the settings name."""
        return list(pinned(self.model_dump_json()))

    def calls(self) -> list[Calls]:
        """What the steps ask of models behind an endpoint: here, that they do."""
        return [Calls(name, UNCOUNTED) for name in endpoints(self.model_dump_json())]


class Paper(Strict):
    """The whole of a `paper.yaml`. `scales` maps a scale to settings laid over `defaults`."""

    id: str
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
    readme_items: list[str] = []  # tables shown in the paper's README; none: the first two
    defaults: dict = {}
    scales: dict[str, dict]


def paper_ids() -> list[str]:
    return sorted(folder.parent.name for folder in PAPERS.glob("*/paper.yaml"))


@cache
def load_paper(paper_id: str) -> Paper:
    """The checked `paper.yaml` of a paper. Raises `UserError` for an unknown id or a bad file."""
    path = PAPERS / paper_id / "paper.yaml"
    if not path.is_file():
        raise UserError(f"unknown paper '{paper_id}'; papers: {', '.join(paper_ids())}")
    try:
        return Paper.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise UserError(f"{_shown(path)}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise UserError(f"{_shown(path)}: {_first(error)}") from None


def load_settings(paper_id: str, scale: str, model: str | None = None) -> ScaleSettings:
    """The settings of one scale, as the paper's own `Settings` class.

    `model` replaces the setting `model` (a user's own model in place of the scale's).
    Raises `UserError` that lists the valid scales, or names the bad key.
    """
    paper = load_paper(paper_id)
    if scale not in paper.scales:
        raise UserError(f"unknown scale '{scale}'; scales: {', '.join(paper.scales)}")
    values = _merge(paper.defaults, paper.scales[scale])
    if model:
        values["model"] = model
    return _validated(
        paper_id, values, f"{_shown(PAPERS / paper_id / 'paper.yaml')}, scale {scale}"
    )


def recorded_settings(paper_id: str, values: dict) -> ScaleSettings:
    """The settings that a step recorded. Raises `UserError` where the code has others by now."""
    return _validated(paper_id, values, f"recorded settings of {paper_id}, for the code as it is")


def _validated(paper_id: str, values: dict, where: str) -> ScaleSettings:
    settings_class = importlib.import_module(f"papers.{paper_id}.settings").Settings
    try:
        return settings_class.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {_first(error)}") from None


def _merge(below: dict, above: dict) -> dict:
    """`above` laid over `below`, key by key; lists and scalars replace."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    found = "" if first["type"] in ("missing", "extra_forbidden") else f", found {first['input']!r}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where}: {first['msg']}{found}{more}"


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT)
