from itertools import product

import pytest

from shared.comparison.language import parse
from shared.comparison.parts import Key, Scope, parts


def keys(metric="ap", methods=("New", "Old"), datasets=("A", "B"), models=("Big",)):
    return [Key(metric, *names) for names in product(methods, datasets, models)]


def bound(text, cells, **scope):
    (one,) = parse(text, "claim")
    return parts(one, Scope(cells, **scope))


def named(text, cells, **scope):
    return [part.name for part in bound(text, cells, **scope)[0]]


def test_a_part_for_each_data_set_and_each_model():
    text, cells = 'ap["New", d] > ap["Old", d]', keys(models=("Big", "Small"))
    assert named(text, cells) == ["A, Big", "A, Small", "B, Big", "B, Small"]
    assert named(text, keys()) == ["A", "B"]


def test_both_sides_are_of_one_model():
    cells = [Key("ap", "New", "A", "Big"), Key("ap", "Old", "A", "Small")]
    found, missing = bound('ap["New", "A"] > ap["Old", "A"]', cells)
    assert not found and missing


def test_a_bare_comparator_is_every_other_method():
    cells = keys(methods=("New", "Old", "None"))
    assert named('ap["New", "A"] > ap[other, "A"]', cells) == ["Old", "None"]


def test_where_and_without_restrict_a_name():
    text, cells = 'ap["New", "A"] > ap[other, "A"]', keys(methods=("New", "Old", "None"))
    assert named(text, cells, without={"other": ["Old"]}) == [""]
    found, missing = bound(text, cells, where={"other": ["Old", "Lost"]})
    assert [part.keys[1].method for part in found] == ["Old"]
    assert missing == ["ap Lost on A Big"]


def test_printed_averages_count_only_if_they_are_named():
    cells = keys(datasets=("A", "B", "Average"))
    text = 'ap["New", d] > ap["Old", d]'
    assert named(text, cells, averages=["Average"]) == ["A", "B"]
    found = bound(text, cells, averages=["Average"], where={"d": ["Average"]})[0]
    assert [part.keys[0].dataset for part in found] == ["Average"]
    assert bound('ap["New", "Average"] > 3', cells, averages=["Average"])[0]


def test_the_items_data_sets_limit_a_name_and_absent_ones_are_missing():
    found, missing = bound('ap["New", d] > ap["Old", d]', keys(), ranges={"dataset": {"B", "C"}})
    assert [part.keys[0].dataset for part in found] == ["B"]
    assert missing == ["data set C"]


def test_a_mean_takes_only_what_both_means_have():
    """Old has no cell on B, so New's mean is of A alone: 1 against 4, and not (1 + 9) / 2."""
    cells = [*keys(methods=("New",)), Key("ap", "Old", "A", "Big")]
    values = dict(zip(cells, (1.0, 9.0, 4.0), strict=True))
    (part,), _ = bound('mean(ap["New", d]) > mean(ap["Old", d])', cells)
    assert part.lead(values) == -3


def test_a_mean_within_each_of_another_name():
    cells = keys(methods=("New", "Old", "None"))
    values = dict(zip(cells, (1.0, 3, 0, 1, 5, 5), strict=True))
    found, _ = bound('mean(ap["New", d], d) > mean(ap[other, d], d)', cells)
    assert [part.lead(values) for part in found] == [1.5, -3]


def test_names_in_quoted_names_and_no_two_the_same():
    cells = keys(methods=("a off", "b off", "plain"), datasets=("Set a", "Set b"))
    text = 'ap["{kind} off", "Set {other}"] < ap["plain", "Set {other}"]'
    both = {"kind": ["a", "b"], "other": ["a", "b"]}
    found = bound(text, cells, where=both)[0]
    assert [(p.keys[1].method, p.keys[1].dataset) for p in found] == [
        ("b off", "Set a"),
        ("a off", "Set b"),
    ]


@pytest.mark.parametrize(
    "text, lead",
    [
        ('ap["New", "A"] > 2 * ap["Old", "A"] - 1', 8 - 5),
        ('ap["New", "A"] / ap["Old", "A"] < 4.5', 4.5 - 8 / 3),
        ('max(ap["New", "A"], ap["Old", "A"]) > 1', 7),
        ('abs(ap["Old", "A"] - ap["New", "A"]) > 1', 4),
    ],
)
def test_arithmetic(text, lead):
    values = dict(zip(keys(), (8.0, 0, 3, 0), strict=True))
    (part,), _ = bound(text, keys())
    assert part.lead(values) == pytest.approx(lead)


def test_equal_is_not_higher_but_at_least_as_high():
    values = dict.fromkeys(keys(), 0.9)
    (higher,), _ = bound('ap["New", "A"] > ap["Old", "A"]', keys())
    (least,), _ = bound('ap["New", "A"] >= 0.95 - 0.05', keys())
    assert not higher.fulfilled(values) and least.fulfilled(values)


def test_both_sides_are_shown():
    values = dict(zip(keys(), (79.61, 1, 83.16, 2), strict=True))
    found = bound('ap["New", d] > ap["Old", d]', keys())[0]
    assert found[0].shown(values) == "A: New 79.61 against Old 83.16"


def test_a_mean_over_listed_names_says_what_it_lacks():
    """Of A, B and Lost the mean is taken over A and B."""
    where = {"d": ["A", "B", "Lost"]}
    (part,), missing = bound('mean(ap["New", d]) > 0.5', keys(), where=where)
    assert {key.dataset for key in part.keys} == {"A", "B"}
    assert missing == ["ap New on Lost Big"]
