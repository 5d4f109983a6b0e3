"""Calibration: do answers given with confidence p turn out right in a share p of cases?

Expected calibration error as in Guo et al. 2017, "On Calibration of Modern Neural Networks",
eq. 3 (arXiv 1706.04599): bins of equal width (b - 1)/B < confidence <= b/B.
"""

import numpy as np
import pandas as pd

from shared.metrics.rates import ratio


def expected_calibration_error(
    correct: np.ndarray, confidence: np.ndarray, weights: np.ndarray, bins: int = 10
) -> np.ndarray:
    """ECE = sum over bins of (share of the examples) x |accuracy - mean confidence|.

    A bin's share times its accuracy is its summed `correct` over all weight, so each bin adds
    |sum of (correct - confidence)| / (sum of weights). `correct` and `confidence` are (n,).
    """
    gap = np.asarray(correct, dtype=float) - confidence
    by_bin = (_membership(confidence, bins) * gap[:, None]).astype(weights.dtype)
    everyone = np.ones(len(gap), dtype=weights.dtype)
    return ratio(np.abs(weights @ by_bin).sum(axis=-1), weights @ everyone)


def reliability_bins(
    correct: np.ndarray, confidence: np.ndarray, weights: np.ndarray, bins: int = 10
) -> pd.DataFrame:
    """The bars of a reliability diagram, for weights (n,).

    One row a bin: lower, upper, confidence (mean), accuracy, weight. An empty bin has NaN.
    """
    members = _membership(confidence, bins)
    weight = weights @ members
    edges = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {
            "lower": edges[:-1],
            "upper": edges[1:],
            "confidence": ratio((weights * confidence) @ members, weight),
            "accuracy": ratio((weights * correct) @ members, weight),
            "weight": weight,
        }
    )


def _membership(confidence: np.ndarray, bins: int) -> np.ndarray:
    """(n, bins) of 0 and 1: the bin of each example; 0 belongs to the first bin."""
    inner_edges = np.arange(1, bins) / bins  # k / bins is the float that a literal 0.7 is
    return np.eye(bins)[np.digitize(confidence, inner_edges, right=True)]
