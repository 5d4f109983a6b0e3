"""What a `paper.yaml` says of its paper: artefacts, claims, checks of its numbers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from shared.settings.plain import nearest


class Strict(BaseModel):
    """A record that is immutable and rejects keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: object) -> object:
        """Said before what is missing: a key that is misspelt is both."""
        known = cls.model_fields
        for key in values if isinstance(values, dict) else ():
            if key not in known:
                raise ValueError(f"unknown key '{key}'; {nearest(key, known)}")
        return values


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
    untestable: dict[str, str] = {}  # scale -> why it can't be shown there, only refuted
    ours: bool = False  # the claim or its bound is this project's, not the paper's
    alike: bool = False  # the protocols differ in nothing that it compares: judged as corrected
    # new runs, the authors' published labels or data, or sums that need neither
    kind: Literal["replicated", "re-analysed", "arithmetic"] = "replicated"
    note: str = ""

    def begins(self, start: str) -> bool:
        """Whether `start` names it or a claim that it is a part of: `c1` is of c1a, not of c10."""
        rest = self.id.removeprefix(start)
        return rest == "" or (rest != self.id and not rest[0].isdigit())


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

    def covers(self, cell: object, scale: str) -> bool:
        """Whether it is about a cell (with item, model, method, dataset, metric) at a scale."""
        chosen = (
            (getattr(cell, name), getattr(self, f"{name}s"))
            for name in ("item", "model", "method", "dataset", "metric")
        )
        return scale in self.scales and all(not names or name in names for name, names in chosen)


class Tolerance(Strict):
    """A wider tolerance for reported cells, in the unit of the cell, with its reason."""

    item: str
    metric: str
    within: float
    reason: str
