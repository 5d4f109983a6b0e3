"""Lines of a training, and pictures beside what is said about them."""

import numpy as np

from shared.plots import charts, pictures, style


def test_a_path_goes_through_its_points_and_ends_in_a_large_marker():
    _, (axes,) = style.figure()
    lines = {
        "GD": (np.array([0.0, 50, 90]), np.array([100.0, 60, 20])),
        "GD+PD": (np.array([0.0, 40]), np.array([100.0, 95])),
    }
    charts.paths(axes, lines, looks=style.looks(lines), dashed=["GD"], labels=("x", "y"))
    line, end, other, _ = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 50, 90])
    np.testing.assert_array_equal(end.get_ydata(), [20])
    assert end.get_markersize() > line.get_markersize() and end.get_label() == "GD"
    assert (line.get_linestyle(), other.get_linestyle()) == ("--", "-")
    assert line.get_markerfacecolor() == "white" != other.get_markerfacecolor()


def test_a_row_holds_the_picture_the_question_and_every_answer():
    made = [np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 9, np.uint8)]
    said = [[("yes", "red"), ("", "blue")], [("no", "red"), ("a b", "blue")]]
    fig = pictures.answers(made, ["Q1?", "Q2?"], said, columns=["before", "after"])
    rows = np.reshape(np.array(fig.axes, dtype=object), (2, 4))
    np.testing.assert_array_equal(rows[1, 0].images[0].get_array(), made[1])
    texts = [[axes.texts[0].get_text() for axes in row[1:]] for row in rows]
    assert texts == [["Q1?", "yes", "(nothing)"], ["Q2?", "no", "a b"]]
    assert rows[0, 2].texts[0].get_color() == "red"
    assert [axes.get_title("left") for axes in rows[0]] == ["", "asked", "before", "after"]
