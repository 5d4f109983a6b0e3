"""Which printed numbers the walk through scale `paper` set beside one of ours: `reach.csv`.

    python -m shared.planning.rehearsal.reach --results results/rehearsal --out results/reach.csv

A row a number that a paper prints itself and that is known. It is reached if a cell of that model,
method, data set and metric came out, whatever its value: with random weights it says nothing.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from shared.comparison import results
from shared.comparison.cells import KEY
from shared.comparison.reported import OWN
from shared.errors import UserError, one_line_errors
from shared.files import write_text
from shared.settings import paper_ids

COLUMNS = ["paper", *KEY, "reported", "reach", "by"]
BESIDE = ("match", "compatible", "differs")  # verdicts of a cell that stands beside the paper's


def reach(paper: str, comparison: pd.DataFrame) -> pd.DataFrame:
    """A row for each known number of the paper's own, `by` the protocols that reached it or, where
    none did, the reason."""
    own = comparison[comparison["source"].isin(OWN) & (comparison["reported"] != "")]
    rows = [_row(paper, key, found) for key, found in own.groupby(KEY, sort=False)]
    return pd.DataFrame(rows, columns=COLUMNS)


def counted(found: pd.DataFrame) -> Iterator[str]:
    """`r_tuning: 312 of 457 reached; 145: prompts never released`."""
    for paper, rows in found.groupby("paper", sort=False):
        reasons = rows[rows["reach"] != "reached"].groupby(["reach", "by"], sort=False).size()
        said = [f"{count} {word}: {why}" for (word, why), count in reasons.items()]
        of = f"{(rows['reach'] == 'reached').sum():,} of {len(rows):,} reached"
        yield "; ".join([f"{paper}: {of}", *said])


def _row(paper: str, key: tuple, found: pd.DataFrame) -> tuple:
    beside = found[found["verdict"].isin(BESIDE)]
    reported = found["reported"].iloc[0]
    if len(beside):
        return (paper, *key, reported, "reached", ", ".join(filter(None, beside["protocol"])))
    first = found.iloc[0]
    return (paper, *key, reported, first["verdict"], first["reason"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, required=True, help="results/rehearsal")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    papers = [p for p in paper_ids() if (asked.results / p / "comparison.csv").is_file()]
    if not papers:
        raise UserError(f"{asked.results}: no comparison.csv of a paper; expected a rehearsal's")
    found = pd.concat(
        reach(paper, results.read(asked.results / paper)["comparison"]) for paper in papers
    )
    write_text(asked.out, found.to_csv(index=False, lineterminator="\n"))
    print(*counted(found), sep="\n")


if __name__ == "__main__":
    one_line_errors(main)
