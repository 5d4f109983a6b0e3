"""Steering vectors: the mean difference of two sets of states, thinned."""

from collections.abc import Mapping

import numpy as np
import torch

from shared.errors import UserError

Vectors = Mapping[int, torch.Tensor]  # block -> (hidden,)


def mean_difference(first: np.ndarray, second: np.ndarray, keep: float = 1.0) -> np.ndarray:
    """Mean of first minus second over pairs, in the dimensions in which they differ most steadily.

    first, second: (pairs, ..., hidden); the result is (..., hidden). Of each vector the share
    `keep` of dimensions, rounded down but at least one, stays: those with the lowest variance over
    the pairs (population variance); the others are 0. A steady difference belongs to what tells the
    sets apart rather than to single prompts (RoleRef, arXiv 2409.16913).
    """
    if first.shape != second.shape or not len(first):
        raise UserError(
            f"steering vector: found {len(first)} and {len(second)} states; expected pairs"
        )
    if not 0 < keep <= 1:
        raise UserError(f"steering vector: keep is {keep}; expected a share above 0, at most 1")
    differences = first.astype(np.float64) - second
    mean, variance = differences.mean(axis=0), differences.var(axis=0)
    ranks = variance.argsort(axis=-1, kind="stable").argsort(axis=-1)
    kept = ranks < max(1, int(keep * mean.shape[-1]))
    return np.where(kept, mean, 0).astype(np.float32)
