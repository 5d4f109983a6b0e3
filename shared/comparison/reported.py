"""The numbers a paper prints: `papers/<id>/reported.csv`, checked line by line."""

from decimal import Decimal
from pathlib import Path

import pandas as pd

from shared.comparison.printed import COLUMNS, OWN, read_printed
from shared.settings import PAPERS


def read_reported(paper: str | Path) -> pd.DataFrame:
    """The checked rows of a paper's `reported.csv`; `paper` is its id or the file's path.

    All columns are text as in the file; `number` is the value as a float. A cell that the paper has
    but whose number is not known (its text could not be read) has no value and a note that says so;
    its `number` is NaN.
    """
    path = Path(paper) if str(paper).endswith(".csv") else PAPERS / paper / "reported.csv"
    rows = read_printed(path)
    reported = pd.DataFrame(rows, columns=COLUMNS, dtype=str)
    return reported.assign(number=pd.to_numeric(reported["value"].replace("", None)).astype(float))


def own_numbers(reported: pd.DataFrame) -> pd.DataFrame:
    """The rows that are known numbers of the paper itself, not derived from them nor another's."""
    return reported[reported["source"].isin(OWN) & (reported["value"] != "")]


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit: what rounding can hide. `"93.23"` -> 0.005."""
    return float(exact_half_unit(printed))


def exact_half_unit(printed: str) -> Decimal:
    return Decimal(5).scaleb(Decimal(printed).as_tuple().exponent - 1)
