"""Grouping sequences of unequal length into batches with little padding."""

from collections.abc import Iterator, Sequence


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


def chunks(items: Sequence, size: int) -> Iterator[Sequence]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
