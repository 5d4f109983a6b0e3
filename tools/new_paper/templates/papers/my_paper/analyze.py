"""From the scores of my_paper to the cells of its tables.

    python -m papers.my_paper.analyze --scale cpu \\
        --scores results/cpu/my_paper/scores \\
        --out results/cpu/my_paper \\
        --record results/cpu/my_paper/runs/analyze.json

Also what the comparison needs to know of this paper: METRICS, ITEMS, `groups` and `training`.
"""

from pathlib import Path

import pandas as pd

from papers.my_paper.settings import Settings
from shared.comparison import step
from shared.comparison.groups import Group, group_from_frames, read_scores
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_table
from shared.errors import one_line_errors
from shared.metrics.metric import Metric
from shared.metrics.rates import rate
from shared.models.spec import display_name

UNTUNED, TUNED = "Untuned", "Tuned"  # names in tables and figures
METRICS = {"accuracy": Metric("accuracy", ("correct",), rate)}
ITEMS = [Item("table1", ["accuracy"], [UNTUNED, TUNED])]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """The scores of each method, over its seeds."""
    runs = {
        UNTUNED: {0: "untuned"},
        TUNED: {seed: f"tuned-s{seed}" for seed in settings.seeds},
    }
    return [
        group_from_frames(
            {seed: read_scores(scores / f"{name}.parquet") for seed, name in names.items()},
            ["correct"],
            model=display_name(settings.model),
            method=method,
            dataset="Facts",
            protocol="corrected",
        )
        for method, names in runs.items()
    ]


def training(method: str) -> str:
    """The training whose seeds a method's are, "" for the model as it is."""
    return method if method == TUNED else ""


def tables(found: pd.DataFrame) -> dict[str, str]:
    return {"table1": markdown_table(found, "table1")}


def main() -> None:
    step.analyze(__doc__, "my_paper")


if __name__ == "__main__":
    one_line_errors(main)
