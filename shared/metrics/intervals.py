"""Intervals: bootstrap over examples, and Wilson's interval for a plain rate."""

from functools import lru_cache

import numpy as np
from scipy.special import ndtri


@lru_cache(maxsize=3)  # 56 MB each for 14,000 examples and 1,000 draws
def bootstrap_weights(n: int, draws: int, seed: int) -> np.ndarray:
    """How often each of n examples is drawn in each resample of n: (draws, n) float32, read-only.

    Rows are multinomial and sum to n (Efron's bootstrap). Whole numbers up to 2^24 are exact in
    float32, so sums of weights are.
    """
    generator = np.random.default_rng(seed)
    weights = np.empty((draws, n), dtype=np.float32)
    for row in weights:
        row[:] = np.bincount(generator.integers(n, size=n), minlength=n)
    weights.flags.writeable = False
    return weights


def percentile_interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of draws (draws,).

    Draws without a value (an empty denominator in that resample) are left out; without any
    value the interval is NaN.
    """
    draws = draws[~np.isnan(draws)]
    if not len(draws):
        return np.nan, np.nan
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(k: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (1927) of k hits in n, as fractions; NaN for n = 0."""
    if n == 0:
        return np.nan, np.nan
    z = ndtri((1 + level) / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    return float(max(0, centre - half)), float(min(1, centre + half))
