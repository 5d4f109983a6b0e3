"""Tests of differences, and the correction for testing many."""

import numpy as np
from scipy.special import bdtr


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p of McNemar's test from the two counts of discordant pairs.

    b examples are right only with one method, c only with the other. If the methods don't
    differ, b is binomial(b + c, 1/2); the test doubles the smaller tail.
    """
    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5)))


def bootstrap_p(differences: np.ndarray) -> float:
    """Two-sided p of "no difference" from bootstrap draws of a difference (draws,).

    Twice the share of draws on the far side of zero, with one added to count and draws so that
    p is never 0 (Davison & Hinkley 1997, chapter 4). The least p is 2 / (draws + 1). Draws without
    a value are left out; without any, p is NaN.
    """
    differences = differences[~np.isnan(differences)]
    if not len(differences):
        return np.nan
    far = min((differences <= 0).sum(), (differences >= 0).sum())
    return min(1.0, 2 * float(far + 1) / (len(differences) + 1))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's (1979) step-down adjusted p-values, in the given order.

    NaN stays NaN and does not count as a test.
    """
    p_values = np.asarray(p_values, dtype=float)
    adjusted = np.full_like(p_values, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
