import numpy as np
import pandas as pd
import pytest

from shared.comparison import cells as cells_module
from shared.comparison.compare import COLUMNS, check_units, compare
from shared.errors import UserError
from shared.settings import StandIns


@pytest.fixture
def cell():
    def of(value, low, high, model="Big", dataset="Set A", method="New", protocol="official"):
        key = ["table1", model, method, dataset, "accuracy", protocol]
        row = [*key, value, low, high, 100, 1.0, 2, "%"]
        return pd.DataFrame([row], columns=cells_module.COLUMNS)

    return of


@pytest.fixture
def judge(invented):
    def of(cells, reported=None, scale="gpu", stand_ins=None, **fields):
        one = invented.reported("table1,Big,New,Set A,accuracy,80.0,paper")
        reported = one if reported is None else reported
        return compare(invented.paper(**fields), scale, stand_ins or StandIns(), reported, cells)

    return of


@pytest.mark.parametrize(
    "value, low, high, verdict, reason",
    [
        (80.04, 80.03, 80.05, "match", "equal to the printed digits"),
        (80.05, 80.04, 80.06, "match", "equal to the printed digits"),  # exactly half a unit
        (80.06, 80.055, 80.07, "differs", "off by +0.06"),
        (83.0, 79.9, 86.0, "compatible", "off by +3, inside our 95 % interval"),
        (83.0, 81.0, 86.0, "differs", "off by +3"),
        (70.0, 65.0, 75.0, "differs", "off by -10"),
        (np.nan, np.nan, np.nan, "differs", "ours has no value: its denominator is empty"),
    ],
)
def test_verdicts_of_a_cell_are_two_sided(judge, cell, value, low, high, verdict, reason):
    row = judge(cell(value, low, high)).iloc[0]
    assert (row["verdict"], row["reason"]) == (verdict, reason)


def test_a_written_tolerance_matches_with_its_reason(judge, cell):
    tolerance = {"item": "table1", "metric": "accuracy", "within": 3, "reason": "one seed there"}
    inside = judge(cell(83.0, 82, 84), tolerances=[tolerance]).iloc[0]
    assert (inside["verdict"], inside["reason"]) == ("match", "off by +3, within 3: one seed there")
    outside = judge(cell(83.1, 82, 84), tolerances=[tolerance]).iloc[0]
    assert outside["verdict"] == "differs"
    other = judge(cell(83.0, 82, 84), tolerances=[{**tolerance, "metric": "ap"}]).iloc[0]
    assert other["verdict"] == "differs"


def test_a_row_holds_both_sides(judge, cell):
    frame = judge(cell(83.0, 79.9, 86.0))
    assert list(frame) == COLUMNS
    row = frame.iloc[0]
    assert (row["reported"], row["unit"], row["source"]) == ("80.0", "%", "paper")
    assert (row["protocol"], row["our_model"], row["our_dataset"]) == ("official", "Big", "Set A")
    assert (row["value"], row["ci_low"], row["ci_high"], row["n"]) == (83.0, 79.9, 86.0, 100)


@pytest.mark.parametrize(
    "model, dataset, reason",
    [
        ("Tiny", "Set A", "Tiny for Big"),
        ("Big", "Mini A", "Mini A for Set A"),
        ("Tiny", "Mini A", "Tiny for Big, Mini A for Set A"),
    ],
)
def test_a_stand_in_is_never_judged_even_if_equal(judge, cell, model, dataset, reason):
    stand_ins = StandIns(models={"Tiny": "Big"}, datasets={"Mini A": "Set A"})
    row = judge(cell(80.0, 79, 81, model=model, dataset=dataset), stand_ins=stand_ins).iloc[0]
    assert (row["verdict"], row["reason"]) == ("stand-in", reason)
    assert (row["model"], row["dataset"]) == ("Big", "Set A")
    assert (row["our_model"], row["our_dataset"]) == (model, dataset)


