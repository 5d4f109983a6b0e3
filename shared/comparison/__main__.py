"""From a paper's scores to cells, tables, claims and the comparison with what it reported.

    python -m shared.comparison --paper r_tuning --scale cpu --results results/cpu/r_tuning

reads scores/ in the results folder, of every model that has all of its scores there, and writes
cells.csv, claims.csv, comparison.csv, audit.csv, tables/ and runs/analyze.json. Needs no model.
"""

import argparse
import sys
import time
from pathlib import Path

from shared.comparison import results
from shared.comparison.analysis import load_analysis
from shared.comparison.cells import left_out
from shared.errors import one_line_errors
from shared.runner.records import write_run


def main() -> None:
    started = time.perf_counter()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", required=True, help="id, a folder of papers/")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", required=True, type=Path, help="folder with scores/")
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--stands-in-for", help="the paper's model that it stands for")
    asked = parser.parse_args()
    analysis = load_analysis(
        asked.paper, asked.scale, asked.results, asked.model, asked.stands_in_for
    )
    cells = results.our_cells(analysis)
    if said := left_out(cells):
        print(f"note: {said}", file=sys.stderr)
    made = {"cells": cells, **results.frames(analysis, cells)}
    results.write(made, asked.results)
    results.write_tables(analysis.tables(cells), asked.results / "tables")
    write_run(
        asked.results / "runs" / "analyze.json",
        started,
        settings={each.name: each.model_dump(mode="json") for each in analysis.models},
        cells=len(cells),
    )


if __name__ == "__main__":
    one_line_errors(main)
