import numpy as np
import pytest

from shared.metrics.rates import (
    count,
    mean,
    mean_of_sets,
    mean_of_strata,
    rate,
    rate_among,
    ratio,
    ratio_of_sums,
)


def test_mean_by_hand():
    """(1*2 + 4*1 + 6*0) / (2 + 1 + 0) = 6 / 3 = 2."""
    assert mean(np.array([1.0, 4.0, 6.0]), np.array([2.0, 1.0, 0.0])) == 2.0


def test_rate_of_a_boolean_column():
    assert rate(np.array([True, False, True, True]), np.ones(4)) == 0.75


def test_rate_among_by_hand():
    """Answered: 0, 1, 3 with weights 1, 2, 1; right among them: 1 (weight 2). 2 / 4 = 0.5.

    Example 2 is right but was not answered, so it does not count.
    """
    correct = np.array([0, 1, 1, 0])
    answered = np.array([1, 1, 0, 1])
    assert rate_among(correct, answered, np.array([1.0, 2.0, 5.0, 1.0])) == 0.5


def test_strata_count_alike_whatever_their_size():
    """Stratum 0: (1 + 0 + 1) / 3 = 2/3. Stratum 1: 0.3. Their mean is 0.4833; of the first example
    without weight (0 + 1) / 2 and 0.3, and without all of stratum 1 there is none."""
    values, stratum = np.array([1, 0, 1, 0.3]), np.array([0, 0, 0, 1])
    weights = np.array([[1.0, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0]])
    found = mean_of_strata(values, stratum, weights)
    np.testing.assert_allclose(found, [(2 / 3 + 0.3) / 2, 0.4, np.nan])


def test_nobody_answered_is_nan_and_not_zero():
    assert np.isnan(rate_among(np.ones(3), np.zeros(3), np.ones(3)))
    assert np.isnan(mean(np.ones(3), np.zeros(3)))
    assert np.isnan(rate(np.array([]), np.array([])))


def test_all_answered_and_all_wrong_is_zero():
    assert rate_among(np.zeros(3), np.ones(3), np.ones(3)) == 0.0


@pytest.mark.parametrize("function, columns", [(mean, 1), (rate, 1), (rate_among, 2)])
def test_leading_dimensions_of_the_weights_are_kept(function, columns):
    generator = np.random.default_rng(1)
    data = [generator.integers(0, 2, 20) for _ in range(columns)]
    weights = generator.integers(0, 3, (4, 5, 20)).astype(np.float32)
    together = function(*data, weights)
    assert together.shape == (4, 5)
    one_by_one = [[function(*data, row) for row in block] for block in weights]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-6)


def test_a_weight_of_two_is_the_example_twice():
    values = np.array([0.25, 0.5, 1.0])
    assert mean(values, np.array([2.0, 1.0, 1.0])) == mean(values[[0, 0, 1, 2]], np.ones(4))


def test_ratio_is_nan_only_where_the_whole_is_zero():
    np.testing.assert_array_equal(
        ratio(np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.0, 5.0])), [0.5, np.nan, 0.0]
    )


def test_a_count_does_not_change_when_resampled():
    weights = np.array([[0.0, 3, 0], [1, 1, 1]])
    assert count(np.array([1, 1, 0]), weights).tolist() == [2, 2]


def test_ratio_of_sums_by_hand():
    """2 of 3 and 0 of 5 characters, the second example drawn twice: 2 / (3 + 10)."""
    parts, wholes = np.array([2, 0]), np.array([3, 5])
    assert ratio_of_sums(parts, wholes, np.array([1.0, 2.0])) == pytest.approx(2 / 13)
    assert np.isnan(ratio_of_sums(np.zeros(2), np.zeros(2), np.ones(2)))


def test_a_mean_of_sets_by_hand():
    """Sets 1, 1, 0, 1 and 0, 0: 3/4 and 0 make 3/8, where 3 of 6 examples are hits. Without the
    second set it is 3/4, and with every share alike the plain mean."""
    hits = np.array([1.0, 1, 0, 1, 0, 0])
    shares = np.array([1 / 4] * 4 + [1 / 2] * 2)
    assert mean_of_sets(hits, shares, np.ones(6)) == pytest.approx(0.375)
    assert mean_of_sets(hits, shares, np.array([1.0] * 4 + [0.0] * 2)) == pytest.approx(0.75)
    assert mean_of_sets(hits, np.full(6, 0.2), np.ones(6)) == pytest.approx(rate(hits, np.ones(6)))
    assert np.isnan(mean_of_sets(hits, shares, np.zeros(6)))
