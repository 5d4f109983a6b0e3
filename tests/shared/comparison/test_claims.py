"""Claims bound to the paper's own numbers and to ours."""

import pytest

from shared.comparison.claims import Names, Reading, bind, check, on_reported
from shared.comparison.parts import Key
from shared.errors import UserError
from shared.settings import Claim
from shared.settings.records import Average


@pytest.fixture
def claim(invented):
    return lambda **fields: Claim.model_validate(invented.claim(**fields))


@pytest.fixture
def names(invented):
    averages = [Average.model_validate(average) for average in invented.AVERAGES]
    return lambda reported=invented.REPORTED: Names(reported, invented.ITEMS, averages)


class TestOnReported:
    def test_counts_and_shows_both_sides_of_exceptions(self, claim, names):
        """Set A 80 > 50, Set B 70 < 75; Set C is derived and the average is no third part."""
        assert on_reported(claim(), names(), {}) == (
            *(1, 2),
            "except Set B: New 70 against Old 75",
        )

    def test_an_average_counts_if_the_claim_names_it(self, claim, names):
        own = claim(holds='accuracy["New", "Average"] > accuracy["Old", "Average"]')
        assert on_reported(own, names(), {})[:2] == (1, 1)

    def test_an_item_limits_the_cells_and_without_one_the_first_counts(
        self, claim, names, invented
    ):
        reported = invented.reported(
            "table1,Big,New,Set A,accuracy,9,paper",
            "table1,Big,Old,Set A,accuracy,5,paper",
            "table2,Big,New,Set A,accuracy,1,paper",
            "table2,Big,Old,Set A,accuracy,5,paper",
        )
        found = [
            on_reported(claim(**item), names(reported), {})[0]
            for item in ({}, {"item": "table1"}, {"item": "table2"})
        ]
        assert found == [1, 1, 0]

    def test_nothing_known(self, claim, names):
        own = claim(holds='ap["New", d] > 3')
        assert on_reported(own, names(), {}) == (0, 0, "the paper's numbers for it are not known")

    def test_a_function_gets_the_papers_own_numbers(self, claim, names):
        def best(values):
            key = max(values, key=values.get)
            assert "Set C" not in {key.dataset for key in values}
            return Reading(f'accuracy["{key.method}", d] > 60')

        assert on_reported(claim(function="best"), names(), {"best": best})[:2] == (2, 2)


def test_names_are_read_in_place_of_others_only_where_those_have_no_cells(claim, names):
    own = claim(holds='accuracy["New", "Set A"] > 3', instead={"Set A": "Set B"})
    both = [Key("accuracy", "New", name, "Big") for name in ("Set A", "Set B")]
    (first,) = bind(own, dict.fromkeys(both), names(), {}).parts
    (second,) = bind(own, dict.fromkeys(both[1:]), names(), {}).parts
    assert (first.keys[0].dataset, second.keys[0].dataset) == ("Set A", "Set B")


def test_a_claim_may_need_several_models(claim, names):
    own = claim(holds='accuracy["New", "Set A"] > 3', at_least={"model": 2})
    one = Key("accuracy", "New", "Set A", "Big")
    assert bind(own, {one: 1}, names(), {}).missing == ("needs at least 2 different models",)
    assert len(bind(own, {one: 1, one._replace(model="Small"): 1}, names(), {}).parts) == 2


def test_a_conjunct_without_cells_leaves_the_claim_incomplete(claim, names):
    own = claim(holds='accuracy["New", "Set A"] > 3 and ap["New", "Set A"] > 3')
    found = bind(own, {Key("accuracy", "New", "Set A", "Big"): 1}, names(), {})
    assert (len(found.parts), found.whole) == (1, False)
    assert found.missing == ["ap New on Set A"]


KNOWN = {
    "item": {"table1"},
    "metric": {"accuracy"},
    "method": {"New", "Old"},
    "dataset": {"Set A", "Set B"},
    "model": {"Big"},
}


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"holds": 'ap["New", d] > 3'}, "unknown metric 'ap'; expected one of: accuracy"),
        (
            {"holds": 'accuracy["Newer", d] > 3'},
            "unknown method 'Newer'; expected one of: New, Old",
        ),
        (
            {"holds": 'accuracy["New", "C"] > 3'},
            "unknown dataset 'C'; expected one of: Set A, Set B",
        ),
        ({"holds": 'accuracy["New", d, "X"] > 3'}, "unknown model 'X'; expected one of: Big"),
        ({"where": {"e": ["Set A"]}}, "unknown name 'e'; expected one of: d, model"),
        ({"where": {"d": ["Set C"]}}, "unknown dataset 'Set C'"),
        ({"without": {"model": ["Small"]}}, "unknown model 'Small'"),
        (
            {"holds": 'accuracy["{k}", d] > 3', "where": {"k": ["Newest"]}},
            "unknown method 'Newest'",
        ),
        ({"item": "table9"}, "unknown item 'table9'"),
        ({"only_if": 'accuracy["Odd", d] > 3'}, "unknown method 'Odd'"),
        ({"function": "lost"}, "unknown function 'lost'; expected one of: none is defined"),
        ({"holds": "", "blocked": ""}, "found none; expected one of holds, function, blocked"),
        ({"holds": 'accuracy["New", d] > 3', "blocked": "so"}, "found holds and blocked; expected"),
    ],
)
def test_what_does_not_exist_is_one_line_that_lists_what_does(claim, fields, message):
    with pytest.raises(UserError, match=f"claim 'c1' of p: {message}"):
        check(claim(**fields), "claim 'c1' of p", KNOWN, {})


def test_what_exists_passes(claim):
    check(claim(where={"d": ["Set A"]}, item="table1"), "claim", KNOWN, {})
