"""The gaps of CenterBench by hand, and what their intervals resample."""

import numpy as np
import pytest

from papers.center_bench import analyze, metrics
from tests.papers.center_bench.conftest import answers, groups, made


def test_gap_is_the_difference_of_two_accuracies():
    """Plausible 2 of 3 right, others 1 of 4: 2/3 − 1/4 = 5/12."""
    correct = np.array([1, 1, 0, 1, 0, 0, 0.0])
    plausible = np.array([1, 1, 1, 0, 0, 0, 0.0])
    assert metrics.gap(correct, plausible, np.ones(7)) == pytest.approx(5 / 12)
    weights = np.array([[1, 0, 1, 2, 2, 0, 0], [1, 1, 1, 0, 0, 0, 0.0]])
    found = metrics.gap(correct, plausible, weights)
    assert found[0] == pytest.approx(1 / 2 - 2 / 4)
    assert np.isnan(found[1])  # no weight on the others


def test_median_gap_is_the_median_of_the_levels_and_leaves_unscored_questions_out():
    """Gaps of levels 1, 2, 3: 1 − 0, 0 − 1, 1 − 1; their median is 0, the pooled gap 2/3 − 2/3.

    A fourth level of plausible questions that could not be scored (level 0) changes nothing.
    """
    level = np.array([1, 1, 2, 2, 3, 3, 0, 0])
    plausible = np.array([1, 0, 1, 0, 1, 0, 0, 0.0])
    correct = np.array([1, 0, 0, 1, 1, 1, 0, 0.0])
    weights = np.array([1, 1, 1, 1, 1, 1, 0, 0.0])
    assert metrics.median_gap(correct, plausible, level, weights) == 0
    correct[2] = 1  # level 2: 1 − 1; gaps 1, 0, 0
    assert metrics.median_gap(correct, plausible, level, weights) == 0
    correct[3] = 0  # level 2: 1 − 0; gaps 1, 1, 0
    assert metrics.median_gap(correct, plausible, level, weights) == 1
    without = weights * (level != 2)
    assert np.isnan(metrics.median_gap(correct, plausible, level, without))


def test_median_gap_of_many_weights_is_that_of_each():
    rng = np.random.default_rng(0)
    level, plausible = np.repeat([1, 2, 3], 20), np.tile([0, 1], 30)
    correct = rng.integers(0, 2, 60).astype(float)
    weights = rng.integers(1, 4, (5, 60)).astype(np.float32)
    together = metrics.median_gap(correct, plausible, level, weights)
    alone = [metrics.median_gap(correct, plausible, level, row) for row in weights]
    np.testing.assert_allclose(together, alone)


def test_the_interval_of_a_median_gap_does_not_vanish_where_one_sentence_moves_no_median():
    """Gaps of 0 at four levels: whichever sentence is left out, the median stays 0."""
    uneven = {1: (6, 3), 2: (3, 6)}

    def right(subset, level, kind, number, source):
        return number < uneven.get(level, (3, 3))[subset != "plausible"]

    cell = made(groups(model=answers(right))).loc["median_gap"]
    cell = cell.loc["model", "", "Generated", "median_gap", "corrected"]
    assert cell["value"] == 0 and cell["ci_low"] < -1 and cell["ci_high"] > 1


def test_sentences_are_resampled_and_not_questions():
    """All six questions of a sentence move together: the interval must be that of 12 sentences.

    With half of 12 sentences right, the standard error is 50 / √12 = 14.4 points, whether one or
    six questions are asked of each; of 72 independent questions it would be 5.9.
    """

    def width(types):
        frame = answers(
            lambda subset, level, kind, number, source: number % 2 == 0,
            sentences=12,
            levels=[3],
            types=types,
        )
        cell = made(groups(model=frame)).loc["accuracy_by_level"].iloc[0]
        return cell["ci_high"] - cell["ci_low"]

    assert width(analyze.TYPES) == pytest.approx(width(analyze.TYPES[:1]))
    assert width(analyze.TYPES) == pytest.approx(2 * 1.96 * 14.4, rel=0.25)


def test_a_plausible_sentence_and_its_matched_one_are_resampled_together():
    """Hard sentences are hard in both versions: the gap with the same words never varies, while
    the gap to unrelated sentences has."""
    frame = answers(lambda subset, level, kind, number, source: number < 3)
    found = made(groups(model=frame)).loc["gap_by_level"]
    same = found.loc["model", "", "Generated, same words, level 2", "gap", "corrected"]
    assert same["value"] == 0 and np.isnan(same["ci_low"]) and np.isnan(same["ci_high"])
    other = found.loc["model", "", "Generated, level 2", "gap", "corrected"]
    assert other["ci_low"] < 0 < other["ci_high"]
