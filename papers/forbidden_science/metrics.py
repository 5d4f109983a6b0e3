"""What the published labels are described by, besides rates: medians.

As all metrics (`shared.metrics.metric`), functions of columns (n,) and weights (..., n).
"""

import numpy as np

from shared.metrics.traits import traits


@traits(jumps=True, members=1)
def median_among(values: np.ndarray, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Median of `values` among the members (0 or 1), each as often as its weight says.

    Weights are whole numbers. The mean of the two middle values of an even number, as
    `numpy.median`; NaN without members.
    """
    order = np.argsort(values, kind="stable")
    values = np.asarray(values, dtype=float)[order]
    cumulated = (weights * members)[..., order].cumsum(axis=-1)
    half = cumulated[..., -1:] / 2
    lower = values[(cumulated >= half).argmax(axis=-1)]
    upper = values[(cumulated > half).argmax(axis=-1)]
    return np.where(half[..., 0] > 0, (lower + upper) / 2, np.nan)[()]
