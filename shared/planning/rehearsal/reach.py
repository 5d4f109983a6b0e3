"""Which printed numbers the walk through scale `paper` set beside one of ours: `reach.csv`.

    python -m shared.planning.rehearsal.reach --results results/rehearsal --out results/reach.csv

The papers of a rehearsal take the place of their rows in the file; rows of other papers stay.

A row a number that a paper prints itself and that is known. It is reached if a cell of that model,
method, data set and metric came out, whatever its value: with random weights it says nothing.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from shared.comparison import results
from shared.comparison.printed import KEY, OWN
from shared.errors import UserError, one_line_errors
from shared.files import read_csv, write_text
from shared.settings import Unavailable, load_paper, paper_ids

COLUMNS = ["paper", *KEY, "reported", "reach", "by"]
REACH = "reach.csv"  # in results/, committed
BESIDE = ("match", "compatible", "differs")  # verdicts of a cell that stands beside the paper's


def reach(paper: str, comparison: pd.DataFrame) -> pd.DataFrame:
    """A row for each known number of the paper's own, `by` the protocols that reached it or, where
    none did, the reason."""
    own = comparison[comparison["source"].isin(OWN) & (comparison["reported"] != "")]
    known = [each for each in load_paper(paper).unavailable if each.verdict == "blocked"]
    rows = [_row(paper, key, found, known) for key, found in own.groupby(KEY, sort=False)]
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class Reached:
    """Of one paper: how many of its known numbers were reached, and of the others how many why."""

    paper: str
    known: int
    reached: int
    left: dict[str, int]

    def __str__(self) -> str:
        said = [f"{count} {why}" for why, count in self.left.items()]
        return "; ".join([f"{self.paper}: {self.reached:,} of {self.known:,} reached", *said])


def read_reach(path: Path) -> list[Reached]:
    """Counts of a `reach.csv`, a paper each; none if there is no such file."""
    if not path.is_file():
        return []
    rows = [row for _, row in read_csv(path, COLUMNS)]
    papers = dict.fromkeys(row["paper"] for row in rows)
    return [_counted(paper, [row for row in rows if row["paper"] == paper]) for paper in papers]


def _counted(paper: str, rows: list[dict[str, str]]) -> Reached:
    left = Counter(f"{row['reach']}: {row['by']}" for row in rows if row["reach"] != "reached")
    return Reached(paper, len(rows), len(rows) - left.total(), dict(left.most_common()))


def _row(paper: str, key: tuple, found: pd.DataFrame, known: Sequence[Unavailable]) -> tuple:
    """known: cells that nobody outside can have, some of which have a stand-in."""
    beside = found[found["verdict"].isin(BESIDE)]
    reported = found["reported"].iloc[0]
    if len(beside):
        return (paper, *key, reported, "reached", ", ".join(filter(None, beside["protocol"])))
    first = found.iloc[0]
    cell = SimpleNamespace(**dict(zip(KEY, key, strict=True)))
    blocked = (each.reason for each in known if each.covers(cell, "paper"))
    if first["verdict"] == "stand-in" and (reason := next(blocked, "")):
        return (paper, *key, reported, "blocked", f"{reason}; {first['reason']}")
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
    if asked.out.is_file():
        before = pd.read_csv(asked.out, dtype=str, keep_default_na=False)
        found = pd.concat([before[~before["paper"].isin(papers)], found])
    found = found.sort_values("paper", kind="stable")
    write_text(asked.out, found.to_csv(index=False, lineterminator="\n"))
    print(*read_reach(asked.out), sep="\n")


if __name__ == "__main__":
    one_line_errors(main)
