"""What the paper prints, and the claims that need a function."""

import pandas as pd
import pytest

from papers.kie_hvqa import analyze
from papers.kie_hvqa.scoring import scores
from shared.comparison.audit import audit
from shared.comparison.claims import Names, bind
from shared.comparison.estimates import estimate
from shared.comparison.parts import Key
from shared.comparison.reported import read_reported
from shared.settings import load_paper, load_settings


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


def frame(dataset, **columns):
    scored = [*analyze.SIMILARITIES, "made_up", "hidden", "refused", "legible"]
    flags = ["valid", "in_form", "right", "any_not_clear"]
    row = dict.fromkeys(scored, 1.0) | dict.fromkeys(flags, True)
    return pd.DataFrame([{"id": f"a row of {dataset}", "dataset": dataset, **row, **columns}])


@pytest.mark.parametrize("clean", ["Undegraded", "OCRBench Scene VQA"])
def test_undegraded_rows_are_a_group_of_their_own(clean):
    rows = pd.concat([frame("Cards", avg=0.5), frame("Receipts"), frame(clean)])
    groups = {g.dataset: g for g in analyze._by_dataset({0: rows}, "Small", "SFT", "All subsets")}
    assert set(groups) == {"Cards", "Receipts", "All subsets", clean}
    assert groups["All subsets"].columns["avg"].tolist() == [[0.5, 1.0]]
    assert groups[clean].columns["right"].tolist() == [[1.0]]


def test_not_clear_is_also_counted_on_the_rows_that_have_such_characters():
    """Listing none: 1 and 1 on two rows without any, 0 and 0 on two with. So 50 % by eval.py's
    mean, and 0 % of what is there to be listed."""
    key = '{"clear Char-level OCR": "5", "not clear enough Char-level OCR": "%s", "Final OCR": "5"}'
    rows = [
        {"id": f"test/{i}", "dataset": "Cards", "answer": key % partly, "tags": ""}
        for i, partly in enumerate(["", " ", "a", "bc"])
    ]
    found = scores(rows, [key % ""] * 4)
    everything = {g.dataset: g for g in analyze._by_dataset({0: found}, "Small", "SFT", "All")}[
        "All"
    ]
    values = [
        estimate(everything, analyze.METRICS[name]) for name in ("not_clear", "not_clear_where_any")
    ]
    assert [(each.value, each.n) for each in values] == [(50, 4), (0, 2)]


def test_a_gain_is_of_the_same_rows():
    """Of two degraded rows, 0.5 and 1 against 0.75 and 0.25 in another order: 0.25 on average. One
    that the rival never answered, and undegraded rows, do not count."""
    names = ("a", "b", "unanswered")
    ours = pd.concat(frame(n, avg=v) for n, v in zip(names, (0.5, 1.0, 1.0), strict=True))
    theirs = pd.concat(frame(n, avg=v) for n, v in zip(names, (0.75, 0.25, None), strict=True))
    clean = frame("OCRBench KIE", avg=None)
    settings = load_settings("kie_hvqa", "paper")
    group = analyze._gain({0: pd.concat([ours, clean])}, theirs.iloc[::-1], settings)
    found = estimate(group, analyze.METRICS["gain_over_gpt4o"])
    assert (group.dataset, found.value, found.n) == ("Average", 25, 2)


def claimed(claim, keys, reported):
    """The parts of a claim of paper.yaml, as (what is more, what is less)."""
    (found,) = [each for each in load_paper("kie_hvqa").claims if each.id == claim]
    bound = bind(found, dict.fromkeys(keys, 0.0), Names(reported, analyze.ITEMS), {})
    return [(part.more, part.less) for part in bound.parts]


@pytest.mark.parametrize("claim, method", [("k1", "SFT+RL"), ("k1-eq3", "SFT+RL (Eq. 3)")])
def test_every_other_model_is_not_ones_own_untrained_self(claim, method, reported):
    ours = Key("avg", method, "Average", "Ours")
    own, other = (Key("avg", "Zero-shot", "Average", name) for name in ("Ours", "GPT-4o"))
    assert claimed(claim, [ours, own], reported) == []
    assert claimed(claim, [ours, own, other], reported) == [(ours, other)]


def test_both_readings_of_the_reward_are_judged():
    """Each claim on SFT+RL outside of the ablation, which is of Algorithm 1, has its twin."""
    claims = {each.id: each.holds for each in load_paper("kie_hvqa").claims}
    ablation = {"k5a", "k5b", "k5c", "k6a", "k1-engine"}
    about = {name for name, holds in claims.items() if '"SFT+RL"' in holds} - ablation
    assert about == {"k1", "k3a", "k3b", "k3c", "k4", "k7", "k9", "k9b"}
    for name in about:
        twin = claims[name].replace('"SFT+RL"', '"SFT+RL (Eq. 3)"')
        assert claims[f"{name}-eq3"].split() == twin.split()
