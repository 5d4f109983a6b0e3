"""ROUGE-L against values worked by hand and a slow version."""

import itertools
import random

import pytest

from shared.metrics.overlap import common_subsequence, rouge_l


def test_by_hand():
    """the cat sat / the black cat sat down: 3 words in common, of 3 and 5."""
    found = rouge_l("The cat sat.", "The black cat sat down")
    assert found == pytest.approx((3 / 5, 1, 6 / 8))


def test_a_longer_output_has_full_recall():
    """What the released code of SafeEraser rewards: everything is in it, and much else."""
    found = rouge_l("a b c d e f g h", "b d")
    assert found.recall == 1 and found.precision == 0.25 and found.f1 == pytest.approx(0.4)


def test_roles_swap_recall_and_precision():
    one, other = rouge_l("a b x", "a b c d"), rouge_l("a b c d", "a b x")
    assert (one.recall, one.precision, one.f1) == (other.precision, other.recall, other.f1)


@pytest.mark.parametrize(
    ("output", "reference"), [("", "a b"), ("a", ""), ("...", "a"), ("x", "y")]
)
def test_nothing_in_common(output, reference):
    assert rouge_l(output, reference) == (0, 0, 0)


def test_against_a_slow_version():
    rng = random.Random(0)
    for _ in range(50):
        one, other = ([rng.choice("abc") for _ in range(rng.randint(0, 7))] for _ in range(2))
        subsequences = {
            tuple(one[i] for i in places)
            for size in range(len(one) + 1)
            for places in itertools.combinations(range(len(one)), size)
        }
        best = max(
            size
            for size in range(len(other) + 1)
            for places in itertools.combinations(range(len(other)), size)
            if tuple(other[i] for i in places) in subsequences
        )
        assert common_subsequence(one, other) == best
