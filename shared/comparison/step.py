"""The `analyze` step of every paper: from scores to cells.csv and tables/."""

import importlib
import time
from pathlib import Path

from shared.comparison.cells import cells, write_cells
from shared.comparison.table import untrained
from shared.files import atomic
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run


def analyze(doc: str, paper_id: str) -> None:
    """The program, by its command line, with what `papers/<id>/analyze.py` gives."""
    parser = step_parser(doc)
    parser.add_argument("--scores", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings = step_settings(paper_id, arguments)
    own = importlib.import_module(f"papers.{paper_id}.analyze")
    found = cells(
        own.groups(arguments.scores, settings),
        own.ITEMS,
        own.METRICS,
        settings.stand_ins,
        getattr(own, "training", untrained),
    )
    write_cells(found, arguments.out / "cells.csv")
    with atomic(arguments.out / "tables") as folder:
        folder.mkdir()
        for name, table in own.tables(found).items():
            (folder / f"{name}.md").write_text(table, encoding="utf-8")
    write_run(arguments.record, started, cells=len(found))
