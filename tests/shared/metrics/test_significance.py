import numpy as np

from shared.metrics.significance import benjamini_hochberg, holm


def test_holm_by_hand():
    """Sorted 0.01, 0.02, 0.03 times 3, 2, 1: 0.03, 0.04, 0.03 -> never falling: 0.03 0.04 0.04."""
    np.testing.assert_allclose(holm([0.03, 0.01, 0.02]), [0.04, 0.03, 0.04])


def test_holm_leaves_out_nan_and_stops_at_one():
    np.testing.assert_allclose(holm([0.6, np.nan, 0.7]), [1, np.nan, 1])
    np.testing.assert_allclose(holm([0.04]), [0.04])
    assert np.isnan(holm([np.nan])).all()
    assert len(holm([])) == 0


def test_benjamini_hochberg_by_hand():
    """Sorted 0.01, 0.02, 0.04 times 3 / rank: 0.03, 0.03, 0.04; never above a later one."""
    np.testing.assert_allclose(benjamini_hochberg([0.04, 0.01, 0.02]), [0.04, 0.03, 0.03])


def test_benjamini_hochberg_leaves_out_nan():
    np.testing.assert_allclose(benjamini_hochberg([0.04, np.nan, 0.9]), [0.08, np.nan, 0.9])
    assert len(benjamini_hochberg([])) == 0


def test_of_few_true_effects_among_many_few_false_ones_are_found():
    """10 true effects (p near 0) among 40 without: at most about 5 % of what is found is false."""
    generator = np.random.default_rng(0)
    false = []
    for _ in range(400):
        p = np.append(generator.random(10) * 1e-6, generator.random(40))
        found = benjamini_hochberg(p) < 0.05
        false.append(found[10:].sum() / found.sum())
    assert 0.02 < np.mean(false) < 0.05
