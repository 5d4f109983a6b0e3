import numpy as np

from shared.metrics.calibration import expected_calibration_error
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate, rate_among

NAN = np.nan


def test_percent_metrics_are_multiplied_and_others_are_not():
    columns = {"x": np.array([0.0, 0.5])}
    assert Metric("x", ("x",), mean).value(columns, np.ones(2)) == 25.0
    assert Metric("x", ("x",), mean, unit="").value(columns, np.ones(2)) == 0.25


def test_a_share_may_be_printed_of_a_number():
    metric = Metric("right", ("x",), rate, unit="", of=200)
    assert metric.value({"x": np.array([1.0, 0.0, 1.0, 1.0])}, np.ones(4)) == 150
    assert metric.top == 200 and Metric("x", ("x",), mean, unit="").top is None


def test_an_example_that_could_not_be_scored_has_no_weight():
    """Of 1, NaN, 0, 1 the rate is 2 / 3 of the scored, not 2 / 4."""
    columns = {"x": np.array([1, NAN, 0, 1])}
    metric = Metric("x", ("x",), rate, unit="")
    assert metric.value(columns, np.ones(4)) == 2 / 3
    np.testing.assert_array_equal(metric.scored(columns), [True, False, True, True])


def test_one_missing_column_is_enough_to_lose_the_weight():
    """Example 0 lacks a confidence; of the others, 1 right at 0.9 and 0 right at 0.2.

    Bins hold one example each: (|1 - 0.9| + |0 - 0.2|) / 2 = 0.15.
    """
    columns = {"correct": np.array([1, 1, 0]), "confidence": np.array([NAN, 0.9, 0.2])}
    metric = Metric("ece", ("correct", "confidence"), expected_calibration_error, unit="")
    np.testing.assert_allclose(metric.value(columns, np.ones(3)), 0.15)


def test_the_weights_of_the_caller_are_not_changed():
    weights = np.ones((2, 3))
    Metric("x", ("x",), rate).value({"x": np.array([1, NAN, 0])}, weights)
    assert (weights == 1).all()


def test_denominator():
    columns = {
        "correct": np.array([1, 0, NAN, 1]),
        "answered": np.array([True, True, True, False]),
    }
    members = Metric("accuracy", ("correct", "answered"), rate_among)
    np.testing.assert_array_equal(members.denominator(columns), [True, True, False, False])
    everyone = Metric("accuracy", ("correct",), rate)
    np.testing.assert_array_equal(everyone.denominator(columns), [True, True, False, True])

    def accuracy_of_answered(correct, answered, weights):
        return rate(correct, weights * answered)

    own = Metric("a", ("correct", "answered"), accuracy_of_answered, among="answered")
    np.testing.assert_array_equal(own.denominator(columns), [True, True, False, False])
    np.testing.assert_allclose(own.value(columns, np.ones(4)), 50.0)
