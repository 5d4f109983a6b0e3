import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from shared.metrics.tradeoff import auroc, f1, f1_of_always, roc_curve


def test_area_by_hand():
    """Positives 0.9 and 0.4, negatives 0.5 and 0.4. Of four pairs 0.9 wins both, 0.4 loses one
    and ties one: (1 + 1 + 0 + 1/2) / 4 = 0.625."""
    positive, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.4, 0.4])
    np.testing.assert_allclose(auroc(positive, score, np.ones(4)), 0.625)


@pytest.mark.parametrize("levels", [2, 7, 10**6])
def test_area_equals_scikit_learn_for_every_row_of_weights(levels):
    generator = np.random.default_rng(levels)
    positive = generator.integers(0, 2, 200)
    score = generator.integers(0, levels, 200) / levels
    weights = generator.integers(0, 3, (2, 3, 200)).astype(np.float32)
    expected = [[roc_auc_score(positive, score, sample_weight=w) for w in row] for row in weights]
    np.testing.assert_allclose(auroc(positive, score, weights), expected, rtol=1e-5)


def test_area_without_one_of_the_kinds_is_not_a_number():
    assert np.isnan(auroc(np.ones(3), np.arange(3.0), np.ones(3)))
    assert np.isnan(auroc(np.array([1, 0]), np.arange(2.0), np.array([1.0, 0.0])))


def test_area_is_that_under_the_curve():
    generator = np.random.default_rng(0)
    positive, score = generator.integers(0, 2, 80), generator.integers(0, 9, 80)
    weights = generator.random(80)
    fpr, tpr, _ = roc_curve(positive, score, weights)
    np.testing.assert_allclose(np.trapezoid(tpr, fpr), auroc(positive, score, weights))


def test_curve_by_hand():
    """Scores 3 (positive), 2 (negative and positive together), 1 (negative)."""
    fpr, tpr, threshold = roc_curve(np.array([0, 1, 0, 1]), np.array([1, 2, 2, 3]), np.ones(4))
    np.testing.assert_allclose(fpr, [0, 0, 0.5, 1])
    np.testing.assert_allclose(tpr, [0, 0.5, 1, 1])
    np.testing.assert_allclose(threshold, [np.inf, 3, 2, 1])


def test_curve_equals_scikit_learn():
    generator = np.random.default_rng(1)
    positive, score = generator.integers(0, 2, 60), generator.integers(0, 8, 60)
    weights = generator.random(60)
    expected = sklearn_curve(positive, score, sample_weight=weights, drop_intermediate=False)
    for ours, theirs in zip(roc_curve(positive, score, weights), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_f1_by_hand():
    """TP 2, FP 1, FN 1: 4 / (4 + 1 + 1) = 2/3."""
    flagged, positive = np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0, 1, 0])
    np.testing.assert_allclose(f1(flagged, positive, np.ones(5)), 2 / 3)


def test_f1_equals_scikit_learn_for_every_row_of_weights():
    generator = np.random.default_rng(2)
    flagged, positive = generator.integers(0, 2, (2, 50))
    weights = generator.integers(0, 4, (3, 50)).astype(np.float32)
    expected = [f1_score(positive, flagged, sample_weight=w) for w in weights]
    np.testing.assert_allclose(f1(flagged, positive, weights), expected, rtol=1e-6)


def test_f1_of_refusing_all_of_coconot():
    """1,001 requests to refuse and 379 to answer: 2 x 1,001 / (2 x 1,001 + 379) = 0.841."""
    positive = np.repeat([1, 0], [1001, 379])
    np.testing.assert_allclose(f1_of_always(positive, np.ones(1380)), 0.841, atol=5e-4)


def test_f1_of_nothing_is_not_a_number():
    assert np.isnan(f1(np.zeros(3), np.zeros(3), np.ones(3)))
