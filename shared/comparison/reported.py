"""The numbers a paper prints: `papers/<id>/reported.csv`, checked line by line."""

import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

import pandas as pd

from shared.comparison.cells import KEY
from shared.errors import UserError
from shared.files import read_csv
from shared.settings import PAPERS

COLUMNS = [*KEY, "value", "unit", "direction", "n", "source", "note"]
# What the paper itself says (figure: read off a figure; code: in the authors' repository), and
# what others say of it or what follows from its numbers.
OWN = ("paper", "abstract", "figure", "code")
SOURCES = (*OWN, "secondary", "derived")
UNITS = ("%", "")
DIRECTIONS = ("higher", "lower", "")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def read_reported(paper: str | Path) -> pd.DataFrame:
    """The checked rows of a paper's `reported.csv`; `paper` is its id or the file's path.

    All columns are text as in the file; `number` is the value as a float. A cell that the paper has
    but whose number is not known (its text could not be read) has no value and a note that says so;
    its `number` is NaN.
    """
    path = Path(paper) if str(paper).endswith(".csv") else PAPERS / paper / "reported.csv"
    rows, seen = [], {}
    for line, row in read_csv(path, COLUMNS):
        where = f"{path}:{line}"
        _check(row, where)
        key = tuple(row[name] for name in KEY)
        if key in seen:
            raise UserError(
                f"{where}: cell {' / '.join(key)} is already in line {seen[key]}; "
                "expected each cell once"
            )
        seen[key] = line
        rows.append(row)
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


def _check(row: dict[str, str], where: str) -> None:
    if not row["value"] and not row["note"]:
        raise UserError(f"{where}: no value; expected one, or a note that says why it is not known")
    if row["value"] and not NUMBER.fullmatch(row["value"]):
        raise UserError(f"{where}: value {row['value']!r}; expected a plain number such as 93.23")
    if row["n"] and not row["n"].isdigit():
        raise UserError(f"{where}: n {row['n']!r}; expected a whole number or nothing")
    for name in ("item", "metric"):
        if not row[name]:
            raise UserError(f"{where}: {name} is empty; expected a name")
    _one_of(row, "source", SOURCES, where)
    _one_of(row, "unit", UNITS, where)
    _one_of(row, "direction", DIRECTIONS, where)


def _one_of(row: dict[str, str], name: str, allowed: Collection[str], where: str) -> None:
    if row[name] not in allowed:
        expected = ", ".join(value or "nothing" for value in allowed)
        raise UserError(f"{where}: {name} {row[name]!r}; expected one of: {expected}")
