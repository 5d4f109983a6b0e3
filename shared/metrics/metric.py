"""A metric: a function of some columns of the scores, and the unit its cells are printed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from shared.metrics.traits import Traits


@dataclass(frozen=True)
class Metric:
    """`function(*columns (n,), weights (..., n)) -> (...)`; NaN for an empty denominator."""

    name: str
    needs: tuple[str, ...]  # columns, in the order of the function's arguments
    function: Callable[..., np.ndarray]
    unit: str = "%"  # "%": the fraction is multiplied by 100; "": as it is
    among: str | None = None  # the needed 0/1 column whose ones are the denominator; None: all
    of: float = 1.0  # what a share without "%" is printed of: 200 for "187 of 200"

    @property
    def traits(self) -> Traits:
        """What its function is marked as."""
        return getattr(self.function, "traits", Traits())

    @property
    def top(self) -> float | None:
        """The highest value of a share; None for what is no share."""
        return self.factor if self.traits.share else None

    @property
    def factor(self) -> float:
        """From what the function gives to the metric's unit."""
        return 100.0 if self.unit == "%" else self.of

    def scored(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which of the n examples could be scored: no needed column is NaN."""
        return ~np.any([np.isnan(columns[name]) for name in self.needs], axis=0)

    def denominator(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which of the n examples are in the denominator: scored, and members if there are some."""
        members = self.traits.members
        among = self.among if members is None else self.needs[members]
        scored = self.scored(columns)
        return scored if among is None else scored & (columns[among] == 1)

    def value(self, columns: Mapping[str, np.ndarray], weights: np.ndarray) -> np.ndarray:
        """The metric of one seed's columns (n,) in its unit, for each of the weights (..., n).

        Examples that could not be scored get weight 0.
        """
        scored = self.scored(columns)
        if not scored.all():
            weights = weights * scored.astype(weights.dtype)
        values = [np.where(scored, columns[name], 0) for name in self.needs]
        return self.function(*values, weights) * self.factor
