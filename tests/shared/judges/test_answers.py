"""Right answers in replies: letters, formulas, code."""

import pytest

from shared.judges.answers import boxed, code, letter, same_formula


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("The answer is (C).", "C"),
        ("To answer a question like this: the answer is a city.", None),
        ("A looks right at first, but the answer is: **D**", "D"),
        ("Answer: A\nNo, wait. The answer is B.", "B"),
        ("So it is \\boxed{\\text{C}}.", "C"),
        ("C", "C"),
        ("B. Because of the sea.", "B"),
        ("I think it is Lima.", None),
        ("The answer is Cairo.", None),
        ("", None),
    ],
)
def test_the_letter_that_a_reply_chooses(reply, found):
    assert letter(reply) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("So \\boxed{5}.", "5"),
        ("First \\boxed{1}, then \\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{never closed", None),
        ("no box", None),
    ],
)
def test_the_last_box_of_a_reply(reply, found):
    assert boxed(reply) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\\frac{1}{2}", "1/2"),
        ("\\dfrac12", "\\frac{1}{2}"),
        ("0.5", ".5"),
        ("\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\frac{\\pi}{2})"),
        ("90^\\circ", "90"),
        ("10\\%", "10"),
        ("\\$1,000", "1000"),
        ("5 \\text{ cm}", "5"),
        ("x = 5", "5"),
        ("\\text{Evelyn}", "Evelyn"),
        ("\\sqrt2", "\\sqrt{2}"),
        ("4.0", "4"),
    ],
)
def test_notation_says_nothing(one, other):
    assert same_formula(one, other) and same_formula(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1/2", "2/1"), ("12", "1,2"), ("-5", "5"), ("\\frac{1}{23}", "\\frac{12}{3}"), ("x", "y")],
)
def test_other_answers_are_other(one, other):
    assert not same_formula(one, other)


def test_the_code_of_a_reply():
    assert code("a\n```python\nx = 1\n```\nb\n```\ny = 2\n```") == "y = 2\n"
    assert code("```py\ncut off") == "cut off"
    assert code("z = 3") == "z = 3"
