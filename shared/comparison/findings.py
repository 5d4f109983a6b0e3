"""What cells say of a claim, before a verdict."""

from dataclasses import dataclass

import numpy as np

from shared.metrics.intervals import percentile_interval
from shared.metrics.significance import bootstrap_p


@dataclass(frozen=True)
class Finding:
    """Of `total` comparisons, `in_direction` go the way that the claim says.

    `effect` is method minus than in the unit of the cells (so a claim of "lower" wants it below
    zero), with its 95 % interval and two-sided p. A claim function may leave these NaN; the claim
    is then judged by the count alone. `total` 0: nothing to compare, and `note` says what is
    missing.
    """

    in_direction: int
    total: int
    note: str = ""
    effect: float = np.nan
    interval: tuple[float, float] = (np.nan, np.nan)
    p: float = np.nan
    test: str = "count"
    n: int = 0  # examples compared

    @classmethod
    def of_number(
        cls, in_direction: int, total: int, number: np.ndarray, note: str = "", n: int = 0
    ) -> "Finding":
        """With a number of `shared.comparison.numbers` as effect; by count if it has no draws."""
        value, *draws = number
        if not draws:  # the paper's own
            return cls(in_direction, total, note)
        return cls.of_draws(in_direction, total, float(value), np.array(draws), note, n)

    @classmethod
    def of_draws(
        cls,
        in_direction: int,
        total: int,
        effect: float,
        draws: np.ndarray,
        note: str = "",
        n: int = 0,
    ) -> "Finding":
        """With the interval and p of bootstrap draws (draws,) of the effect."""
        return cls(
            in_direction,
            total,
            note,
            effect,
            percentile_interval(draws),
            bootstrap_p(draws),
            "paired bootstrap",
            n,
        )
