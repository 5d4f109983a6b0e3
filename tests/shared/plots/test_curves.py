"""Curves draw the rates they are given."""

import numpy as np
import pytest

from shared.metrics.tradeoff import roc_curve
from shared.plots import curves, style

LOOKS = style.looks(["Vanilla", "R-Tuning"])


def line(axes, label):
    return next(each for each in axes.lines if each.get_label() == label)


def test_the_line_goes_through_the_points_of_the_curve(axes):
    """Positives at 0.9 and 0.4, negatives at 0.5 and 0.1: up to (0, 50), right to (50, 50), up to
    (50, 100), right to (100, 100)."""
    curve = roc_curve(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.5, 0.1]), np.ones(4))[:2]
    curves.rates_over_thresholds(axes, {"Vanilla": [curve]}, looks=LOOKS)
    x, y = line(axes, "Vanilla").get_data()
    at = dict(zip(np.round(x, 1), y, strict=True))
    assert (at[0.0], at[25.0], at[50.0], at[75.0], at[100.0]) == (50, 50, 100, 100, 100)
    assert y.max() == 100 and not axes.collections  # one seed: no band


def test_two_seeds_have_their_mean_and_a_band(axes):
    """Perfect and chance: in the middle 100 and 50, mean 75."""
    perfect = (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    chance = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    curves.rates_over_thresholds(
        axes, {"Vanilla": [perfect, chance]}, looks=LOOKS, dashed=["Vanilla"]
    )
    x, y = line(axes, "Vanilla").get_data()
    assert y[np.isclose(x, 50)][0] == pytest.approx(75)
    assert line(axes, "Vanilla").get_linestyle() == "--"
    assert len(axes.collections) == 1


def test_points_and_the_corner_of_always(axes):
    curves.rates_over_thresholds(
        axes,
        {},
        looks=LOOKS,
        points={"R-Tuning": (20.0, 80.0)},
        labels={"R-Tuning": "by itself"},
        always="always refuse",
    )
    assert line(axes, "by itself").get_xydata().tolist() == [[20, 80]]
    assert line(axes, "always refuse").get_xydata().tolist() == [[100, 100]]


def test_rewards_are_means_of_the_steps_before_with_gaps_where_nothing_was_scored(axes):
    """Rewards 0, 1, 2 over two steps at most: 0, 0.5, 1.5. A part without a value leaves a gap."""
    steps = [{"reward": n, "format": None if n == 1 else 0.1} for n in (0.0, 1.0, 2.0)]
    colours, labels = {"reward": "black", "format": "grey"}, {"format": "Form"}
    curves.rewards(axes, [steps], colours=colours, labels=labels, window=2)
    x, y = line(axes, "reward").get_data()
    assert list(x) == [1, 2, 3] and list(y) == [0, 0.5, 1.5]
    curves.rewards(axes, [steps], colours=colours)
    assert list(line(axes, "Form").get_ydata()) == [0.1, 0.1, 0.1]
    assert np.isnan(line(axes, "format").get_ydata()[1])
    assert line(axes, "reward").get_linewidth() > line(axes, "format").get_linewidth()


def test_rewards_of_several_runs_are_their_mean_and_their_range(axes):
    runs = [[{"reward": start + step} for step in range(2)] for start in (0.0, 4.0)]
    curves.rewards(axes, runs, colours={"reward": "black"})
    assert list(line(axes, "reward").get_ydata()) == [2, 3]
    (band,) = axes.collections
    assert {tuple(point) for point in band.get_paths()[0].vertices} >= {(1, 0), (2, 5)}
