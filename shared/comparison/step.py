"""The `analyze` step of every paper: from scores to cells.csv and tables/."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from shared.comparison.cells import Item, cells, write_cells
from shared.comparison.groups import Group
from shared.files import atomic
from shared.metrics.metric import Metric
from shared.settings import ScaleSettings
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run


def analyze(
    doc: str,
    paper_id: str,
    *,
    groups: Callable[[Path, ScaleSettings], list[Group]],
    items: Sequence[Item],
    metrics: Mapping[str, Metric],
    tables: Callable[[pd.DataFrame], Mapping[str, str]],
) -> None:
    """The program, by its command line. `tables` gives Markdown by name for the cells."""
    parser = step_parser(doc)
    parser.add_argument("--scores", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings = step_settings(paper_id, arguments)
    found = cells(
        groups(arguments.scores, settings), items, metrics, settings.draws, settings.stand_ins
    )
    write_cells(found, arguments.out / "cells.csv")
    with atomic(arguments.out / "tables") as folder:
        folder.mkdir()
        for name, table in tables(found).items():
            (folder / f"{name}.md").write_text(table, encoding="utf-8")
    write_run(arguments.record, started, cells=len(found))
