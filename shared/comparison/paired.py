"""Paired comparison of two groups: the same examples and seeds on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shared.comparison.estimates import estimate, resampled
from shared.comparison.groups import Group, fingerprint
from shared.metrics.intervals import bootstrap_weights
from shared.metrics.metric import Metric
from shared.metrics.significance import mcnemar_exact


@dataclass(frozen=True)
class Pair:
    """Two methods on one data set with one model."""

    method: Group
    than: Group


def difference(pair: Pair, metric: Metric, draws: int) -> tuple[float, np.ndarray]:
    """Value of method minus than, and its bootstrap draws (draws,).

    Both sides get the weights of the same resample of examples (or clusters). Where they don't hold
    the same ones, the union of both is resampled and each side takes its part. Equal seed sets are
    resampled together, others each on its own.
    """
    sides = (pair.method, pair.than)
    ours, theirs = (estimate(side, metric, draws) for side in sides)
    if pair.method.fingerprint == pair.than.fingerprint:
        return ours.value - theirs.value, ours.draws - theirs.draws
    union = np.union1d(pair.method.units, pair.than.units)
    weights = bootstrap_weights(len(union), draws, fingerprint(union))
    drawn = [
        resampled(side, metric, weights[:, np.searchsorted(union, side.units)]) for side in sides
    ]
    return ours.value - theirs.value, drawn[0] - drawn[1]


def examples(pairs: Sequence[Pair]) -> int:
    """Different examples in the pairs; one that several models answered counts once."""
    return len({(s.dataset, i) for pair in pairs for s in (pair.method, pair.than) for i in s.ids})


def mcnemar(pairs: Sequence[Pair], column: str) -> float:
    """Exact two-sided p of McNemar's test on a 0/1 column, with one vote per example.

    An example answered under several seeds or by several models is still one example: counting
    each answer as a pair of its own would overstate n. So the differences (method minus than) of
    an example are summed over seeds and models and only the sign of the sum votes. If the two
    methods don't differ, swapping them leaves the distribution of the sum unchanged, so it is as
    often positive as negative and the votes are binomial with 1/2. With one seed and one model
    this is McNemar's test itself. Both sides must enter with equally many seeds: those in common
    or, without any, as many as the shorter side has. Summing over several `than` methods would
    break the symmetry, so each gets its own test and the largest p counts: the claim is about each
    of them (intersection-union test).
    """
    by_than: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_than.setdefault(pair.than.method, []).append(pair)
    return max(mcnemar_exact(*_votes(group, column)) for group in by_than.values())


def _votes(pairs: Sequence[Pair], column: str) -> tuple[int, int]:
    """How many examples vote for the method, and how many for the other."""
    sums = pd.concat(
        [_difference_by_example(pair, column) for pair in pairs],
        keys=[pair.method.dataset for pair in pairs],
    )
    votes = sums.groupby(level=[0, 1]).sum()
    return int((votes > 0).sum()), int((votes < 0).sum())


def _difference_by_example(pair: Pair, column: str) -> pd.Series:
    """Sum over seeds of method minus than, by id; a seed not scored on both sides adds 0."""
    both = [seed for seed in pair.method.seeds if seed in pair.than.seeds]
    fewer = min(len(pair.method.seeds), len(pair.than.seeds))
    answers = []
    for group in (pair.method, pair.than):
        rows = [group.seeds.index(seed) for seed in both] or range(fewer)
        values = group.columns[column][list(rows)].astype(float)
        answers.append(pd.DataFrame(values.T, index=group.ids))
    method, than = answers[0].align(answers[1], join="inner", axis=0)
    return pd.Series(np.nansum(method.to_numpy() - than.to_numpy(), axis=1), index=method.index)
