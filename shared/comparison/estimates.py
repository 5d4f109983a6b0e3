"""The value of a metric on a group, and its bootstrap draws.

The bootstrap resamples examples (or clusters of them, if a group has clusters) and, where there are
two or more, seeds. Both resamples are a function of what is resampled: groups of the same examples
get the same example weights, runs of the same seeds the same seed weights. So the difference of the
draws of two cells is a draw of their paired difference, whatever the two cells are.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from threadpoolctl import ThreadpoolController

from shared.comparison.groups import Group
from shared.metrics.intervals import bootstrap_weights
from shared.metrics.metric import Metric
from shared.metrics.rates import ratio

# The least p of a claim is 2 / 1001, so up to 25 claims of a paper can pass 0.05 after Holm.
DRAWS = 1000
# Weights go to a metric in pieces of at most 16 MB, so that what it makes of them stays small.
CHUNK = 2**22
# A thread for each piece; the matrix library's own threads would only wait for one another.
_threads = ThreadPoolExecutor(os.cpu_count())
_libraries = ThreadpoolController()


@dataclass(frozen=True)
class Estimate:
    """A metric of a group in the metric's unit: the mean over the seeds that have a value."""

    value: float
    draws: np.ndarray  # (draws,) of the bootstrap; NaN where a resample has no denominator
    n: int  # examples in the denominator, mean over seeds
    coverage: float  # share of the examples that could be scored, 0 to 1
    seeds: int  # seeds that have a value


_known: WeakKeyDictionary[Group, dict[tuple, Estimate]] = WeakKeyDictionary()


def estimate(group: Group, metric: Metric, draws: int = DRAWS) -> Estimate:
    """The estimate of a metric on a group; computed once for a group as long as it lives."""
    known = _known.setdefault(group, {})
    key = (metric, draws)
    if key not in known:
        known[key] = _estimate(group, metric, draws)
    return known[key]


def has_columns(group: Group, metric: Metric) -> bool:
    return all(name in group.columns for name in metric.needs)


def resampled(group: Group, metric: Metric, weights: np.ndarray) -> np.ndarray:
    """The metric for each row of unit weights (draws, units), with seeds resampled: (draws,)."""
    values = np.stack([_in_pieces(metric, group, c, weights) for c in _seeds(group)], axis=-1)
    return _mean_over_seeds(values, seed_weights(group.seeds, len(weights)))


def seed_weights(seeds: tuple[int, ...], draws: int) -> np.ndarray:
    """How often each seed is drawn in each resample: (draws, seeds)."""
    if len(seeds) == 1:
        return np.ones((draws, 1))
    generator = np.random.default_rng([len(seeds), *seeds])
    return generator.multinomial(len(seeds), [1 / len(seeds)] * len(seeds), size=draws)


def _estimate(group: Group, metric: Metric, draws: int) -> Estimate:
    members = np.mean([metric.denominator(columns).sum() for columns in _seeds(group)])
    if members == 0:
        values, sampled = np.array([np.nan]), np.full(draws, np.nan)
    else:
        once = np.ones(len(group.ids))
        values = np.array([metric.value(columns, once) for columns in _seeds(group)])
        weights = bootstrap_weights(len(group.units), draws, group.fingerprint)
        sampled = resampled(group, metric, weights)
    scored = [metric.scored(columns) for columns in _seeds(group)]
    return Estimate(
        value=float(_mean_over_seeds(values, np.ones(len(values)))),
        draws=sampled,
        n=round(members),
        coverage=float(np.mean(scored)) if len(group.ids) else np.nan,
        seeds=int((~np.isnan(values)).sum()),
    )


def _seeds(group: Group) -> list[dict[str, np.ndarray]]:
    return [group.of_seed(index) for index in range(len(group.seeds))]


def _in_pieces(
    metric: Metric, group: Group, columns: dict[str, np.ndarray], weights: np.ndarray
) -> np.ndarray:
    step = max(1, CHUNK // len(group.ids))
    pieces = [weights[start : start + step] for start in range(0, len(weights), step)]
    with _libraries.limit(limits=1):
        return np.concatenate(
            list(_threads.map(lambda piece: metric.value(columns, piece[:, group.unit_of]), pieces))
        )


def _mean_over_seeds(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the last axis of what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    total = (weights * defined).sum(axis=-1)
    summed = (weights * np.where(defined, values, 0)).sum(axis=-1)
    return ratio(summed, total)
