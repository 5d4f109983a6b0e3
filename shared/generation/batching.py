"""Grouping sequences of unequal length into batches with little padding."""

from collections.abc import Sequence


def length_batches(lengths: Sequence[int], batch_size: int, max_tokens: int) -> list[list[int]]:
    """Indices in batches, longest first, so that a batch that is too large fails at once.

    A batch has at most `batch_size` rows and, its rows padded to the longest, at most
    `max_tokens` tokens (a single longer row is a batch of its own). Every index occurs once.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches: list[list[int]] = []
    for index in order:
        full = not batches or len(batches[-1]) >= min(
            batch_size, max(1, max_tokens // lengths[batches[-1][0]])
        )
        if full:
            batches.append([])
        batches[-1].append(index)
    return batches


def common_prefix(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all sequences begin with, leaving each at least one of its own."""
    shortest = min(map(len, sequences))
    first, *rest = sequences
    for position in range(shortest - 1):
        if any(other[position] != first[position] for other in rest):
            return position
    return shortest - 1
