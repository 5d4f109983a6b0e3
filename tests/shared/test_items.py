import pytest

from shared.errors import UserError
from shared.settings.items import cut_to, wanted

ITEMS = {
    "table1": {"variants": ["a", "b"], "asker": []},
    "table2": {"variants": ["b", "c", "elsewhere"], "asker": [], "tasks": ["x"]},
}
SCALE = {"variants": {"a": 1, "b": 2, "c": 3, "d": 4}, "asker": {"model": "m"}, "tasks": {"x": 1}}


def cut(*asked):
    return cut_to(SCALE, asked, ITEMS)


def test_several_items_need_what_any_of_them_does():
    assert cut("table1") == SCALE | {"variants": {"a": 1, "b": 2}, "asker": None}
    both = cut("table1", "table2")  # the first needs all tasks
    assert both == SCALE | {"variants": {"a": 1, "b": 2, "c": 3}, "asker": None}
    assert cut("table2")["tasks"] == {"x": 1}


def test_an_item_of_which_nothing_is_said_needs_all():
    assert cut("table1", "figure9") == cut() == SCALE


def test_a_scale_that_has_none_of_what_is_needed_is_one_line():
    with pytest.raises(UserError, match="items: table2: found none of b, c, elsewhere in the vari"):
        cut_to({"variants": {"a": 1}}, ["table2"], ITEMS)


def test_the_items_of_a_run_stand_in_the_environment(monkeypatch):
    monkeypatch.delenv("REPLICATIONS_ITEMS", raising=False)
    assert wanted() == ()
    monkeypatch.setenv("REPLICATIONS_ITEMS", "table1, table3,")
    assert wanted() == ("table1", "table3")
