import math

import pytest

from shared.metrics.uncertainty import answer_entropy


def test_entropy_by_hand():
    """Shares 1/2, 1/4, 1/4: (1/2) ln 2 + 2 (1/4) ln 4 = 1.5 ln 2."""
    assert answer_entropy(["a", "b", "a", "c"]) == pytest.approx(1.5 * math.log(2))


def test_entropy_bounds():
    assert answer_entropy(["same"] * 10) == 0
    assert answer_entropy(list("abcdefghij")) == pytest.approx(math.log(10))


def test_entropy_counts_strings_as_they_are():
    assert answer_entropy(["Paris", "paris"]) == pytest.approx(math.log(2))
