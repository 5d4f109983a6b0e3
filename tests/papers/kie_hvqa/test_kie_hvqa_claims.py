"""What the paper prints, and the claims that need a function."""

import pandas as pd
import pytest

from papers.kie_hvqa import analyze
from shared.comparison.audit import audit
from shared.comparison.claims import Names
from shared.comparison.reported import read_reported
from shared.settings import load_paper


@pytest.fixture(scope="module")
def reported():
    return read_reported("kie_hvqa")


@pytest.fixture(scope="module")
def audited(reported):
    return audit(load_paper("kie_hvqa"), Names(reported), vars(analyze))


def test_all_cells_of_the_three_tables_are_there(reported):
    count = reported["item"].value_counts()
    assert count["table1"] == 11 * 4 * 4
    assert count["table2"] == 5 * 3
    assert count["table3"] == 3 * 3


def test_the_ablation_repeats_the_row_of_table_1(reported):
    rl = reported[(reported["method"] == "SFT+RL") & (reported["dataset"] == "Average")]
    for metric in ("clear", "not_clear", "final"):
        assert rl.loc[rl["metric"] == metric, "value"].nunique() == 1


def test_averages_follow_the_sizes_78_256_and_95(audited):
    """All 44 within what rounding can explain, 41 within half a unit."""
    averages = audited[audited["check"] == "average"]
    assert len(averages) == 44 and (averages["agrees"] == "yes").sum() == 41
    rest = averages[averages["agrees"] == "no"]
    assert rest["note"].str.contains("rounding of the parts").all()


def test_every_avg_is_the_mean_of_its_cells(audited):
    means = audited[audited["check"] == "metric mean"]
    assert len(means) == 44
    rest = means[means["agrees"] == "no"]
    assert rest["note"].str.contains("rounding of the parts").all()


def test_repeated_numbers_are_found(audited):
    (row,) = audited[audited["check"] == "distinct"].to_dict("records")
    for metric in ("clear 12.49", "not_clear 16.65", "final 11.22", "avg 13.45"):
        assert f"Card {metric}: InternVL3-8B Zero-shot and InternVL3-78B Zero-shot" in row["note"]
    assert "Card final 26.77: Claude 3.7 Sonnet Zero-shot and Gemini 2.5 Pro" in row["note"]


def test_the_headlines_against_table_1(audited):
    """27.84 rounds to 28; the 22 of arXiv v1 fits SFT alone, at 21.99."""
    totals = audited[audited["check"] == "total"].set_index("what")["agrees"]
    assert [totals[name] for name in totals.index] == ["no", "yes", "no", "yes"]


def frame(dataset, part="test", **columns):
    scored = [*analyze.SIMILARITIES, "made_up", "hidden", "refused", "legible"]
    row = {name: 1.0 for name in scored} | {"valid": True, "in_form": True, "right": True}
    return pd.DataFrame([{"id": f"{part}/{dataset}", "dataset": dataset, **row, **columns}])


def test_undegraded_rows_are_a_group_of_their_own():
    rows = pd.concat([frame("Cards", avg=0.5), frame("Receipts"), frame("Cards", "undegraded")])
    groups = {g.dataset: g for g in analyze._by_dataset({0: rows}, "Small", "SFT", "All subsets")}
    assert set(groups) == {"Cards", "Receipts", "All subsets", "Undegraded"}
    assert groups["All subsets"].columns["avg"].tolist() == [[0.5, 1.0]]
    assert groups["Undegraded"].columns["right"].tolist() == [[1.0]]
