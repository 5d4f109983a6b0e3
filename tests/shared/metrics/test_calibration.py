import numpy as np

from shared.metrics.calibration import expected_calibration_error, reliability_bins


def slow_ece(correct, confidence, weights, bins):
    """Guo et al.'s equation 3, bin by bin."""
    error = 0.0
    for b in range(1, bins + 1):
        inside = [(b - 1) / bins < c <= b / bins or (b == 1 and c == 0) for c in confidence]
        w = weights * inside
        if w.sum():
            gap = (w * correct).sum() / w.sum() - (w * confidence).sum() / w.sum()
            error += w.sum() / weights.sum() * abs(gap)
    return error


def test_by_hand():
    """Bin (0.8, 0.9]: two at 0.9, one right: accuracy 0.5, gap 0.4, share 2/4.

    Bin (0.1, 0.2]: two at 0.2, none right: gap 0.2, share 2/4. ECE = 0.2 + 0.1 = 0.3.
    """
    correct = np.array([1, 0, 0, 0])
    confidence = np.array([0.9, 0.9, 0.2, 0.2])
    np.testing.assert_allclose(expected_calibration_error(correct, confidence, np.ones(4)), 0.3)


def test_equals_the_slow_version_with_weights_and_other_bins():
    generator = np.random.default_rng(0)
    confidence = np.append(generator.random(200), [0, 0.1, 0.3, 0.7, 1])  # edges included
    correct = generator.integers(0, 2, len(confidence))
    weights = generator.integers(0, 4, (3, len(confidence))).astype(float)
    for bins in (1, 7, 10, 15):
        expected = [slow_ece(correct, confidence, w, bins) for w in weights]
        ours = expected_calibration_error(correct, confidence, weights, bins)
        np.testing.assert_allclose(ours, expected)


def test_an_edge_belongs_to_the_bin_below():
    """0.7 and 0.65 share the bin (0.6, 0.7]: gaps +0.3 and -0.65 cancel to 0.35 / 2.

    In bins of their own they would add up to 0.95 / 2.
    """
    ece = expected_calibration_error(np.array([1, 0]), np.array([0.7, 0.65]), np.ones(2))
    np.testing.assert_allclose(ece, 0.175)


def test_certain_and_right_is_zero_and_certain_and_wrong_is_one():
    assert expected_calibration_error(np.ones(3), np.ones(3), np.ones(3)) == 0
    assert expected_calibration_error(np.zeros(3), np.ones(3), np.ones(3)) == 1


def test_no_examples_is_nan():
    assert np.isnan(expected_calibration_error(np.ones(3), np.ones(3), np.zeros(3)))


def test_bars_add_up_to_the_error():
    generator = np.random.default_rng(1)
    correct, confidence = generator.integers(0, 2, 300), generator.random(300)
    weights = generator.random(300)
    bars = reliability_bins(correct, confidence, weights, bins=10)
    np.testing.assert_allclose(bars.weight.sum(), weights.sum())
    gaps = (bars.accuracy - bars.confidence).abs()
    np.testing.assert_allclose(
        (gaps * bars.weight).sum() / bars.weight.sum(),
        expected_calibration_error(correct, confidence, weights),
    )
    assert ((bars.confidence > bars.lower) & (bars.confidence <= bars.upper)).all()


def test_an_empty_bar_is_nan():
    bars = reliability_bins(np.array([1]), np.array([0.95]), np.ones(1), bins=2)
    assert np.isnan(bars.accuracy[0])
    assert bars.accuracy[1] == 1
