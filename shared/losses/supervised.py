"""Losses of supervised fine-tuning, as sums over labelled positions.

Each takes float32 logits (positions, vocabulary) and returns a scalar sum in nats; the trainer
divides by the number of labelled tokens of the whole effective batch, so that the split into
devices and accumulation steps never changes the loss.
"""

import torch
from torch.nn.functional import cross_entropy


def token_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sum of the cross-entropy of `labels` (positions,)."""
    return cross_entropy(logits, labels, reduction="sum")


def minimum_cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, others: torch.Tensor
) -> torch.Tensor:
    """Sum over positions of min(CE(labels), CE(others)): R-Tuning appendix A.8, "min-loss".

    labels, others: (positions,), the ground truth and the refusal.
    """
    first = cross_entropy(logits, labels, reduction="none")
    second = cross_entropy(logits, others, reduction="none")
    return torch.minimum(first, second).sum()
