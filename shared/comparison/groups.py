"""Groups: the per-example scores of one model, method, dataset and protocol, over its seeds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from shared.errors import UserError
from shared.files import atomic


@dataclass(frozen=True, eq=False)  # a group equals only itself, so that it can key a cache
class Group:
    model: str
    method: str
    dataset: str
    protocol: str
    seeds: tuple[int, ...]
    ids: np.ndarray  # (n,) unique, sorted
    columns: Mapping[str, np.ndarray]  # name -> (seeds, n): float or bool; NaN: not scored
    # (n,) what the bootstrap resamples as one, such as the sentence of a question; None: each row
    clusters: np.ndarray | None = None

    def of_seed(self, index: int) -> dict[str, np.ndarray]:
        """The columns (n,) of the seed at `index` of `seeds`."""
        return {name: values[index] for name, values in self.columns.items()}

    @cached_property
    def units(self) -> np.ndarray:
        """(units,) unique, sorted: what is resampled, clusters or else single examples."""
        return self.ids if self.clusters is None else np.unique(self.clusters)

    @cached_property
    def unit_of(self) -> np.ndarray | slice:
        """Index (n,) into `units` that turns weights of units (..., units) into (..., n)."""
        if self.clusters is None:
            return slice(None)
        return np.searchsorted(self.units, self.clusters)

    @cached_property
    def unit_codes(self) -> np.ndarray:
        """(units,) a number for each of `units`, the same in every group that holds the unit."""
        return pd.util.hash_array(self.units.astype(str).astype(object), categorize=False)


def read_scores(path: str | Path, needs: Iterable[str] = ("id", "dataset")) -> pd.DataFrame:
    """One run's scores, a row per example and dataset; the columns in `needs` must be there."""
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


def write_scores(scores: pd.DataFrame, path: str | Path) -> None:
    """The counterpart of `read_scores`, for a run's replies too."""
    with atomic(path) as temporary:
        scores.to_parquet(temporary, compression="zstd", index=False)


def group_from_frames(
    frames: Mapping[int, pd.DataFrame],
    columns: Iterable[str],
    *,
    model: str,
    method: str,
    dataset: str,
    protocol: str,
    clusters: str | None = None,
) -> Group:
    """Align the scores of one dataset over seeds by their column `id`.

    `frames` maps a seed to its rows. Every seed must hold each example once, and all the same
    examples. None and NaN in `columns` mean "could not be scored". `clusters` is the column that
    says which examples are resampled together.
    """
    where = f"scores of {method} on {dataset}"
    aligned = {seed: frames[seed].set_index("id").sort_index() for seed in sorted(frames)}
    first, ids = next((seed, frame.index) for seed, frame in aligned.items())
    for seed, frame in aligned.items():
        if frame.index.has_duplicates:
            twice = frame.index[frame.index.duplicated()][0]
            raise UserError(f"{where}, seed {seed}: id {twice!r} twice; expected each id once")
        if not frame.index.equals(ids):
            other = frame.index.symmetric_difference(ids)
            raise UserError(
                f"{where}: seeds {first} and {seed} differ in {len(other)} ids, such as "
                f"{other[0]!r}; expected the same examples for every seed"
            )
    return Group(
        model=model,
        method=method,
        dataset=dataset,
        protocol=protocol,
        seeds=tuple(aligned),
        ids=ids.to_numpy(),
        columns={
            name: np.stack([_numbers(frame[name], where) for frame in aligned.values()])
            for name in columns
        },
        clusters=aligned[first][clusters].astype(str).to_numpy() if clusters else None,
    )


def _numbers(column: pd.Series, where: str) -> np.ndarray:
    if column.dtype == bool:
        return column.to_numpy()
    try:
        return column.to_numpy(float, na_value=np.nan)
    except ValueError as error:
        raise UserError(f"{where}: column {column.name}: {error}; expected numbers") from None


def _reason(error: Exception) -> str:
    """The last part of what pyarrow says, which begins with the path."""
    return str(error).splitlines()[0].rpartition("': ")[2]
