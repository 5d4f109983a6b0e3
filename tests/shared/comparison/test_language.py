import pytest

from shared.comparison.language import (
    Arithmetic,
    Call,
    Cell,
    Inequality,
    Mean,
    Number,
    Term,
    cells,
    names,
    parse,
)
from shared.errors import UserError

NEW = Cell("ap", (Term("New", False), Term("d", True), Term("model", True)))
OLD = Cell("ap", (Term("Old", False), Term("d", True), Term("model", True)))


def read(text):
    return parse(text, "claim 'c1'")


def test_a_cell_without_a_model_ranges_over_models():
    assert read('ap["New", d] > ap["Old", d]') == [Inequality(NEW, OLD, True)]
    (one,) = read('ap["New", d, "Big"] >= 3')
    assert one.more.terms[2] == Term("Big", False) and one.less == Number(3) and not one.strict


def test_lower_is_the_other_way_round():
    assert read('ap["New", d] < ap["Old", d]') == [Inequality(OLD, NEW, True)]
    assert read('ap["New", d] <= ap["Old", d]') == [Inequality(OLD, NEW, False)]


def test_chains_and_conjunctions_are_inequalities_of_neighbours():
    assert read('5 < ap["New", d] <= 7 and ap["Old", d] > 1') == [
        Inequality(NEW, Number(5), True),
        Inequality(Number(7), NEW, False),
        Inequality(OLD, Number(1), True),
    ]


def test_above_a_maximum_is_above_each():
    assert read('ap["New", d] > max(ap["Old", d], 3)') == [
        Inequality(NEW, OLD, True),
        Inequality(NEW, Number(3), True),
    ]
    assert read('min(ap["New", d], ap["Old", d]) >= 3') == [
        Inequality(NEW, Number(3), False),
        Inequality(OLD, Number(3), False),
    ]


def test_within_a_margin_is_two_one_sided_inequalities():
    difference = Arithmetic("-", NEW, OLD)
    assert read('abs(ap["New", d] - ap["Old", d]) <= 5') == [
        Inequality(Number(5), difference, False),
        Inequality(Number(5), Arithmetic("-", Number(0), difference), False),
    ]


def test_a_maximum_that_is_claimed_to_be_high_stays_whole():
    (one,) = read('max(ap["New", d], ap["Old", d]) > 3')
    assert one.more == Call("max", (NEW, OLD))


def test_a_mean_is_over_the_names_inside_it_or_those_after_it():
    (one,) = read('mean(ap["New", d, other]) > mean(ap["Old", d, other], d)')
    assert isinstance(one.more, Mean) and one.more.over == ("d", "other")
    assert one.less.over == ("d",)
    assert names(one) == ("d", "other") and len(cells(one)) == 2


def test_a_quoted_name_may_hold_a_bare_one():
    (one,) = read('ap["{kind} off", "Set, {kind}"] > 0')
    assert names(one) == ("kind", "model")


@pytest.mark.parametrize(
    "text, found",
    [
        ('ap["New", d] > 1 or 2 > 1', "can't read .* a claim may hold cells, numbers"),
        ('not ap["New", d] > 1', "can't read"),
        ('ap["New", d] == 1', "can't read"),
        ('ap["New"] > 1', r"can't read 'ap\['New'\]'"),
        ('ap["New", d, "Big", 4] > 1', "can't read"),
        ('ap["New", d.x] > 1', "can't read 'd.x'"),
        ('ap["New", f(d)] > 1', r"can't read 'f\(d\)'"),
        ('sum(ap["New", d]) > 1', "can't read"),
        ('__import__("os").system("true") > ap["New", d]', "can't read"),
        ('ap["New", d] ** 2 > 1', "can't read"),
        ('ap["New", d] > True', "can't read 'True'"),
        ('ap["New", d] > "text"', "can't read"),
        ('min(ap["New", d]) > 1', "can't read"),
        ('mean(ap["New", "Set"]) > 1', "expected a bare name inside it"),
        ('mean(ap["New", d], e) > 1', "expected e inside it"),
        ('mean(ap["New", d], 3) > 1', "expected bare names after it"),
        ('ap["New", d]', "can't read"),
        ("2 > 1", "no cell in '2 > 1'"),
        ('ap["New", d >', "'\\[' was never closed"),
    ],
)
def test_nothing_else_can_be_said(text, found):
    with pytest.raises(UserError, match=f"claim 'c1': .*{found}"):
        read(text)
