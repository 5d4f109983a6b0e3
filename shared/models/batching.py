"""Grouping sequences of unequal length into batches with little padding."""

import itertools
from collections.abc import Sequence


def length_batches(lengths: Sequence[int], batch_size: int, max_tokens: int) -> list[list[int]]:
    """Indices in batches, longest first, so that a batch that is too large fails at once.

    A batch has at most `batch_size` rows and, its rows padded to the longest, at most
    `max_tokens` tokens (a single longer row is a batch of its own). Every index occurs once.
    """
    return pack(lengths, [1] * len(lengths), batch_size, max_tokens)


def common_prefix(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all sequences begin with, leaving each at least one of its own."""
    shortest = min(map(len, sequences))
    first, *rest = sequences
    for position in range(shortest - 1):
        if any(other[position] != first[position] for other in rest):
            return position
    return shortest - 1


def shared_beginnings(sequences: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Indices in groups whose members begin alike, so that the fewest tokens are run.

    Running what a group of k has in common (s tokens) once saves (k - 1) s. Of all ways to cut
    the sorted sequences into groups of at most `most`, this is one that saves the most.
    """
    order = sorted(range(len(sequences)), key=lambda i: list(sequences[i]))
    ordered = [sequences[i] for i in order]
    alike = [0] + [common_prefix(pair) for pair in itertools.pairwise(ordered)]
    saved, cut = [0] * (len(order) + 1), [0] * (len(order) + 1)  # of the first so many
    for end in range(1, len(order) + 1):
        best, stem = -1, len(ordered[end - 1])
        for begin in range(end - 1, max(-1, end - 1 - most), -1):
            found = saved[begin] + (end - begin - 1) * stem
            if found > best:
                best, cut[end] = found, begin
            stem = min(stem, alike[begin])
        saved[end] = best
    groups, end = [], len(order)
    while end:
        groups.append(order[cut[end] : end])
        end = cut[end]
    return groups[::-1]


def pack(
    lengths: Sequence[int], sizes: Sequence[int], batch_size: int, max_tokens: int
) -> list[list[int]]:
    """Groups of rows in batches, longest first, each group whole.

    lengths: of the longest row of each group. sizes: rows of each group. A batch has at most
    `batch_size` rows and `max_tokens` tokens, or is a single group.
    """
    batches: list[list[int]] = []
    rows = longest = 0
    for group in sorted(range(len(lengths)), key=lambda g: (-lengths[g], g)):
        more = rows + sizes[group]
        if not batches or more > batch_size or more * longest > max_tokens:
            batches.append([])
            more, longest = sizes[group], lengths[group]
        batches[-1].append(group)
        rows = more
    return batches
