"""Means and rates of weighted examples.

Every metric takes example weights of shape (..., n) and returns shape (...), so the value
without some examples is the same metric with their weights at 0. An empty denominator is NaN, never
0.
"""

import numpy as np

from shared.metrics.traits import traits


@traits(sums="mean")
def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of `values` (n,), such as words or points."""
    return mean_among(values, np.ones(len(values)), weights)


@traits(sums="mean", members=1)
def mean_among(values: np.ndarray, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of `values` (n,) over the members, (n,) of 0 or 1."""
    part = (np.asarray(members) * values).astype(weights.dtype)
    return ratio(weights @ part, weights @ np.asarray(members, dtype=weights.dtype))


@traits(share=True, sums="mean")
def rate(hits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the examples with `hits` (n,): 0 or 1, or what an example has of 1."""
    return mean(hits, weights)


@traits(share=True, sums="mean")
def mean_of_sets(values: np.ndarray, shares: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of `values` (n,) in which each counts as its share (n,), above 0: the mean of
    the means of several sets, if the share is one over the size of an example's set."""
    shares = np.asarray(shares, dtype=weights.dtype)
    return ratio(weights @ (shares * values), weights @ shares)


@traits(share=True, sums="mean", members=1)
def rate_among(hits: np.ndarray, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of hits among the members, (n,) of 0 or 1.

    Accuracy on the questions that were answered is `rate_among(correct, answered, weights)`.
    """
    return mean_among(hits, members, weights)


@traits(share=True)
def mean_of_strata(values: np.ndarray, stratum: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over strata (benchmarks) of the mean of `values` (n,) between 0 and 1 in each, so that
    each counts alike. stratum: (n,) whole numbers from 0. NaN where one of them has no weight."""
    members = np.eye(stratum.astype(int).max() + 1, dtype=weights.dtype)[stratum.astype(int)]
    sums = weights @ (members * np.asarray(values, dtype=weights.dtype)[:, None])
    return ratio(sums, weights @ members).mean(axis=-1)


@traits(share=True, sums="ratio")
def ratio_of_sums(parts: np.ndarray, wholes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of `parts` (n,) over sum of `wholes` (n,): a rate of things that examples hold several
    of, such as characters."""
    return ratio(
        weights @ np.asarray(parts, dtype=weights.dtype),
        weights @ np.asarray(wholes, dtype=weights.dtype),
    )


@traits(exact=True)
def count(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of `values` (n,): a count of everything there is, whatever the weights."""
    return np.full(weights.shape[:-1], values.sum())[()]


@traits(exact=True, clock=True)
def seconds(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of `values` (n,), the seconds that each example took."""
    return count(values, weights)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, and NaN where `whole` is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    nan = np.full(part.shape, np.nan, dtype=np.result_type(part, np.float32))
    return np.divide(part, whole, out=nan, where=whole > 0)[()]
