"""Scores of one run, a row per example and dataset: made small, written, and read again."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from shared.errors import UserError
from shared.files import atomic


def as_frame(
    rows: Sequence[Mapping] | pd.DataFrame,
    *,
    names: Iterable[str] = ("dataset",),
    flags: Iterable[str] = (),
    numbers: Iterable[str] = (),
    first: Iterable[str] = (),
) -> pd.DataFrame:
    """Scores as a table whose file is small.

    names: columns of few different texts, kept as categories. flags: columns of true, false and
    missing. numbers: columns of whole numbers that may be missing, kept as float32 as all floats
    are. Each may be a pattern (`refused_*`), of which one for names or numbers goes before one for
    flags; a column that a run does not have is left out. first: columns before the others.
    """
    frame = pd.DataFrame(rows)
    kinds = {
        column: kind
        for kind, patterns in (("boolean", flags), ("float32", numbers), ("category", names))
        for pattern in patterns
        for column in fnmatch.filter(frame.columns, pattern)
    }
    frame = frame.astype(kinds)
    floats = frame.select_dtypes("float64").columns
    first = [column for column in first if column in frame]
    others = [column for column in frame if column not in first]
    return frame.astype(dict.fromkeys(floats, "float32"))[first + others]


def write_scores(scores: pd.DataFrame, path: str | Path) -> None:
    """The counterpart of `read_scores`, for a run's replies too."""
    with atomic(path) as temporary:
        scores.to_parquet(temporary, compression="zstd", index=False)


def read_scores(path: str | Path, needs: Iterable[str] = ("id", "dataset")) -> pd.DataFrame:
    """One run's scores, a row per example and dataset; the columns in `needs` must be there."""
    if Path(path).is_dir():
        raise UserError(f"{path}: is a folder; expected a parquet file")
    try:
        scores = pd.read_parquet(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; expected the scores of a run") from None
    except (pa.ArrowException, OSError) as error:  # pyarrow raises either for a damaged file
        raise UserError(f"{path}: not a whole parquet file ({_reason(error)})") from None
    missing = [name for name in needs if name not in scores]
    if missing:
        found = ", ".join(map(str, scores.columns))
        raise UserError(f"{path}: missing column {', '.join(missing)}; found: {found}")
    return scores


def _reason(error: Exception) -> str:
    """The last part of what pyarrow says, which begins with the path."""
    return str(error).splitlines()[0].rpartition("': ")[2]
