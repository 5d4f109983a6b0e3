from dataclasses import replace

import numpy as np
import pytest

from shared.comparison.verdicts import COLUMNS, verdicts
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.metrics.rates import count, seconds
from shared.metrics.significance import benjamini_hochberg


def rows(invented, *claims, **fields):
    return verdicts(invented.analysis(claims, **fields)).set_index("id")


def shares(invented, **methods):
    """Groups on one set of 200: the share of right answers of each method, in percent."""
    return [
        invented.group(name, correct=np.random.default_rng(7).permutation(200) < 2 * share)
        for name, share in methods.items()
    ]


def test_claims_csv(invented):
    better, worse = 'accuracy["New", d] > accuracy["Old", d]', 'accuracy["New", d] < 70'
    frame = rows(
        invented,
        invented.claim(id="better", item="table1", holds=better),
        invented.claim(id="worse", item="table1", holds=worse),
        invented.claim(id="elsewhere", holds='accuracy["New", "Set C"] > 3'),
        invented.claim(id="high", item="table1", function="all_high"),
        invented.claim(id="never", blocked="needs people"),
    )
    assert [*frame.reset_index()] == COLUMNS
    assert dict(frame["verdict"]) == {
        "better": "holds",
        "worse": "fails",
        "elsewhere": "blocked",
        "high": "fails",
        "never": "blocked",
    }
    row = frame.loc["better"]
    assert (row["pairs_in_direction"], row["pairs"]) == (2, 2)
    assert (row["reported_in_direction"], row["reported_pairs"]) == (1, 2)
    assert (row["protocol"], row["test"]) == ("official", "t, units")
    assert (row["n"], row["units"], row["kind"], row["ours"]) == (200, 200, "replicated", "")
    assert row["part"].startswith("Set ") and " against Old " in row["part"]
    assert row["ci_low"] < row["effect"] < row["ci_high"]
    assert frame.loc["elsewhere", "note"] == "missing: accuracy New on Set C"
    assert frame.loc["never", "note"] == "needs people"
    assert "not: Old, Set A: Old" in frame.loc["high", "note"]


def test_the_weakest_part_decides_and_is_the_effect(invented):
    """A lead of 60 points and one of 2: their mean is clear, the weakest is not."""
    groups = shares(invented, New=80, Old=20, Near=78)
    own = invented.claim(holds='accuracy["New", d] > accuracy[other, d]')
    row = rows(invented, own, groups=groups).loc["c1"]
    assert (row["verdict"], row["effect"]) == ("inconclusive", pytest.approx(2))
    assert row["part"] == "Near: New 80 against Near 78"
    average = own | {"holds": 'accuracy["New", "Set A"] > mean(accuracy[other, "Set A"])'}
    assert rows(invented, average, groups=groups).loc["c1", "verdict"] == "holds"


def test_only_the_papers_own_claims_are_corrected_together(invented):
    own = [
        invented.claim(id=f"c{number}", holds=f'accuracy["New", "Set A"] > {bound}')
        for number, bound in enumerate((60, 72, 74, 79))
    ]
    ours = invented.claim(id="ours", holds='accuracy["New", "Set A"] > 74', ours=True)
    frame = rows(invented, *own, ours)
    p = frame["p"].to_numpy()
    np.testing.assert_allclose(frame["p_adjusted"][:4], benjamini_hochberg(p[:4]), rtol=2e-3)
    assert frame.loc["ours", "p_adjusted"] == p[4]
    assert frame.loc["ours", "ours"] == "yes"


def test_both_sides_at_the_floor_are_not_testable(invented):
    groups = shares(invented, New=0, Old=0, Good=50)
    row = rows(invented, invented.claim(where={"d": ["Set A"]}), groups=groups).loc["c1"]
    assert row["verdict"] == "not testable" and np.isnan(row["p"])
    assert row["note"] == "both sides stand at 0: New 0 against Old 0"
    bounded = invented.claim(holds='accuracy["New", "Set A"] < 5')
    assert rows(invented, bounded, groups=groups).loc["c1", "verdict"] == "holds"


def test_a_margin_between_equal_ends_is_judged(invented):
    groups = shares(invented, New=0, Old=0, Good=50)
    within = 'accuracy["New", "Set A"] <= accuracy["Old", "Set A"] + 5'
    row = rows(invented, invented.claim(holds=within), groups=groups).loc["c1"]
    assert row["effect"] == 5
    assert "both sides" not in str(row["note"])


def test_a_condition_without_cells_is_not_met(invented):
    own = invented.claim(
        holds='accuracy["New", "Set A"] > 5', only_if='accuracy["Old", "Set A"] > 5'
    )
    groups = [group for group in invented.groups() if group.method != "Old"]
    row = rows(invented, own, groups=groups).loc["c1"]
    assert row["verdict"] == "not testable"
    assert row["note"].endswith("; cells are missing for that")


def test_a_claim_may_say_when_it_says_something(invented):
    own = invented.claim(only_if='accuracy["Old", "Set A"] > 60')
    row = rows(invented, own).loc["c1"]
    assert row["verdict"] == "not testable" and np.isnan(row["effect"])
    assert row["note"].startswith('says something only if accuracy["Old", "Set A"] > 60; here Old ')
    met = invented.claim(only_if='accuracy["Old", "Set A"] > 40')
    assert rows(invented, met).loc["c1", "verdict"] == "holds"


