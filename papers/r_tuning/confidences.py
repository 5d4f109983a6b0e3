"""The answers of a group: right or wrong, how confident, seed by seed."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from shared.comparison.groups import Group


def answered(groups: Iterable[Group], methods: Sequence[str]) -> list[Group]:
    """Groups of test answers of `methods`, in this order, corrected before official, without
    official ones that hold the same numbers as the corrected one."""
    found: list[Group] = []
    tests = [g for g in groups if g.method in methods and {"correct", "confidence"} <= {*g.columns}]
    for group in sorted(tests, key=lambda g: (methods.index(g.method), g.protocol)):
        if not any(_same(group, other) for other in found):
            found.append(group)
    return found


def by_seed(group: Group) -> list[tuple[np.ndarray, np.ndarray]]:
    """(correct, confidence) of each seed, without examples that could not be scored."""
    pairs = zip(*_numbers(group), strict=True)
    return [tuple(np.stack(pair)[:, np.isfinite(pair).all(axis=0)]) for pair in pairs]


def pooled(group: Group) -> np.ndarray:
    """(correct, confidence) of all seeds, one after the other."""
    return np.hstack(by_seed(group))


def mean_over_seeds(group: Group, metric: Callable[..., np.ndarray]) -> float:
    """Mean over the seeds that have a value, as in the cells; NaN if none has."""
    values = np.array([metric(*seed, np.ones(len(seed[0]))) for seed in by_seed(group)])
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan


def _same(one: Group, other: Group) -> bool:
    """Whether two protocols of a method gave the same answers with the same confidence."""
    key = (one.model, one.method, one.dataset)
    return key == (other.model, other.method, other.dataset) and np.array_equal(
        _numbers(one), _numbers(other), equal_nan=True
    )


def _numbers(group: Group) -> np.ndarray:
    """(2, seeds, n): correct and confidence."""
    return np.array([np.asarray(group.columns[c], float) for c in ("correct", "confidence")])
