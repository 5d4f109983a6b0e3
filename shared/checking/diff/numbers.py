"""Which cells and claims of two runs are the same."""

from typing import NamedTuple

import pandas as pd

from shared.comparison.cells import COLUMNS
from shared.comparison.csv_files import equal

KEY = COLUMNS[:6]
CLAIM = ["id", "protocol"]


class Compared(NamedTuple):
    same: int
    differing: pd.DataFrame  # index: the key; columns: (first, second) × the file's columns
    only_first: list[str]
    only_second: list[str]

    @property
    def all_same(self) -> bool:
        return self.differing.empty and not self.only_first and not self.only_second


def compare_cells(first: pd.DataFrame, second: pd.DataFrame) -> Compared:
    return _compare(first.set_index(KEY), second.set_index(KEY))


def compare_claims(first: pd.DataFrame, second: pd.DataFrame) -> Compared:
    """By verdict alone: the numbers behind it are those of the cells."""
    return _compare(*(claims.set_index(CLAIM)[["verdict"]] for claims in (first, second)))


def _compare(first: pd.DataFrame, second: pd.DataFrame) -> Compared:
    common = first.index.intersection(second.index, sort=False)
    left, right = first.loc[common], second.loc[common]
    same = [
        all(equal(name, ours[name], theirs[name]) for name in first)
        for (_, ours), (_, theirs) in zip(left.iterrows(), right.iterrows(), strict=True)
    ]
    beside = pd.concat({"first": left, "second": right}, axis=1)
    return Compared(
        same=sum(same),
        differing=beside[[not each for each in same]],
        only_first=[named(key) for key in first.index.difference(common, sort=False)],
        only_second=[named(key) for key in second.index.difference(common, sort=False)],
    )


def named(key: tuple[str, ...]) -> str:
    return " / ".join(filter(None, key))
