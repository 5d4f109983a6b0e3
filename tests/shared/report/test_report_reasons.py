"""Why a claim has its verdict, in one line, and what a card says of those not decided."""

import pytest

from shared.plots.words import Words
from shared.report.collect import Results
from shared.report.reasons import Reasons
from shared.settings import Claim, load_paper

CELL = {
    **dict.fromkeys(("our_model", "our_dataset", "reason", "value", "unit"), ""),
    **{"item": "table1", "model": "Big", "method": "New", "dataset": "Set A", "metric": "ap"},
    **{"source": "paper", "protocol": ""},
}
MADE = CELL | {"our_model": "tiny", "our_dataset": "Facts", "protocol": "corrected"}
COMPARISON = [
    MADE,
    MADE | {"method": "Old", "protocol": "official"},
    CELL | {"model": "Huge", "reason": "weights of Huge are gated"},
    CELL | {"dataset": "Set B", "reason": "too long here"},
    CELL | {"dataset": "Set B", "metric": "ece", "reason": "another metric's reason"},
]
ROW = {
    **{"id": "c1", "protocol": "corrected", "kind": "replicated", "ours": "", "verdict": "holds"},
    **{"effect": "6", "ci_low": "2", "ci_high": "9", "p": "0.01", "part": "New 61 against Old 55"},
    **{"pairs": "1", "note": ""},
}


def row(**changes):
    return ROW | changes


def blocked(note):
    return row(verdict="blocked", note=note, effect="", ci_low="", ci_high="", p="", part="")


@pytest.fixture
def reasons(results):
    paper = load_paper("demo")
    claims = [row(id=f"c{n}") for n in range(1, 4)]
    return Reasons(Results(paper, "cpu", comparison=COMPARISON, claims=claims), Words(paper))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "New 61 against Old 55."),
        ({"pairs": "3"}, "Weakest of 3 comparisons: New 61 against Old 55."),
        ({"verdict": "fails"}, "The other way: New 61 against Old 55."),
        (
            {"verdict": "one run"},
            "New 61 against Old 55. Trained once: another seed could say otherwise.",
        ),
    ],
)
def test_what_was_decided_says_by_which_numbers(reasons, changes, said):
    assert reasons.line(row(**changes)) == said


def test_inconclusive_says_why_although_the_interval_leaves_out_zero(reasons):
    note = "about 43 units would settle an effect of this size (here 14 units, 2 seeds); not: x"
    said = reasons.line(row(verdict="inconclusive", ci_low="4.06", ci_high="35.86", note=note))
    assert said == (
        "New 61 against Old 55. The interval alone leaves out zero; with 3 claims tested at once "
        "this is still within chance. About 43 examples would settle an effect of this size "
        "(here 14 examples, 2 seeds)."
    )


def test_inconclusive_with_zero_inside_may_be_chance(reasons):
    said = reasons.line(row(verdict="inconclusive", ci_low="-1"))
    assert "The interval includes zero, so this may be chance." in said
    assert "claims tested" not in said


def test_what_can_not_be_tested_says_where_both_sides_stand(reasons):
    note = "both sides stand at 0: New 0 against Old 0"
    assert reasons.line(row(verdict="not testable", note=note)) == (
        "Nothing to tell apart, both sides stand at 0: New 0 against Old 0."
    )
    assert reasons.short(row(verdict="not testable", note=note)) == "at the floor or the ceiling"
    note = 'says something only if cut_off["New", "Set A"] < 5; cells are missing for that'
    assert reasons.line(row(verdict="not testable", note=note)) == (
        "Says something only if cut off of New, Set A < 5; that was not measured here."
    )
    assert reasons.short(row(verdict="not testable", note=note)) == "nothing to tell apart"


@pytest.mark.parametrize(
    ("note", "short", "line"),
    [
        (
            "missing: ap New on Set A Huge, ap Old on Set A Huge",
            "needs Huge",
            "Needs Huge: weights of Huge are gated.",
        ),
        (
            "missing: data set Set B",
            "needs the data set Set B",
            "Needs the data set Set B: too long here.",
        ),
        (
            "missing: ap Old on Set A Big and 3 more",
            "needs the method Old",
            "Needs the method Old, which was only run as the released code does.",
        ),
        ("missing: ap Third on Set A", "needs the method Third", "Needs the method Third."),
        ("missing: ap New on Set A", "needs more of Table 1", None),
        (
            "needs a study; it is not published",
            "needs a study",
            "Needs a study; it is not published.",
        ),
    ],
)
def test_a_blocked_claim_says_what_it_needs(reasons, note, short, line):
    assert reasons.short(blocked(note)) == short
    if line:
        assert reasons.line(blocked(note)) == line


def test_a_card_counts_what_was_not_decided_and_names_what_is_needed(reasons):
    rows = [
        row(),
        row(verdict="one run"),
        row(verdict="one run"),
        row(verdict="inconclusive"),
        blocked("missing: ap New on Set A Huge"),
        blocked("missing: ap New on Set A Huge"),
        blocked("missing: data set Set B"),
    ]
    assert reasons.undecided(rows) == [
        "2 trained with one seed",
        "1 too few examples or seeds",
        "3 need Huge, the data set Set B",
    ]
    assert reasons.undecided([blocked("needs a study")]) == ["1 needs a study"]
    assert reasons.undecided([row()]) == []


@pytest.mark.parametrize(
    ("name", "start", "begins"),
    [
        *(("c1a", "c1", True), ("c1a", "c1a", True), ("k3a-eq3", "k3a", True)),
        *(("c10", "c1", False), ("c1", "c1a", False), ("c1", "c10", False)),
    ],
)
def test_the_start_of_an_id_is_that_of_its_parts_only(name, start, begins):
    assert Claim(id=name, text="", source="", blocked="x").begins(start) is begins
