"""Pictures beside what is said about them."""

import numpy as np

from shared.plots import pictures


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
