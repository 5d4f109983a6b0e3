"""How sure a lead is: its interval and p, from units and from seeds.

The variance of a lead is the sum of

- what the choice of units brings: the summed squares of each unit's effect on the lead
  (`estimates`), the effects on all cells of the lead added up first;
- what training brings: the variance between the seeds of each training, less what the units alone
  make seeds differ by, over the number of seeds. A training's own few seeds say little about it, so
  it is pooled over the paper's other trainings, for shares on the scale of log odds.

The interval is lead +- t sqrt(variance), with Satterthwaite's (1946) degrees of freedom. A share
near 0 or 100 % is no symmetric thing: each cell enters with the distance to its Wilson (1927)
limit on that side, for as many examples as its variance stands for (Korn & Graubard 1998), and
differences add these up as Newcombe (1998) and Donner & Zou (2012) do. So 0 and 100 % have
intervals too. Where no unit moves a lead between shares (two columns are equal), units that would
may be as frequent as Wilson's limit of none in so many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from shared.comparison.estimates import Estimate
from shared.comparison.trainings import Training
from shared.metrics.intervals import wilson

LEVEL = 0.05
STEPS = 30  # of halving, until the p of a lead is known
FAR = 60.0  # standard errors, up to which p is told apart
NOTHING = 1e-18  # a variance of rounding


@dataclass(frozen=True)
class Inference:
    """`p_above`, `p_below`: one-sided, small where the lead is surely above or below zero.

    of_units, of_seeds: the two parts of its variance. units: what was resampled; seeds: of the
    training with fewest, 0 where nothing was trained.
    """

    lead: float
    interval: tuple[float, float]
    p_above: float
    p_below: float
    of_units: float = 0.0
    of_seeds: float = 0.0
    units: int = 0
    seeds: int = 0
    exact: bool = False  # counts of everything there is
    one_run: bool = False  # a training with one seed: its noise is borrowed or unknown
    no_test: str = ""  # why nothing can be tested


def infer(
    lead: Callable[[np.ndarray], float],
    found: Sequence[Estimate],
    trained: Sequence[Training] = (),
    level: float = LEVEL,
    testing: bool = True,
) -> Inference:
    """`lead` of the values (cells,) of the estimates; `trained` holds the trainings behind them.

    Without `testing` there is an interval and no p, which takes most of the time.
    """
    values = np.array([estimate.value for estimate in found])
    value = float(lead(values))
    units = min((e.members for e in found if not e.exact), default=0)
    seeds = min((each.seeds for each in trained), default=0)
    named = {"units": units, "seeds": seeds, "one_run": any(t.one_run for t in trained)}
    if np.isnan(value):
        return Inference(value, (np.nan,) * 2, np.nan, np.nan, **named, no_test="no value")
    spread = _Spread(found, trained, gradient(lead, values))
    if spread.degenerate(value):
        nothing = "every unit says the same" if spread.members > 1 else "one unit"
        return Inference(value, (np.nan,) * 2, np.nan, np.nan, **named, no_test=nothing)
    quantile = float(stdtrit(spread.freedom, 1 - level / 2))
    low, high = (value - side * quantile * spread.error(quantile, side) for side in (1, -1))
    low, high = max(low, value - spread.room(1)), min(high, value + spread.room(-1))
    p = float(stdtr(spread.freedom, -spread.distance(value))) if testing else np.nan
    of_units, of_seeds = spread.plain(quantile)
    return Inference(
        value,
        (float(low), float(high)),
        *((p, 1 - p) if value > 0 else (1 - p, p)),
        of_units,
        of_seeds,
        **named,
    )


def counted(value: float, fulfilled: bool) -> Inference:
    """Of a lead between counts of everything there is: it is what it is."""
    return Inference(value, (np.nan,) * 2, float(not fulfilled), float(fulfilled), exact=True)


def gradient(lead: Callable[[np.ndarray], float], values: np.ndarray) -> np.ndarray:
    """(cells,) by how much the lead moves with each cell, from small steps both ways."""
    slopes = np.zeros(len(values))
    for place, value in enumerate(values):
        step = 1e-4 * max(1.0, abs(value))
        high, low = values.copy(), values.copy()
        high[place] += step
        low[place] -= step
        slopes[place] = (lead(high) - lead(low)) / (2 * step)
    return slopes


class _Spread:
    """Standard errors of a lead with slopes (cells,), on each side."""

    def __init__(self, found: Sequence[Estimate], trained: Sequence[Training], slopes: np.ndarray):
        self.found, self.trained, self.slopes = found, trained, slopes
        self.covariance = covariance(found)
        own = np.diag(self.covariance).copy()
        for training in trained:
            own[training.cells] += np.maximum(0, np.diag(training.covariance))
        self.own = own  # of each cell by itself
        self.edges = np.array([estimate.edge is not None for estimate in found])
        self.members = min((e.members for e in found if not e.exact), default=2)
        self.constant = sum(self._seen(1.96)) <= NOTHING  # no unit and no seed moves the lead
        self.freedom = self._freedom()

    def degenerate(self, value: float) -> bool:
        """Whether nothing is to be learnt of a lead of this value."""
        bounded = all(estimate.exact or estimate.top is not None for estimate in self.found)
        judged = bounded and value != 0 and self.slopes.any()
        return self.members < 2 or (self.constant and not judged)

    def _freedom(self) -> float:
        """Satterthwaite's: V^2 over the summed V_i^2 / f_i of its parts."""
        of_units, of_seeds = self.plain(1.96)
        total = of_units + of_seeds
        if self.constant:
            return max(1.0, self.members - 1)
        below = (of_units / total) ** 2 / max(1, self.members - 1)
        for training in self.trained:
            share = training.mean_square(self.slopes) / total
            below += share**2 / max(1, training.freedom)
        return max(1.0, 1 / below)

    def room(self, side: int) -> float:
        """How far a lead between shares can go down (side 1) or up (-1)."""
        total = 0.0
        for estimate, slope in zip(self.found, self.slopes, strict=True):
            if slope and estimate.top is None:
                return np.inf
            down = (slope > 0) == (side > 0)
            total += abs(slope) * (estimate.value if down else (estimate.top or 0) - estimate.value)
        return total

    def parts(self, factors: np.ndarray) -> tuple[float, float]:
        """Variance from units and from seeds, each cell's error stretched by a factor; without what
        shares at their ends add."""
        slopes = self.slopes * factors
        of_seeds = sum(training.variance(slopes) for training in self.trained)
        return max(0.0, float(slopes @ self.covariance @ slopes)), float(of_seeds)

    def error(self, quantile: float, side: int) -> float:
        """Standard error of the lead downwards (side 1) or upwards (-1), for a limit that lies
        `quantile` of them away."""
        if self.constant:
            return float(np.sqrt(self._unseen(quantile)))
        stretched = sum(self.parts(self._factors(quantile, side)))
        return float(np.sqrt(max(0.0, stretched + self.at_edges(quantile, side))))

    def plain(self, quantile: float) -> tuple[float, float]:
        """Variance from units and from seeds, for advice and for degrees of freedom."""
        return (self._unseen(quantile), 0.0) if self.constant else self._seen(quantile)

    def _seen(self, quantile: float) -> tuple[float, float]:
        of_units, of_seeds = self.parts(np.ones(len(self.found)))
        edges = max(self.at_edges(quantile, side) for side in (1, -1))
        return of_units + edges, of_seeds

    def _unseen(self, quantile: float) -> float:
        """Variance where nothing was seen to move the lead: units that move it by the steepest of
        its slopes are at most as frequent as Wilson's limit of none in `members`."""
        quantile = max(quantile, 1e-6)
        tops = np.array([estimate.top or 0.0 for estimate in self.found])
        share = wilson(0.0, self.members, quantile)[1]
        return float((np.abs(self.slopes * tops).max() * share / quantile) ** 2)

    def at_edges(self, quantile: float, side: int) -> float:
        """Variance of the shares that stand at 0 or the top."""
        total = 0.0
        for place in np.flatnonzero(self.edges):
            estimate, slope = self.found[place], self.slopes[place]
            down = (slope > 0) == (side > 0)
            total += (slope * _distance(estimate, estimate.members, quantile, down)) ** 2
        return total

    def _factors(self, quantile: float, side: int) -> np.ndarray:
        factors = np.ones(len(self.found))
        for place, (estimate, own) in enumerate(zip(self.found, self.own, strict=True)):
            share = estimate.value / estimate.top if estimate.top else 0
            if 0 < share < 1 and own > 0:
                examples = share * (1 - share) / (own / estimate.top**2)
                down = (self.slopes[place] > 0) == (side > 0)
                factors[place] = _distance(estimate, examples, quantile, down) / np.sqrt(own)
        return factors

    def distance(self, value: float) -> float:
        """How many standard errors the lead is from zero, on the side of zero."""
        side, size = (1, value) if value > 0 else (-1, -value)
        near, far = 0.0, FAR
        for _ in range(STEPS):
            middle = (near + far) / 2
            outside = size - middle * self.error(middle, side) > 0
            near, far = (middle, far) if outside else (near, middle)
        return near


def covariance(found: Sequence[Estimate]) -> np.ndarray:
    """(cells, cells) that the units bring, from the effects of those that two cells share."""
    codes, places = np.unique(np.concatenate([e.units for e in found]), return_inverse=True)
    effects = np.zeros((len(found), len(codes)))
    start = 0
    for place, estimate in enumerate(found):
        here = places[start : (start := start + len(estimate.units))]
        effects[place, here] = mean_effects(estimate)
    return effects @ effects.T


def mean_effects(estimate: Estimate) -> np.ndarray:
    """(units,) on the mean over the seeds that have a value."""
    return estimate.effects.sum(axis=0) / max(1, estimate.seeds)


def _distance(estimate: Estimate, examples: float, quantile: float, down: bool) -> float:
    """From a share to its Wilson limit, over the quantile, in the share's unit."""
    quantile = max(quantile, 1e-6)
    share = estimate.value / estimate.top
    low, high = wilson(share, examples, quantile)
    return (share - low if down else high - share) / quantile * estimate.top
