"""The rows of a paper's `reported.csv`, checked, without loading pandas."""

import re
from collections.abc import Collection
from pathlib import Path

from shared.errors import UserError
from shared.files import read_csv

KEY = ["item", "model", "method", "dataset", "metric"]
COLUMNS = [*KEY, "value", "unit", "direction", "n", "source", "note"]
# What the paper itself says (figure: read off a figure; code: in the authors' repository), and
# what others say of it or what follows from its numbers.
OWN = ("paper", "abstract", "figure", "code")
SOURCES = (*OWN, "secondary", "derived")
UNITS = ("%", "")
DIRECTIONS = ("higher", "lower", "")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def read_printed(path: Path) -> list[dict[str, str]]:
    """The rows, as text. Raises `UserError` naming the line that is wrong, or there twice."""
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
    return rows


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
