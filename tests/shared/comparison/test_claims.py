import numpy as np
import pandas as pd
import pytest

from shared.comparison.claims import on_cells, on_groups, on_reported, wanted_datasets
from shared.comparison.estimates import estimate
from shared.comparison.findings import Finding
from shared.metrics.intervals import percentile_interval
from shared.metrics.significance import mcnemar_exact
from shared.settings import Average, Claim, StandIns


@pytest.fixture
def claim(invented):
    return lambda **fields: Claim.model_validate(invented.claim(**fields))


@pytest.fixture
def averages(invented):
    return [Average.model_validate(average) for average in invented.AVERAGES]


class TestOnReported:
    def test_counts_and_lists_exceptions(self, claim, invented, averages):
        """Set A 80 > 50, Set B 70 < 75; Set C is derived and the average is no third pair."""
        found = on_reported(claim(), invented.REPORTED, averages)
        assert (found.in_direction, found.total) == (1, 2)
        assert found.note == "except Big on Set B (70.0, Old 75.0)"

    def test_lower_is_the_other_way_round(self, claim, invented, averages):
        found = on_reported(claim(direction="lower"), invented.REPORTED, averages)
        assert (found.in_direction, found.total) == (1, 2)
        assert "Set A" in found.note

    def test_an_average_counts_if_the_claim_names_it(self, claim, invented, averages):
        found = on_reported(claim(datasets=["Average"]), invented.REPORTED, averages)
        assert (found.in_direction, found.total) == (1, 1)

    def test_equal_is_not_higher(self, claim, invented):
        rows = [f"table1,Big,{method},Set A,accuracy,5,paper" for method in ("New", "Old")]
        found = on_reported(claim(), invented.reported(*rows))
        assert (found.in_direction, found.total) == (0, 1)

    def test_each_model_and_each_other_method_is_a_pair(self, claim, invented):
        rows = [
            f"table1,{model},{method},Set A,accuracy,{value},paper"
            for model, values in (("Big", (9, 5, 7)), ("Small", (4, 5, 3)))
            for method, value in zip(("New", "Old", "None"), values, strict=True)
        ]
        found = on_reported(claim(than=["Old", "None"]), invented.reported(*rows))
        assert (found.in_direction, found.total) == (3, 4)
        assert found.note == "except Small on Set A (4, Old 5)"

    def test_an_item_limits_the_cells_and_without_one_the_first_counts(self, claim, invented):
        reported = invented.reported(
            "table1,Big,New,Set A,accuracy,9,paper",
            "table1,Big,Old,Set A,accuracy,5,paper",
            "table2,Big,New,Set A,accuracy,1,paper",
            "table2,Big,Old,Set A,accuracy,5,paper",
        )
        assert on_reported(claim(), reported).in_direction == 1
        assert on_reported(claim(item="table1"), reported).in_direction == 1
        assert on_reported(claim(item="table2"), reported).in_direction == 0

    def test_nothing_known(self, claim, invented):
        found = on_reported(claim(metric="ap"), invented.REPORTED)
        assert (found.total, found.note) == (0, "the paper's numbers for it are not known")

    def test_a_function_gets_the_papers_own_numbers(self, claim, invented):
        def look(cells):
            assert "Set C" not in set(cells["dataset"])
            return Finding(int((cells["value"] > 60).sum()), len(cells), "looked")

        found = on_reported(
            claim(function="look", item="table1"), invented.REPORTED, functions={"look": look}
        )
        assert (found.in_direction, found.total, found.note) == (5, 6, "looked")


