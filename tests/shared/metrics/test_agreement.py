import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from shared.metrics.agreement import agreement, cohen_kappa


def test_by_hand():
    """Ten examples: both 1 on 4, both 0 on 3, first only on 2, second only on 1.

    Observed 7/10; the first says 1 of 6/10, the second of 5/10, so expected is
    0.6 x 0.5 + 0.4 x 0.5 = 0.5, and kappa (0.7 - 0.5) / 0.5 = 0.4.
    """
    first = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 0])
    second = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 1])
    weights = np.ones(10)
    assert agreement(first, second, weights) == pytest.approx(0.7)
    assert cohen_kappa(first, second, weights) == pytest.approx(0.4)


def test_kappa_as_scikit_learn_and_with_weights_as_repeats():
    generator = np.random.default_rng(0)
    first, second = generator.integers(2, size=(2, 200))
    repeats = generator.integers(4, size=(3, 200))
    found = cohen_kappa(first, second, repeats.astype(float))
    expected = [cohen_kappa_score(first.repeat(r), second.repeat(r)) for r in repeats]
    assert found == pytest.approx(expected)


def test_a_rater_without_opinion_agrees_by_chance_only():
    first, second = np.zeros(4), np.array([0, 1, 0, 0])
    assert cohen_kappa(first, second, np.ones(4)) == 0
    assert np.isnan(cohen_kappa(first, first, np.ones(4)))
    assert np.isnan(agreement(first, first, np.zeros(4)))