def test_a_lead_too_small_for_a_scale_can_only_be_refuted(invented):
    """The claim would hold, and its opposite would fail, as seen without the note."""
    beyond = {"untestable": {"cpu": "1 point in the paper, 9 would be seen"}}
    row = rows(invented, invented.claim(**beyond)).loc["c1"]
    assert row["verdict"] == "not testable" and row["note"].startswith("1 point in the paper")
    assert row["effect"] > 0
    opposite = invented.claim(holds='accuracy["New", d] < accuracy["Old", d]', **beyond)
    assert rows(invented, opposite).loc["c1", "verdict"] == "fails"
    elsewhere = invented.claim(untestable={"gpu": "1 point"})
    assert rows(invented, elsewhere).loc["c1", "verdict"] == "holds"


def test_a_model_that_was_not_trained_has_no_runs_whatever_its_method_is_elsewhere(invented):
    groups = [replace(group, trained=False) for group in invented.groups(seeds=(0,))]
    row = rows(invented, invented.claim(), groups=groups, training=str).loc["c1"]
    assert row["verdict"] == "holds" and row["seeds"] == 0 and row["test"] == "t, units"


def test_a_training_with_one_seed_is_one_run(invented):
    groups = invented.groups(seeds=(0,))
    row = rows(invented, invented.claim(), groups=groups, training=str).loc["c1"]
    assert row["verdict"] == "one run" and np.isnan(row["p"])
    untrained = rows(invented, invented.claim(), groups=groups).loc["c1"]
    assert untrained["verdict"] == "holds"


def test_arithmetic_is_not_tested(invented):
    groups = shares(invented, New=100)
    own = invented.claim(holds='accuracy["New", "Set A"] >= 100', kind="arithmetic")
    row = rows(invented, own, groups=groups).loc["c1"]
    assert (row["verdict"], row["test"], row["effect"]) == ("holds", "exact", 0)
    assert np.isnan(row["p"]) and np.isnan(row["ci_low"])


def test_what_is_missing_can_not_hold_but_what_is_there_can_fail(invented):
    """Both conjuncts are claimed: the second has no cell."""
    true, false = ('accuracy["New", "Set A"] > 10', 'accuracy["New", "Set A"] < 10')
    lost = ' and accuracy["New", "Average"] > 10'
    assert rows(invented, invented.claim(holds=true + lost)).loc["c1", "verdict"] == "blocked"
    assert rows(invented, invented.claim(holds=false + lost)).loc["c1", "verdict"] == "fails"


def test_an_id_given_twice_is_one_line(invented):
    with pytest.raises(UserError, match="claim 'c1' of invented: id given twice"):
        rows(invented, invented.claim(), invented.claim())


def test_a_claim_that_both_protocols_read_alike_says_so_and_is_not_blocked(invented):
    """Its cells are there as corrected alone; without the word it would be missing them."""
    groups = [
        replace(group, protocol="corrected") for group in shares(invented, New=80, Old=20)
    ] + [replace(group, protocol="official") for group in shares(invented, Other=50)]
    own = invented.claim(holds='accuracy["New", "Set A"] > accuracy["Old", "Set A"]')
    for alike, official in ((False, "blocked"), (True, "as corrected")):
        frame = verdicts(invented.analysis([own | {"alike": alike}], groups=groups))
        assert dict(zip(frame["protocol"], frame["verdict"], strict=True)) == {
            "corrected": "holds",
            "official": official,
        }
    assert frame.set_index("protocol").loc["official", "note"] == ""


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_counts_that_are_equal_are_at_least_as_many(invented, seeds):
    counted = {"questions": Metric("questions", ("one",), count, unit="")}
    groups = [invented.group("New", seeds=seeds, one=np.ones((len(seeds), 3)))]
    own = [
        invented.claim(id=word, holds=f'questions["New", "Set A"] {word} 3') for word in (">=", ">")
    ]
    frame = rows(invented, *own, groups=groups, metrics=counted)
    assert dict(frame["verdict"]) == {">=": "holds", ">": "fails"}
    assert frame.loc[">=", "test"] == "exact"


def test_no_verdict_hangs_on_a_clock(invented):
    took = {"runtime": Metric("runtime", ("took",), seconds, unit="")}
    groups = [invented.group(name, took=[s] * 9) for name, s in (("New", 1.0), ("Old", 2.0))]
    own = invented.claim(holds='runtime["New", d] < runtime["Old", d]')
    row = rows(invented, own, groups=groups, metrics=took).loc["c1"]
    assert (row["verdict"], row["effect"]) == ("not testable", 9)
    assert row["note"].startswith("a clock that was read once says nothing of its error: ")


def test_an_incomplete_claim_is_blocked_whatever_the_sign_of_its_lead(invented):
    lost = ' and accuracy["New", "Average"] > 10'
    groups = shares(invented, New=50)
    for bound in (45, 55):
        own = invented.claim(holds=f'accuracy["New", "Set A"] > {bound}' + lost)
        row = rows(invented, own, groups=groups).loc["c1"]
        assert row["verdict"] == "blocked" and np.isnan(row["p"])
        assert "would settle" not in row["note"]