class TestOnGroups:
    def test_the_effect_is_the_mean_difference_over_pairs(self, claim, invented):
        groups = invented.groups()
        found = on_groups(claim(metric="ap"), groups, invented.METRICS, "official", draws=300)
        assert (found.in_direction, found.total) == (2, 2)
        assert found.test == "paired bootstrap"
        assert found.n == 400
        low, high = found.interval
        assert 0 < low < found.effect < high

    def test_by_hand_with_mcnemar(self, claim, invented):
        """New right in 3 of 4, Old in 1 of 4: +50 points; only New 3, only Old 1."""
        groups = [
            invented.group("New", correct=[1, 1, 1, 0]),
            invented.group("Old", correct=[0, 0, 0, 1]),
        ]
        found = on_groups(claim(), groups, invented.METRICS, "official")
        assert (found.effect, found.n, found.test) == (50, 4, "McNemar exact")
        assert found.p == mcnemar_exact(3, 1)

    def test_lower_counts_pairs_below_zero_and_keeps_the_sign_of_the_effect(self, claim, invented):
        found = on_groups(
            claim(direction="lower"), invented.groups(), invented.METRICS, "official", draws=50
        )
        assert found.in_direction == 0
        assert found.effect > 0

    def test_the_papers_data_set_is_looked_for_among_stand_ins(self, claim, invented):
        groups = invented.groups(dataset_names=("Mini A", "Mini B"))
        arguments = (invented.METRICS, "official", {"Set A"})
        stand_ins = StandIns(datasets={"Mini A": "Set A"})
        found = on_groups(claim(), groups, *arguments, stand_ins, draws=50)
        assert (found.total, found.note) == (1, "")
        without = on_groups(claim(), groups, *arguments, draws=50)
        assert (without.total, without.note) == (0, "missing: data set Set A")

    def test_what_is_missing_is_named_and_the_rest_is_judged(self, claim, invented):
        groups = invented.groups()[:3]  # Old was not run on Set B
        found = on_groups(
            claim(), groups, invented.METRICS, "official", {"Set A", "Set B", "Set C"}, draws=50
        )
        assert found.total == 1
        assert found.note == "missing: Old on Set B, data set Set C"

    def test_a_method_that_was_never_run(self, claim, invented):
        found = on_groups(
            claim(method="Other"), invented.groups()[1:2], invented.METRICS, "official"
        )
        assert (found.total, found.note) == (0, "missing: Other on Set A")

    def test_nothing_of_this_protocol_or_metric(self, claim, invented):
        groups = invented.groups()
        other = on_groups(claim(), groups, invented.METRICS, "corrected")
        assert (other.total, other.note) == (0, "missing: New, Old")
        unknown = on_groups(claim(metric="ece"), groups, invented.METRICS, "official")
        assert unknown.note == "missing: metric ece is not computed here"

    def test_a_pair_without_a_value_is_left_out_and_named(self, claim, invented):
        groups = [
            invented.group("New", correct=[1, 1, 0], answered=[0, 0, 0]),
            invented.group("Old", correct=[1, 0, 0], answered=[1, 1, 1]),
        ]
        found = on_groups(
            claim(metric="accuracy_answered"), groups, invented.METRICS, "official", draws=20
        )
        assert found.total == 0
        assert found.note == "missing: a value of New on Set A (nothing to divide by)"

    def test_pairs_on_the_same_examples_are_resampled_together(self, claim, invented):
        """New - Old and New - None share New: the mean's draws are those of 3 cells by hand."""
        generator = np.random.default_rng(3)
        groups = [
            invented.group(method, score=generator.random(80), correct=generator.integers(0, 2, 80))
            for method in ("New", "Old", "None")
        ]
        found = on_groups(
            claim(metric="ap", than=["Old", "None"]),
            groups,
            invented.METRICS,
            "official",
            draws=200,
        )
        new, old, none = (estimate(group, invented.METRICS["ap"], 200) for group in groups)
        assert found.effect == pytest.approx(new.value - (old.value + none.value) / 2)
        by_hand = percentile_interval(new.draws - (old.draws + none.draws) / 2)
        np.testing.assert_allclose(found.interval, by_hand, rtol=1e-5)


class TestOnCells:
    def test_the_function_sees_the_papers_names_and_the_draws(self, claim, invented):
        seen = {}

        def gap(cells: pd.DataFrame) -> Finding:
            """The gain is larger on Set A than on Set B."""
            seen["cells"] = cells
            cell = cells[cells["metric"] == "accuracy"].set_index(["method", "dataset"])
            keys = [("New", "Set A"), ("Old", "Set A"), ("New", "Set B"), ("Old", "Set B")]
            signs = [1, -1, -1, 1]
            effect = sum(s * cell.loc[k, "value"] for s, k in zip(signs, keys, strict=True))
            draws = sum(s * cell.loc[k, "draws"] for s, k in zip(signs, keys, strict=True))
            return Finding.of_draws(int(effect > 0), 1, effect, draws, n=400)

        groups = invented.groups(dataset_names=("Mini A", "Mini B"), model="Tiny")
        found = on_cells(
            claim(function="gap", item="table1"),
            groups,
            invented.ITEMS,
            invented.METRICS,
            "official",
            {"gap": gap},
            StandIns(models={"Tiny": "Big"}, datasets={"Mini A": "Set A", "Mini B": "Set B"}),
            draws=300,
        )
        assert set(seen["cells"]["model"]) == {"Big"}
        assert set(seen["cells"]["item"]) == {"table1"}
        assert found.interval[0] < found.effect < found.interval[1]
        assert found.test == "paired bootstrap"

    def test_no_cells_are_blocked_without_asking(self, claim, invented):
        found = on_cells(
            claim(function="ask", item="table9"),
            invented.groups(),
            invented.ITEMS,
            invented.METRICS,
            "official",
            {},
        )
        assert (found.total, found.note) == (0, "missing: cells of table9")


def test_wanted_datasets(claim, invented, averages):
    assert wanted_datasets(claim(datasets=["X"]), invented.REPORTED, averages) == {"X"}
    everything = {"Set A", "Set B", "Set C"}
    assert wanted_datasets(claim(item="table1"), invented.REPORTED, averages) == everything
    assert wanted_datasets(claim(), invented.REPORTED, averages) == everything
    assert wanted_datasets(claim(item="table7"), invented.REPORTED, averages) == set()
