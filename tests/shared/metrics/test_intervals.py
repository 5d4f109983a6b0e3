import numpy as np
import pytest
from scipy.stats import binomtest

from shared.metrics.intervals import bootstrap_weights, percentile_interval, wilson
from shared.metrics.rates import rate


def test_each_resample_draws_n_examples():
    weights = bootstrap_weights(50, 200, 0)
    assert weights.shape == (200, 50)
    assert weights.dtype == np.float32
    assert (weights.sum(axis=1) == 50).all()


def test_resamples_are_multinomial():
    """Variance of one weight is 1 - 1/n, covariance of two is -1/n (here n = 20)."""
    weights = bootstrap_weights(20, 20_000, 1).astype(float)
    covariance = np.cov(weights.T)
    np.testing.assert_allclose(np.diag(covariance).mean(), 1 - 1 / 20, rtol=0.02)
    np.testing.assert_allclose(covariance[np.triu_indices(20, 1)].mean(), -1 / 20, rtol=0.02)


def test_weights_depend_on_the_seed_only_and_cannot_be_changed():
    first = bootstrap_weights(30, 10, 7).copy()
    bootstrap_weights.cache_clear()
    np.testing.assert_array_equal(bootstrap_weights(30, 10, 7), first)
    assert (bootstrap_weights(30, 10, 8) != first).any()
    with pytest.raises(ValueError, match="read-only"):
        bootstrap_weights(30, 10, 7)[0, 0] = 5


def test_bootstrap_interval_of_a_rate_is_the_binomial_one():
    """For 40 of 100 the bootstrap count is binomial(100, 0.4): standard error 0.049."""
    hits = np.arange(100) < 40
    low, high = percentile_interval(rate(hits, bootstrap_weights(100, 4000, 0)))
    np.testing.assert_allclose([low, high], [0.4 - 1.96 * 0.049, 0.4 + 1.96 * 0.049], atol=0.012)


def test_percentile_interval_by_hand():
    """The 2.5 and 97.5 percentiles of 0..1000 are 25 and 975; NaN draws are left out."""
    draws = np.append(np.arange(1001.0), [np.nan] * 5)
    assert percentile_interval(draws) == pytest.approx((25, 975))
    assert percentile_interval(draws, level=0.9) == pytest.approx((50, 950))
    assert np.isnan(percentile_interval(np.full(3, np.nan))).all()


def test_wilson():
    """For 1 of 10, z = 1.96: centre (1 + 1.9207)/13.8415 = 0.2110, half 0.1932."""
    np.testing.assert_allclose(wilson(1, 10), (0.01788, 0.40416), atol=2e-5)


@pytest.mark.parametrize("k, n", [(0, 7), (3, 20), (640, 1000)])
def test_wilson_equals_scipy(k, n):
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(k, n), (theirs.low, theirs.high), atol=1e-12)


def test_wilson_stays_between_0_and_1_and_is_symmetric():
    assert wilson(0, 20)[0] == pytest.approx(0)
    assert wilson(20, 20)[1] == pytest.approx(1)
    low, high = wilson(3, 20)
    np.testing.assert_allclose(wilson(17, 20), (1 - high, 1 - low))
    assert np.isnan(wilson(0, 0)).all()
