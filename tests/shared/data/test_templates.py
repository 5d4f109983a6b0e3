import pytest

from shared.data.templates import Filled, fill
from shared.errors import UserError

SLOTS = {"colour": ["red", "blue"], "thing": ["hat", "cup", "kite"], "other": ["x"]}
TEMPLATE = "Draw a {colour} {thing}, very {colour}."


def test_a_filling_says_what_is_in_its_slots():
    for made in fill("draw", TEMPLATE, SLOTS, 6, seed=0):
        colour, thing = made.fillers["colour"], made.fillers["thing"]
        assert made == Filled(
            "draw", f"Draw a {colour} {thing}, very {colour}.", {"colour": colour, "thing": thing}
        )


def test_all_fillings_are_different_and_all_are_there():
    """2 colours times 3 things."""
    texts = {made.text for made in fill("draw", TEMPLATE, SLOTS, None, seed=3)}
    assert len(texts) == 6
    assert "Draw a blue kite, very blue." in texts


def test_a_smaller_count_is_the_beginning_of_a_larger_one():
    assert fill("draw", TEMPLATE, SLOTS, 2, seed=1) == fill("draw", TEMPLATE, SLOTS, 5, seed=1)[:2]


def test_order_depends_on_seed_and_name_alone():
    wide = {"n": [str(n) for n in range(500)]}
    first = fill("a", "{n}", wide, 500, seed=0)
    assert first == fill("a", "{n}", wide, 500, seed=0)
    texts = [made.text for made in first]
    assert texts != [made.text for made in fill("a", "{n}", wide, 500, seed=1)]
    assert texts != [made.text for made in fill("b", "{n}", wide, 500, seed=0)]
    assert texts != sorted(texts, key=int)


def test_a_repeated_filler_counts_once():
    assert len(fill("a", "{n}", {"n": ["1", "2", "1"]}, None, seed=0)) == 2


def test_a_text_in_a_filler_is_no_slot():
    made = fill("a", "Say {n}.", {"n": ["{m}"], "m": ["x"]}, None, seed=0)
    assert [each.text for each in made] == ["Say {m}."]


def test_mistakes_name_the_template():
    with pytest.raises(UserError, match=r"template draw: unknown slot {size}; slots: colour"):
        fill("draw", "A {size} hat", SLOTS, 1, seed=0)
    with pytest.raises(UserError, match="template draw: 7 fillings wanted, there are only 6"):
        fill("draw", TEMPLATE, SLOTS, 7, seed=0)
