"""How much of a reference text an output has: ROUGE-L (Lin 2004)."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class RougeL(NamedTuple):
    """Longest common subsequence of words, over the words of the reference (recall), over those of
    the output (precision), and their harmonic mean. 0 where either text has no word."""

    recall: float
    precision: float
    f1: float


def rouge_l(output: str, reference: str) -> RougeL:
    """Words are runs of letters and digits in lower case, as in the package `rouge-score`."""
    ours, theirs = (re.findall(r"[a-z0-9]+", text.lower()) for text in (output, reference))
    common = common_subsequence(ours, theirs)
    if not common:
        return RougeL(0.0, 0.0, 0.0)
    return RougeL(common / len(theirs), common / len(ours), 2 * common / (len(ours) + len(theirs)))


def common_subsequence(one: Sequence, other: Sequence) -> int:
    """Length of the longest common subsequence."""
    lengths = [0] * (len(other) + 1)
    for item in one:
        before = 0  # the length one row up, one column left
        for place, candidate in enumerate(other, start=1):
            above = lengths[place]
            lengths[place] = before + 1 if item == candidate else max(above, lengths[place - 1])
            before = above
    return lengths[-1]
