import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from sklearn.metrics import precision_recall_curve as sklearn_curve

from shared.metrics import ranking
from shared.metrics.ranking import average_precision, precision_recall_curve


def test_by_hand_without_ties():
    """Ranked: right, wrong, right, wrong. Precision at the right ones: 1/1 and 2/3.

    AP = (1 + 2/3) / 2 = 5/6.
    """
    correct, score = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.5, 0.7])
    np.testing.assert_allclose(average_precision(correct, score, np.ones(4)), 5 / 6)


def test_by_hand_with_a_tie():
    """A tie of one right and one wrong enters together: precision 1/2 there, whatever the order.

    Then a right one: precision 2/3. AP = (1/2 + 2/3) / 2 = 7/12.
    """
    score = np.array([0.9, 0.9, 0.5])
    for correct in ([1, 0, 1], [0, 1, 1]):
        np.testing.assert_allclose(average_precision(np.array(correct), score, np.ones(3)), 7 / 12)


@pytest.mark.parametrize("levels", [2, 5, 40, 10**6])
@pytest.mark.parametrize("kind", ["real", "whole"])
def test_equals_scikit_learn(levels, kind):
    """`levels` distinct scores: 2 is nearly all ties, a million hardly any."""
    generator = np.random.default_rng(levels)
    correct = generator.integers(0, 2, 300)
    score = generator.integers(0, levels, 300) / levels
    weights = generator.random(300) if kind == "real" else generator.integers(0, 3, 300) * 1.0
    expected = average_precision_score(correct, score, sample_weight=weights)
    np.testing.assert_allclose(average_precision(correct, score, weights), expected, rtol=1e-12)


def test_leading_dimensions_and_blocks(monkeypatch):
    """Blocks of 2 rows give what each row alone gives in double precision."""
    monkeypatch.setattr(ranking, "BLOCK", 250)
    generator = np.random.default_rng(3)
    correct, score = generator.integers(0, 2, 100), generator.integers(0, 30, 100) / 30
    weights = generator.multinomial(100, [0.01] * 100, size=(3, 5)).astype(np.float32)
    together = average_precision(correct, score, weights)
    assert together.shape == (3, 5)
    alone = [[average_precision(correct, score, row.astype(float)) for row in w] for w in weights]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_only_the_order_of_the_scores_counts():
    generator = np.random.default_rng(4)
    correct, score = generator.integers(0, 2, 50), generator.random(50)
    shuffle = generator.permutation(50)
    ap = average_precision(correct, score, np.ones(50))
    np.testing.assert_allclose(average_precision(correct, np.exp(5 * score), np.ones(50)), ap)
    np.testing.assert_allclose(average_precision(correct[shuffle], score[shuffle], np.ones(50)), ap)


def test_a_constant_score_gives_the_share_of_positives():
    np.testing.assert_allclose(
        average_precision(np.array([1, 0, 0, 0, 1]), np.zeros(5), np.ones(5)), 0.4
    )


def test_nan_without_positives():
    score = np.array([0.1, 0.2])
    assert np.isnan(average_precision(np.zeros(2), score, np.ones(2)))
    assert np.isnan(average_precision(np.array([]), np.array([]), np.array([])))
    weights = np.array([[0.0, 1.0], [1.0, 1.0]])  # the first row gives the positive no weight
    result = average_precision(np.array([1, 0]), score, weights)
    np.testing.assert_array_equal(result, [np.nan, 0.5])


def test_curve_equals_scikit_learn_and_its_steps_have_the_area_ap():
    generator = np.random.default_rng(5)
    correct, score = generator.integers(0, 2, 80), generator.integers(0, 20, 80) / 20
    weights = generator.random(80)
    precision, recall, thresholds = precision_recall_curve(correct, score, weights)
    theirs = sklearn_curve(correct, score, sample_weight=weights)
    np.testing.assert_allclose(precision, theirs[0][:-1][::-1])  # theirs run upwards and end in 1
    np.testing.assert_allclose(recall, theirs[1][:-1][::-1])
    np.testing.assert_allclose(thresholds, theirs[2][::-1])
    area = (np.diff(recall, prepend=0) * precision).sum()
    np.testing.assert_allclose(average_precision(correct, score, weights), area)
