"""Flagging too little against flagging too much: ROC curve and its area, F1 and its floor.

A positive example is one that should be flagged (a request that should be refused). Examples have
weights (..., n), as in `shared.metrics.rates`.
"""

import numpy as np

from shared.metrics.rates import ratio
from shared.metrics.traits import traits


@traits(share=True)
def auroc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve, positives = positive (n,) of 0 or 1.

    It is the chance that a positive scores higher than a negative, a tie counting one half
    (Mann and Whitney), as in `sklearn.metrics.roc_auc_score`. NaN where all that has weight is of
    one kind.
    """
    score, positive = np.asarray(score), np.asarray(positive, dtype=weights.dtype)
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    begins = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])[: len(ranked)])
    weights, positive = weights[..., order], positive[order]
    hits = np.add.reduceat(weights * positive, begins, axis=-1)  # of each distinct score
    alarms = np.add.reduceat(weights * (1 - positive), begins, axis=-1)
    below = np.cumsum(alarms, axis=-1) - alarms
    pairs = hits.sum(axis=-1) * alarms.sum(axis=-1)
    return ratio((hits * (below + alarms / 2)).sum(axis=-1), pairs)


def roc_curve(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False and true positive rate and threshold, from flagging nothing (threshold infinity) to
    flagging everything, for weights (n,). An example is flagged if its score is at least the
    threshold; there is a point for each distinct score."""
    order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
    ranked, weights = np.asarray(score, dtype=float)[order], weights[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    part = weights * np.asarray(positive)[order]
    hits, alarms = np.cumsum(part)[ends], np.cumsum(weights - part)[ends]
    return (
        np.append(0.0, ratio(alarms, alarms[-1])),
        np.append(0.0, ratio(hits, hits[-1])),
        np.append(np.inf, ranked[ends]),
    )


@traits(share=True)
def f1(flagged: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 = 2 TP / (2 TP + FP + FN) of flagged and positive (n,) of 0 or 1.

    NaN where nothing is flagged and nothing should be.
    """
    hits = weights @ (np.asarray(flagged) * positive).astype(weights.dtype)
    either = weights @ (np.asarray(flagged) + positive).astype(weights.dtype)
    return ratio(2 * hits, either)


@traits(share=True)
def f1_of_always(positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 of flagging every example: the floor that a flag must beat."""
    return f1(np.ones(len(positive)), positive, weights)
