"""The answers of a group: right or wrong, how confident, seed by seed."""

from collections.abc import Callable, Iterable

import numpy as np

from shared.comparison.groups import Group


def by_seed(group: Group) -> list[tuple[np.ndarray, np.ndarray]]:
    """(correct, confidence) of each seed, without examples that could not be scored."""
    pairs = zip(floats(group, "correct"), floats(group, "confidence"), strict=True)
    return [
        (correct[scored], confidence[scored])
        for correct, confidence in pairs
        for scored in [np.isfinite(correct) & np.isfinite(confidence)]
    ]


def pooled(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """(correct, confidence) of all seeds, one after the other."""
    correct, confidence = zip(*by_seed(group), strict=True)
    return np.concatenate(correct), np.concatenate(confidence)


def mean_over_seeds(group: Group, metric: Callable[..., np.ndarray]) -> float:
    """Mean over the seeds that have a value, as in the cells; NaN if none has."""
    values = np.array([metric(*seed, np.ones(len(seed[0]))) for seed in by_seed(group)])
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan


def distinct(groups: Iterable[Group]) -> list[Group]:
    """Without official groups that hold the same numbers as the corrected one."""
    kept: list[Group] = []
    for group in groups:
        same = any(
            other.method == group.method
            and all(
                np.array_equal(floats(other, name), floats(group, name), equal_nan=True)
                for name in ("correct", "confidence")
            )
            for other in kept
        )
        if not same:
            kept.append(group)
    return kept


def floats(group: Group, column: str) -> np.ndarray:
    return np.asarray(group.columns[column], dtype=float)
