import functools
import random

import pytest

from shared.metrics.edit_distance import align, distance


@pytest.mark.parametrize(
    "wanted, made, steps",
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("12/5", "1215", 1)],
)
def test_distances_known_from_textbooks(wanted, made, steps):
    assert distance(wanted, made) == steps


def by_recursion(a, b):
    """The definition, without a table."""

    @functools.cache
    def d(i, j):
        if not i or not j:
            return i + j
        return min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return d(len(a), len(b))


def test_distance_against_the_recursive_definition():
    rng = random.Random(0)
    for _ in range(60):
        a, b = ("".join(rng.choices("ab1", k=rng.randrange(7))) for _ in range(2))
        assert distance(a, b) == by_recursion(a, b) == distance(b, a)


def test_an_alignment_holds_both_texts_in_order_and_costs_the_distance():
    rng = random.Random(1)
    for _ in range(40):
        a, b = ("".join(rng.choices("ab1", k=rng.randrange(7))) for _ in range(2))
        pairs = align(a, b)
        assert "".join(left for left, _ in pairs if left is not None) == a
        assert "".join(right for _, right in pairs if right is not None) == b
        assert sum(left != right for left, right in pairs) == distance(a, b)


def test_align_by_hand():
    """ "24mg" read as "4mg": the 2 has no partner."""
    assert align("24mg", "4mg") == [("2", None), ("4", "4"), ("m", "m"), ("g", "g")]
