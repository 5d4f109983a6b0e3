"""The value of a metric on a group, and how much each unit and each seed moves it.

A *unit* is what was sampled as one: a question, or the sentence, picture or template that several
questions are about. How far chance in the choice of units can move a value is found by leaving each
unit out once (the jackknife: Tukey 1958; Efron & Stein 1981). Unlike a bootstrap it draws nothing,
so there is no error of drawing, and every machine gets the same numbers. The effects of a unit on
two cells are multiplied where both hold it, so comparisons are paired, whatever the cells are.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from shared.comparison.groups import Group
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.metrics.rates import ratio

# Weights of (units, examples) go to a metric in pieces of at most 16 MB.
CHUNK = 2**22
# What jumps when one unit is left out (a median) is left out in this many blocks of units instead
# (Shao & Wu 1989).
BLOCKS = 15


@dataclass(frozen=True)
class Estimate:
    """A metric of a group in the metric's unit: the mean over the seeds that have a value."""

    value: float
    by_seed: np.ndarray  # (seeds,); NaN where nothing can be divided by
    effects: np.ndarray  # (seeds, units): squares sum to the variance that the units bring
    units: np.ndarray  # (units,) a number for each unit, the same in every group that has it
    n: int  # examples in the denominator, mean over seeds
    coverage: float  # share of the examples that could be scored, 0 to 1
    members: int  # units in the denominator, of the seed with fewest
    top: float | None  # the highest value of a share; None for what is no share
    exact: bool  # a count of everything there is: no sampling, no error

    @property
    def seeds(self) -> int:
        """Seeds that have a value."""
        return int((~np.isnan(self.by_seed)).sum())

    @property
    def edge(self) -> float | None:
        """0 or the top where a share stands there under every seed."""
        if self.top is None or not self.seeds:
            return None
        values = set(self.by_seed[~np.isnan(self.by_seed)].tolist())
        return next((end for end in (0.0, self.top) if values == {end}), None)


_known: WeakKeyDictionary[Group, dict[Metric, Estimate]] = WeakKeyDictionary()


def estimate(group: Group, metric: Metric) -> Estimate:
    """The estimate of a metric on a group; computed once for a group as long as it lives."""
    known = _known.setdefault(group, {})
    if metric not in known:
        known[metric] = _estimate(group, metric)
    return known[metric]


def has_columns(group: Group, metric: Metric) -> bool:
    return all(name in group.columns for name in metric.needs)


def _estimate(group: Group, metric: Metric) -> Estimate:
    seeds = [group.of_seed(index) for index in range(len(group.seeds))]
    denominators = [metric.denominator(columns) for columns in seeds]
    members = np.mean([denominator.sum() for denominator in denominators])
    once = np.ones(len(group.ids))
    values = np.array([np.nan] * len(seeds))
    effects = np.zeros((len(seeds), len(group.units)))
    counted = [0] * len(seeds)
    for place, columns in enumerate(seeds if members else ()):
        _check_share(group, metric, columns)
        values[place] = metric.value(columns, once)
        if not np.isnan(values[place]) and not metric.traits.exact:
            within = np.bincount(group.unit_of[denominators[place]], minlength=len(group.units))
            counted[place] = int((within > 0).sum())
            effects[place] = _effects(group, metric, columns, within > 0)
    scored = [metric.scored(columns) for columns in seeds]
    return Estimate(
        value=float(_mean_over_seeds(values)),
        by_seed=values,
        effects=effects,
        units=group.unit_codes,
        n=round(members),
        coverage=float(np.mean(scored)) if len(group.ids) else np.nan,
        members=min((c for c, v in zip(counted, values, strict=True) if v == v), default=0),
        top=metric.top,
        exact=metric.traits.exact,
    )


def _effects(
    group: Group, metric: Metric, columns: dict[str, np.ndarray], inside: np.ndarray
) -> np.ndarray:
    """(units,) of sqrt((m - 1) / m) (mean of the values without one unit - value without this one).

    Only the m units `inside` the denominator count.
    """
    if metric.traits.jumps:
        return _effects_of_blocks(group, metric, columns, inside)
    if metric.traits.sums:
        without = _without_each(group, metric, columns)
    else:
        without = _in_pieces(group, metric, columns, group.unit_of, len(group.units))
    return _centred(without, inside & ~np.isnan(without))


def _centred(without: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The effects of what is `inside`, given the values without each; 0 for the rest."""
    m = int(inside.sum())
    if m < 2:
        return np.zeros(len(without))
    found = np.sqrt((m - 1) / m) * (without[inside].mean() - without[inside])
    effects = np.zeros(len(without))
    effects[inside] = np.where(np.abs(found) < 1e-12, 0, found)
    return effects


def _without_each(group: Group, metric: Metric, columns: dict[str, np.ndarray]) -> np.ndarray:
    """The value without each unit of a metric that is a sum over a sum."""
    scored = metric.scored(columns)
    first, *second = (np.where(scored, columns[name], 0).astype(float) for name in metric.needs)
    if metric.traits.sums == "ratio":
        part, whole = first, second[0]
    else:
        whole = second[0] if second else scored.astype(float)
        part = first * whole
    sums = (np.bincount(group.unit_of, x, len(group.units)) for x in (part, whole))
    part, whole = (each.sum() - each for each in sums)
    return ratio(part, whole) * metric.factor


def _in_pieces(
    group: Group, metric: Metric, columns: dict[str, np.ndarray], block_of: np.ndarray, blocks: int
) -> np.ndarray:
    """The value without each block of examples, (blocks,); block_of: (n,)."""
    step = max(1, CHUNK // len(group.ids))
    found = []
    for start in range(0, blocks, step):
        numbers = np.arange(start, min(start + step, blocks))
        weights = (block_of[None, :] != numbers[:, None]).astype(np.float64)
        found.append(np.atleast_1d(metric.value(columns, weights)))
    return np.concatenate(found)


def _effects_of_blocks(
    group: Group, metric: Metric, columns: dict[str, np.ndarray], inside: np.ndarray
) -> np.ndarray:
    """The same with blocks left out, each block's effect shared by its units."""
    order = np.flatnonzero(inside)[np.argsort(group.unit_codes[inside], kind="stable")]
    blocks = min(BLOCKS, len(order))
    block_of = np.full(len(group.units), -1)
    block_of[order] = np.arange(len(order)) % max(blocks, 1)
    without = _in_pieces(group, metric, columns, block_of[group.unit_of], blocks)
    found = _centred(without, ~np.isnan(without))
    sizes = np.bincount(block_of[order], minlength=blocks)
    effects = np.zeros(len(group.units))
    effects[order] = (found / np.sqrt(sizes))[block_of[order]]
    return effects


def _check_share(group: Group, metric: Metric, columns: dict[str, np.ndarray]) -> None:
    """Raise `UserError` if a metric that is said to be a share has values that are none."""
    if metric.traits.share and metric.traits.sums == "mean":
        values = columns[metric.needs[0]]
        if len(wrong := values[(values < 0) | (values > 1)]):
            raise UserError(
                f"scores of {group.method} on {group.dataset}: column {metric.needs[0]} holds "
                f"{wrong[0]:g}; expected 0 to 1, as {metric.name} is a share"
            )


def _mean_over_seeds(values: np.ndarray) -> float:
    """Mean of what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(), defined.sum())
