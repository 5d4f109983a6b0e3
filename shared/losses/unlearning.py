"""Losses of unlearning, one value a row, so that a mean over rows is the same however they are
split into batches.

A method is a sum of terms. A term is a function of one or more streams (what is to be forgotten,
what is to be kept, ...), weighted. A further loss, such as NPO, is one more function.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, kl_div


@dataclass(frozen=True)
class Stream:
    """What a model says at the labelled positions of some rows (or at every position).

    logits: (positions, vocabulary) float32. labels, row_of: (positions,), the token that comes
    next and the number of the row. reference: as logits, of the frozen model that training began
    with.
    """

    logits: torch.Tensor
    labels: torch.Tensor
    row_of: torch.Tensor
    rows: int
    reference: torch.Tensor | None = None

    def per_row(self, values: torch.Tensor) -> torch.Tensor:
        """Sums of values (positions,) over the positions of each row: (rows,)."""
        return values.new_zeros(self.rows).index_add(0, self.row_of, values)

    def mean_per_row(self, values: torch.Tensor) -> torch.Tensor:
        return self.per_row(values) / self.per_row(torch.ones_like(values))


@dataclass(frozen=True)
class Term:
    """weight * loss(*streams).

    everywhere: at every position, prompt and padding included. reference: the loss compares with
    the model that training began with.
    """

    weight: float
    loss: Callable[..., torch.Tensor]  # of streams, gives (rows,)
    streams: tuple[str, ...]
    everywhere: bool = False
    reference: bool = False


def descent(stream: Stream) -> torch.Tensor:
    """Mean cross-entropy of the tokens of each row: learning them (GD and PO on what is kept,
    PO on refusals, prompt decoupling)."""
    return stream.mean_per_row(_nll(stream))


def ascent(stream: Stream) -> torch.Tensor:
    """Minus the mean cross-entropy: gradient ascent on what is to be forgotten (GA)."""
    return -descent(stream)


def joint_descent(*streams: Stream) -> torch.Tensor:
    """Mean cross-entropy over the tokens of row i of all streams together, as if the row's texts
    were one batch: the longer text weighs more (PO in SafeEraser's code)."""
    tokens = [stream.per_row(torch.ones_like(stream.labels)) for stream in streams]
    return sum(stream.per_row(_nll(stream)) for stream in streams) / sum(tokens)


def divergence(stream: Stream) -> torch.Tensor:
    """Mean over the positions of each row of KL(reference || model), in nats."""
    pair = [torch.log_softmax(x, dim=-1) for x in (stream.logits, stream.reference)]
    return stream.mean_per_row(kl_div(*pair, reduction="none", log_target=True).sum(dim=-1))


def _nll(stream: Stream) -> torch.Tensor:
    return cross_entropy(stream.logits, stream.labels, reduction="none")
