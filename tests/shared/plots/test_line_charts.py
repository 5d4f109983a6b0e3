"""Markers with whiskers, side by side in their groups."""

import numpy as np
import pytest

from shared.plots import charts, style

NAMES = ["parser", "model"]
VALUES = np.array([[90.0, 80.0, 70.0], [10.0, np.nan, -5.0]])
INTERVALS = np.stack([VALUES - 4, VALUES + 6], axis=-1)


def draw(axes, **options):
    charts.points(
        axes,
        VALUES,
        INTERVALS,
        groups=["1", "2", "3"],
        series=NAMES,
        looks=style.looks(NAMES),
        **options,
    )
    return axes.containers


def test_points_have_the_values_and_the_whiskers_the_intervals(axes):
    parser, model = draw(axes)
    np.testing.assert_array_equal(parser.lines[0].get_ydata(), VALUES[0])
    np.testing.assert_array_equal(model.lines[0].get_ydata(), VALUES[1])
    ends = np.array([segment[:, 1] for segment in parser.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends, INTERVALS[0])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "3"]
    assert [bars.get_label() for bars in (parser, model)] == NAMES


def test_series_stand_side_by_side_around_the_middle_of_a_group(axes):
    parser, model = (bars.lines[0].get_xdata() for bars in draw(axes))
    assert (parser < model).all()
    np.testing.assert_allclose((parser + model) / 2, [0, 1, 2])
    assert (model[:-1] < parser[1:]).all()  # no group reaches into the next


@pytest.mark.parametrize(("joined", "line"), [(True, "-"), (False, "None")])
def test_only_joined_points_have_a_line(axes, joined, line):
    assert [bars.lines[0].get_linestyle() for bars in draw(axes, joined=joined)] == [line, line]
