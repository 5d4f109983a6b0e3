"""The metrics of RoleRef: accuracy in which roles count alike, and perplexity of a corpus.

As all metrics (`shared.metrics.metric`), functions of columns (n,) and weights (..., n).
"""

import numpy as np

from shared.metrics.rates import ratio
from shared.metrics.traits import traits


@traits(share=True)
def mean_of_filled_strata(
    correct: np.ndarray, stratum: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Mean over strata (roles, or roles and types) of the accuracy in each.

    stratum: (n,) whole numbers from 0. A stratum without weight is left out; without any the mean
    is NaN.
    """
    codes = stratum.astype(int)
    members = np.eye(codes.max() + 1, dtype=weights.dtype)[codes]
    right = members * np.asarray(correct, dtype=weights.dtype)[:, None]
    accuracy = ratio(weights @ right, weights @ members)
    there = ~np.isnan(accuracy)
    return ratio(np.where(there, accuracy, 0).sum(axis=-1), there.sum(axis=-1))


@traits(share=True)
def capped_mean_of_strata(
    correct: np.ndarray, stratum: np.ndarray, share: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The same times `share`, (n,) of one number: less than 1 where the official code counts roles
    without a question of the type as wrong (7 of 8 roles: 0.875)."""
    return mean_of_filled_strata(correct, stratum, weights) * np.max(share)


def corpus_perplexity(nll: np.ndarray, tokens: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """exp of the summed negative log-likelihood (nats) over all tokens of the weighted texts."""
    return np.exp(ratio(weights @ nll, weights @ np.asarray(tokens, dtype=weights.dtype)))
