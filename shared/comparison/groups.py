"""Groups: the per-example scores of one model, method, dataset and protocol, over its seeds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from shared.errors import UserError


@dataclass(frozen=True, eq=False)  # a group equals only itself, so that it can key a cache
class Group:
    model: str
    method: str
    dataset: str
    protocol: str
    seeds: tuple[int, ...]
    ids: np.ndarray  # (n,) unique, sorted
    columns: Mapping[str, np.ndarray]  # name -> (seeds, n): float or bool; NaN: not scored
    # (n,) what was sampled as one, such as the sentence of a question; None: each row
    clusters: np.ndarray | None = None
    # False: no training is behind it, whatever is behind its method with other models
    trained: bool = True

    def of_seed(self, index: int) -> dict[str, np.ndarray]:
        """The columns (n,) of the seed at `index` of `seeds`."""
        return {name: values[index] for name, values in self.columns.items()}

    @cached_property
    def units(self) -> np.ndarray:
        """(units,) unique, sorted: what was sampled as one, clusters or else single examples."""
        return self.ids if self.clusters is None else np.unique(self.clusters)

    @cached_property
    def unit_of(self) -> np.ndarray:
        """(n,) the place of each example's unit in `units`."""
        if self.clusters is None:
            return np.arange(len(self.ids))
        return np.searchsorted(self.units, self.clusters)

    @cached_property
    def unit_codes(self) -> np.ndarray:
        """(units,) a number for each of `units`, the same in every group that holds the unit."""
        return pd.util.hash_array(self.units.astype(str).astype(object), categorize=False)


def group_from_frames(
    frames: Mapping[int, pd.DataFrame],
    columns: Iterable[str],
    *,
    model: str,
    method: str,
    dataset: str,
    protocol: str,
    clusters: str | None = None,
    trained: bool = True,
) -> Group:
    """Align the scores of one dataset over seeds by their column `id`.

    `frames` maps a seed to its rows. Every seed must hold each example once, and all the same
    examples. None and NaN in `columns` mean "could not be scored". `clusters` is the column that
    says which examples were sampled together; `trained`: see `Group`.
    """
    where = f"scores of {method} on {dataset}"
    columns = list(columns)
    aligned = {seed: _sorted(frames[seed], f"{where}, seed {seed}") for seed in sorted(frames)}
    first, (_, ids) = next(iter(aligned.items()))
    for seed, (_, own) in aligned.items():
        if not np.array_equal(own, ids):
            other = np.setxor1d(own, ids)
            raise UserError(
                f"{where}: seeds {first} and {seed} differ in {len(other)} ids, such as "
                f"{other[0]!r}; expected the same examples for every seed"
            )
    rows = {seed: (frames[seed], order) for seed, (order, _) in aligned.items()}
    return Group(
        model=model,
        method=method,
        dataset=dataset,
        protocol=protocol,
        seeds=tuple(aligned),
        ids=ids,
        columns={
            name: np.stack([_numbers(frame[name], where)[order] for frame, order in rows.values()])
            for name in columns
        },
        clusters=_text(rows[first][0][clusters], rows[first][1]) if clusters else None,
        trained=trained,
    )


def _sorted(frame: pd.DataFrame, where: str) -> tuple[np.ndarray, np.ndarray]:
    """The order that sorts the rows by id, and the ids in it, each there once."""
    ids = frame["id"].to_numpy()
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        raise UserError(f"{where}: id {ids[twice[0]]!r} twice; expected each id once")
    return order, ids


def _text(column: pd.Series, order: np.ndarray) -> np.ndarray:
    return column.astype(str).to_numpy()[order]


def _numbers(column: pd.Series, where: str) -> np.ndarray:
    if column.dtype == bool:
        return column.to_numpy()
    try:
        return column.to_numpy(float, na_value=np.nan)
    except ValueError as error:
        raise UserError(f"{where}: column {column.name}: {error}; expected numbers") from None
