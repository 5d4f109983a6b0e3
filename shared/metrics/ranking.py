"""Average precision: does a confidence put the right answers first?"""

import numpy as np

from shared.metrics.rates import ratio
from shared.metrics.traits import traits

# Rows of weights are ranked in blocks of 128 kB, which stay in the processor's cache: several
# times faster than 14,000 of them at once.
BLOCK = 2**15


@traits(share=True)
def average_precision(correct: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AP = sum over thresholds k of (R_k - R_(k-1)) P_k, positives = correct (n,) of 0 or 1.

    Thresholds are the distinct scores, as in `sklearn.metrics.average_precision_score`: examples
    of equal score enter together. In the equivalent form used here, AP is the weighted mean over
    the positives of the precision at their own score, so examples are sorted once for all weights
    (..., n). NaN where no positive has weight.
    """
    n = len(correct)
    order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
    ranked = np.asarray(score)[order]
    positives = np.flatnonzero(np.asarray(correct)[order])  # ranks of the positives
    ends = np.searchsorted(-ranked, -ranked[positives], side="right") - 1  # last rank of the tie
    last = np.searchsorted(positives, ends, side="right") - 1  # last positive of the tie

    if not len(positives):
        return np.full(weights.shape[:-1], np.nan)[()]
    rows = weights.reshape(-1, n)
    result = np.empty(len(rows), dtype=rows.dtype)
    step = max(1, BLOCK // n)
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        result[block] = _mean_precision(rows[block].take(order, axis=-1), positives, ends, last)
    return result.reshape(weights.shape[:-1])[()]


def _mean_precision(
    weights: np.ndarray, positives: np.ndarray, ends: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """Weighted mean of the precision at each positive; weights (rows, n) in ranked order."""
    gained = weights.take(positives, axis=-1)
    hits = np.cumsum(gained, axis=-1)
    seen = np.cumsum(weights, axis=-1).take(ends, axis=-1)
    # Where nothing was seen there are no hits either: 0 / tiny = 0. (`where=` is six times slower.)
    precision = hits.take(last, axis=-1) / np.maximum(seen, np.finfo(seen.dtype).tiny)
    return ratio((gained * precision).sum(axis=-1), hits[:, -1])


def precision_recall_curve(
    correct: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and threshold at each distinct score, highest first, for weights (n,).

    For plotting; the area under its steps is `average_precision`.
    """
    order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
    ranked, weights = np.asarray(score)[order], weights[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.cumsum(weights * np.asarray(correct)[order])[ends]
    return ratio(hits, np.cumsum(weights)[ends]), ratio(hits, hits[-1]), ranked[ends]
