"""What CenterBench measures: how much better plausible sentences are understood.

As all metrics (`shared.metrics.metric`), functions of columns (n,) and weights (..., n).
"""

import numpy as np

from shared.metrics.rates import rate_among
from shared.metrics.traits import traits


def gap(correct: np.ndarray, plausible: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Accuracy on plausible sentences minus accuracy on the others; both columns are 0 or 1."""
    return rate_among(correct, plausible, weights) - rate_among(correct, 1 - plausible, weights)


@traits(jumps=True)
def median_gap(
    correct: np.ndarray, plausible: np.ndarray, level: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Median over the levels of the gap at each level: our reading, as the paper's is not known.

    `level` is 1 to 6, and 0 for a question that could not be scored. NaN where the weights leave
    a level without sentences of one kind.
    """
    gaps = []
    for one in np.unique(level[level > 0]):
        here = level == one
        gaps.append(gap(correct[here], plausible[here], weights[..., here]))
    return np.median(gaps, axis=0)
