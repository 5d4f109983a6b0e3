"""What the scores of my_paper mean: the cells of its tables."""

from pathlib import Path

from papers.my_paper.settings import Settings
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import rate

READS = ("seeds",)
UNTUNED, TUNED = "Untuned", "Tuned"  # names in tables and figures
METRICS = {"accuracy": Metric("accuracy", ("correct",), rate)}
ITEMS = [Item("table1", ["accuracy"], [UNTUNED, TUNED])]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model: the scores of each method, over its seeds."""
    found = []
    for method, name, seeds in ((UNTUNED, "base", [0]), (TUNED, "tuned", settings.seeds)):
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet", ["id", "correct"]) for s in seeds}
        key = {"model": settings.name, "method": method, "dataset": "Facts"}
        found.append(group_from_frames(frames, ["correct"], **key, protocol="corrected"))
    return found


def training(method: str) -> str:
    """The training whose seeds a method's are, "" for the model as it is."""
    return method if method == TUNED else ""
