"""Compare a paper's results with what it reported: claims.csv, comparison.csv, audit.csv.

    python -m shared.comparison --paper r_tuning --scale cpu --results results/cpu/r_tuning

reads cells.csv and scores/ in the results folder. Needs no model.
"""

import argparse
from pathlib import Path

from shared.comparison import results
from shared.comparison.analysis import load_analysis
from shared.comparison.cells import read_cells
from shared.errors import one_line_errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", required=True, help="id, a folder of papers/")
    parser.add_argument("--scale", required=True)
    parser.add_argument(
        "--results", required=True, type=Path, help="folder with cells.csv, scores/"
    )
    parser.add_argument("--model", help="your own model, if the run used one")
    arguments = parser.parse_args()
    ours = read_cells(arguments.results / "cells.csv")
    analysis = load_analysis(arguments.paper, arguments.scale, arguments.results, arguments.model)
    results.write(results.frames(analysis, ours), arguments.results)


if __name__ == "__main__":
    one_line_errors(main)
