"""The CSV files of a result folder: written rounded and whole, read back as they were meant."""

from pathlib import Path

import pandas as pd

from shared.errors import UserError
from shared.files import atomic

# Numbers are rounded to this many decimals in their own unit (a percentage to 0.0001 points):
# finer than any paper prints, coarser than what another machine's order of summing changes.
DECIMALS = 4
# Another machine sums in another order, which may move the last decimal that is written.
ABSOLUTE, RELATIVE = 2e-4, 1e-5
# Probabilities keep four leading digits instead: a small one is not 0.
PROBABILITIES = ("p", "p_adjusted")
REAL = ("value", "ci_low", "ci_high", "coverage", "effect", *PROBABILITIES)
WHOLE = (
    *("n", "units", "seeds", "pairs_in_direction", "pairs"),
    *("reported_in_direction", "reported_pairs"),
)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns with the types that `read_table` gives: rounded reals, whole numbers, text."""
    frame = frame.astype({name: _kind(name) for name in frame})
    for name in frame.columns.intersection(REAL):
        if name in PROBABILITIES:
            frame[name] = [float(f"{p:.4g}") for p in frame[name]]
        else:
            frame[name] = frame[name].round(DECIMALS) + 0.0  # no minus zero
    return frame


def equal(name: str, first: object, second: object) -> bool:
    """Whether two values of the column `name` are the same but for a machine's order of summing."""
    if pd.isna(first) or pd.isna(second):
        return pd.isna(first) and pd.isna(second)
    if name not in REAL:
        return first == second
    return abs(first - second) <= ABSOLUTE + RELATIVE * abs(second)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    with atomic(path) as temporary:
        typed(frame).to_csv(temporary, index=False, lineterminator="\n")


def read_table(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """A CSV that `write_table` wrote; `columns` are what it must hold."""
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file; expected columns {', '.join(columns)}")
    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a CSV file ({str(error).splitlines()[0]})") from None
    if list(text.columns) != columns:
        found, wanted = ", ".join(text.columns), ", ".join(columns)
        raise UserError(f"{path}: found columns {found}; expected {wanted}")
    try:
        return typed(text.replace({name: {"": None} for name in columns if _kind(name) != "str"}))
    except ValueError as error:
        raise UserError(f"{path}: {str(error).splitlines()[0]}; expected a number") from None


def _kind(name: str) -> str:
    return "Int64" if name in WHOLE else "float64" if name in REAL else "str"
