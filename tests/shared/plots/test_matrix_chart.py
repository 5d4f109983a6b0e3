"""The matrix chart shades and labels the numbers it is given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from shared.plots import charts, style

VALUES = np.array([[0.0, 100.0, 30.0], [np.nan, 50.0, 80.0]])
TEXTS = [["none", "all", "30"], ["–", "50", "80"]]


@pytest.fixture
def axes(axes):
    charts.matrix(
        axes, VALUES, TEXTS, rows=["Ann", "Bob"], columns=["x", "y", "z"], limits=(0, 100)
    )
    return axes


def shade(axes, row: int, column: int) -> str:
    """The colour in which a square is really drawn."""
    (image,) = axes.images
    return to_hex(image.to_rgba(image.get_array())[row, column])


def test_each_square_has_its_text_in_its_place(axes):
    placed = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    assert placed == {(column, row): TEXTS[row][column] for row in range(2) for column in range(3)}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "z"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Ann", "Bob"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first row is on top


def test_shades_go_from_white_to_the_colour_and_no_value_is_grey(axes):
    assert shade(axes, 0, 0) == "#ffffff"
    assert shade(axes, 0, 1).upper() == style.RIGHT
    assert shade(axes, 1, 0).upper() == style.FAINT
    reds = [int(shade(axes, *at)[1:3], 16) for at in ((0, 0), (0, 2), (1, 1), (1, 2), (0, 1))]
    assert reds == sorted(reds, reverse=True)  # the higher the value, the less red


def test_the_limits_and_not_the_values_set_the_shade(axes):
    """30 on a scale to 100 and 0.3 on a scale to 1 look the same."""
    fig, (other,) = style.figure()
    charts.matrix(
        other, VALUES / 100, TEXTS, rows=["Ann", "Bob"], columns=["x", "y", "z"], limits=(0, 1)
    )
    assert shade(other, 0, 2) == shade(axes, 0, 2)
    style.plt.close(fig)


def test_letters_are_white_on_dark_squares_only(axes):
    white = {text.get_text() for text in axes.texts if text.get_color() == "white"}
    assert white == {"all", "80"}