def test_both_protocols_stand_beside_the_printed_cell(judge, cell):
    ours = pd.concat([cell(80.0, 79, 81), cell(60.0, 59, 61, protocol="corrected")])
    frame = judge(ours)
    assert dict(zip(frame["protocol"], frame["verdict"], strict=True)) == {
        "official": "match",
        "corrected": "differs",
    }


def test_a_cell_of_the_paper_whose_number_is_not_known_is_blocked(judge, cell, invented):
    """Also where ours stands beside it, and also where ours stands in."""
    unknown = invented.reported("table1,Big,New,Set A,accuracy,80.0,paper")
    unknown = unknown.assign(value="", number=np.nan, note="the table could not be read")
    stand_ins = StandIns(models={"Small": "Big"})
    for ours in (cell(80, 75, 85), cell(80, 75, 85, model="Small")):
        (row,) = judge(ours, unknown, stand_ins=stand_ins).itertuples()
        assert (row.verdict, row.reason) == ("blocked", "the table could not be read")
        assert (row.value, row.reported) == (80, "")


@pytest.mark.parametrize("source", ["derived", "secondary"])
def test_what_is_not_the_papers_own_number_is_never_judged(judge, cell, invented, source):
    reported = invented.reported(f"table1,Big,New,Set A,accuracy,80.0,{source}")
    for ours in (cell(80.0, 79, 81), cell(1, 0, 2, method="Old")):
        row = judge(ours, reported).iloc[0]
        assert row["verdict"] == "not judged"
        assert row["reason"] == f"{source}: not the paper's own number"


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"model": "Huge"}, "no run of Big, nor of a stand-in for it"),
        ({"dataset": "Set B"}, "no run on Set A, nor on a stand-in for it"),
        ({"method": "Old"}, "New was not run with this model on this data set"),
    ],
)
def test_a_cell_without_ours_says_what_is_missing(judge, cell, change, reason):
    frame = judge(cell(80.0, 79, 81, **change))
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["verdict"], row["reason"]) == ("not attempted", reason)
    assert np.isnan(row["value"])


def test_a_metric_or_item_without_ours(judge, cell, invented):
    rows = invented.reported(
        "table1,Big,New,Set A,ap,80.0,paper", "table2,Big,New,Set A,accuracy,80.0,paper"
    )
    frame = judge(cell(80.0, 79, 81), rows)
    assert frame["reason"].tolist() == ["ap was not computed", "not among our cells of table2"]


def test_unavailable_gives_the_written_verdict_and_reason(judge, cell, invented):
    entry = {"items": ["table1"], "verdict": "blocked", "reason": "no weights", "scales": ["gpu"]}
    other = cell(80.0, 79, 81, method="Old")
    blocked = judge(other, unavailable=[entry]).iloc[0]
    assert (blocked["verdict"], blocked["reason"]) == ("blocked", "no weights")
    for narrower in ({"models": ["Huge"]}, {"methods": ["Old"]}, {"items": ["table2"]}):
        assert judge(other, unavailable=[entry | narrower]).iloc[0]["verdict"] == "not attempted"
    assert judge(other, unavailable=[entry], scale="cpu").iloc[0]["verdict"] == "not attempted"
    wider = entry | {"models": ["Big"], "datasets": ["Set A"], "metrics": ["accuracy"]}
    assert judge(other, unavailable=[wider]).iloc[0]["verdict"] == "blocked"
    available = judge(cell(80.0, 79, 81), unavailable=[entry]).iloc[0]
    assert available["verdict"] == "match"  # a number we have is judged


def test_every_reported_cell_is_there_even_without_any_of_ours(judge, invented):
    frame = judge(pd.DataFrame(columns=cells_module.COLUMNS), invented.REPORTED)
    assert len(frame) == len(invented.REPORTED)
    assert set(frame["verdict"]) == {"not attempted", "not judged"}


def test_a_unit_that_is_not_the_metrics_is_a_mistake(invented):
    check_units(invented.REPORTED, invented.METRICS)
    with pytest.raises(UserError, match="table1 gives accuracy in unit ''; expected '%'"):
        check_units(invented.REPORTED.assign(unit=""), invented.METRICS)
