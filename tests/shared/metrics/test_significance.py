import numpy as np
import pytest
from scipy.stats import binomtest

from shared.metrics.significance import bootstrap_p, holm, mcnemar_exact


def test_mcnemar_by_hand():
    """b = 1, c = 5: 2 * (C(6,0) + C(6,1)) / 2^6 = 2 * 7 / 64 = 0.21875."""
    assert mcnemar_exact(1, 5) == pytest.approx(0.21875)


@pytest.mark.parametrize("b, c", [(0, 8), (3, 14), (40, 61), (500, 400)])
def test_mcnemar_equals_the_binomial_test(b, c):
    assert mcnemar_exact(b, c) == pytest.approx(binomtest(b, b + c).pvalue)
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


def test_mcnemar_without_evidence_is_one():
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(4, 4) == 1


def test_bootstrap_p_by_hand():
    """3 of 99 draws at or below zero: 2 * (3 + 1) / (99 + 1) = 0.08. The sign does not matter."""
    draws = np.array([-1.0, -2.0, 0.0] + [1.0] * 96)
    assert bootstrap_p(draws) == pytest.approx(0.08)
    assert bootstrap_p(-draws) == pytest.approx(0.08)


def test_bootstrap_p_is_never_zero_nor_above_one():
    assert bootstrap_p(np.ones(999)) == pytest.approx(2 / 1000)
    assert bootstrap_p(np.zeros(999)) == 1
    assert np.isnan(bootstrap_p(np.full(5, np.nan)))
    assert bootstrap_p(np.append(np.ones(999), np.nan)) == pytest.approx(2 / 1000)


def test_bootstrap_p_is_about_uniform_without_a_difference():
    """Under no difference, p < 0.05 in about 5 % of experiments (2,000 of n = 200)."""
    generator = np.random.default_rng(0)
    rejected = 0
    for _ in range(2000):
        observed = generator.normal(0, 1 / np.sqrt(200))
        rejected += bootstrap_p(generator.normal(observed, 1 / np.sqrt(200), 400)) < 0.05
    assert 0.035 < rejected / 2000 < 0.065


def test_holm_by_hand():
    """Sorted 0.01, 0.02, 0.03 times 3, 2, 1: 0.03, 0.04, 0.03 -> never falling: 0.03 0.04 0.04."""
    np.testing.assert_allclose(holm([0.03, 0.01, 0.02]), [0.04, 0.03, 0.04])


def test_holm_leaves_out_nan_and_stops_at_one():
    np.testing.assert_allclose(holm([0.6, np.nan, 0.7]), [1, np.nan, 1])
    np.testing.assert_allclose(holm([0.04]), [0.04])
    assert np.isnan(holm([np.nan])).all()
    assert len(holm([])) == 0
