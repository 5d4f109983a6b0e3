import numpy as np
import pytest
from scipy.stats import binomtest

from shared.metrics.intervals import wilson


@pytest.mark.parametrize("k, n", [(1, 10), (0, 20), (7, 13), (20, 20), (120, 400)])
def test_as_scipys_wilson(k, n):
    theirs = binomtest(k, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(k / n, n), (theirs.low, theirs.high), atol=1e-7)


def test_the_ends_are_in_reach_and_mirror_one_another():
    assert wilson(0, 20)[0] == 0 and wilson(1, 20)[1] == 1
    low, high = wilson(0.15, 20)
    np.testing.assert_allclose(wilson(0.85, 20), (1 - high, 1 - low))
    assert np.isnan(wilson(0.5, 0)).all()


def test_a_larger_quantile_is_wider():
    assert wilson(0.1, 30, 3)[0] < wilson(0.1, 30)[0] < 0.1 < wilson(0.1, 30)[1]
