"""The reported numbers of R-Tuning: complete, unique, and in agreement with the paper's claims.

A count such as "10 of 12" is checked with the cells that make the exceptions, so that two wrong
digits can't cancel.
"""

import pandas as pd
import pytest

from shared.comparison import language
from shared.comparison.claims import inequalities
from shared.settings import PAPERS, load_paper

KEYS = ["item", "model", "method", "dataset", "metric"]
SMALL, MIDDLE, LARGE = "OpenLLaMA-3B", "LLaMA-7B", "LLaMA-13B"


@pytest.fixture(scope="module")
def reported() -> pd.DataFrame:
    path = PAPERS / "r_tuning" / "reported.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.assign(number=pd.to_numeric(frame["value"]))


def column(reported: pd.DataFrame, item: str, method: str, metric: str) -> pd.Series:
    """The numbers of one column of a table, by (dataset, model)."""
    chosen = reported.query("item == @item and method == @method and metric == @metric")
    return chosen.set_index(["dataset", "model"])["number"]


def exceptions(left: pd.Series, right: pd.Series) -> set:
    """Cells in which `left` is not above `right`."""
    assert list(left.index) == list(right.index)
    return set(left.index[left <= right])


def test_rows_per_table(reported):
    """Rows × columns of each printed table.

    1: 12 × 2; 2: 12 × 4; 3: 9 × 3; 7: 9 × 4; 4, 5, 10, 11: 5 data sets × 3 models × (D1, D0);
    8: 12 × 5; 12: 6 × 2 × (accuracy, rate); 13: 7 × 3 × 2; 14: 12 × 4; 15, 16: 12 × 2.
    """
    assert reported.groupby("item").size().to_dict() == {
        "table1": 24,
        "table2": 48,
        "table3": 27,
        "table4": 30,
        "table5": 30,
        "table6": 23,
        "table7": 36,
        "table8": 60,
        "table10": 30,
        "table11": 30,
        "table12": 24,
        "table13": 42,
        "table13_derived": 12,
        "table14": 48,
        "table15": 24,
        "table16": 24,
        "issue14": 8,
    }


def test_keys_are_unique(reported):
    assert not reported.duplicated(KEYS).any()


def test_columns_use_the_agreed_words(reported):
    others = ["value", "unit", "direction", "n", "source", "note"]
    assert list(reported.columns) == [*KEYS, *others, "number"]
    sources = reported.groupby("source")["item"].unique().map(set)
    assert sources["derived"] == {"table13_derived"}
    assert sources["secondary"] == {"issue14"}
    assert set(sources.index) == {"paper", "derived", "secondary"}
    units = reported.groupby("metric")["unit"].unique().map(list).to_dict()
    percent = [
        "ap",
        "accuracy",
        "accuracy_all",
        "answer_rate",
        "refusal_rate",
        "confidence",
        "sure_probability",
    ]
    plain = ["ece", "perplexity_d1", "perplexity_d0", "entropy_d1", "entropy_d0", "size"]
    assert units == {metric: ["%"] for metric in percent} | {metric: [""] for metric in plain}
    directions = reported.groupby("metric")["direction"].unique().map(list).to_dict()
    better = {metric: ["higher"] for metric in ("ap", "accuracy", "accuracy_all", "refusal_rate")}
    better["ece"] = ["lower"]
    assert directions == {metric: better.get(metric, [""]) for metric in percent + plain}


def test_values_are_the_printed_strings(reported):
    """Trailing zeros survive: two decimals in percent and perplexity, three in ECE and entropy."""
    decimals = reported["value"].str.extract(r"^\d+(?:\.(\d+))?$")[0].fillna("").str.len()
    expected = reported["metric"].str.extract(r"^(ece|entropy|size)")[0]
    assert (decimals == expected.map({"ece": 3, "entropy": 3, "size": 0}).fillna(2)).all()


def test_single_cells(reported):
    """One cell of each table, typed by hand."""
    found = reported.set_index(KEYS)["value"]
    assert found["table1", LARGE, "Vanilla", "MMLU ID", "ap"] == "51.93"
    assert found["table2", SMALL, "Vanilla-U", "ParaRel OOD", "ap"] == "47.81"
    assert found["table3", MIDDLE, "Vanilla", "SelfAware", "refusal_rate"] == "34.79"
    assert found["table4", SMALL, "Pretrain-T", "MMLU", "perplexity_d0"] == "462.36"
    assert found["table5", LARGE, "gpt-3.5-turbo", "WiCE", "entropy_d1"] == "0.265"
    assert found["table7", SMALL, "R-Tuning-R", "FalseQA", "refusal_rate"] == "98.31"
    assert found["table8", SMALL, "R-Tuning-R", "MMLU OOD", "answer_rate"] == "2.41"
    assert found["table12", LARGE, "Min-loss", "ParaRel OOD", "answer_rate"] == "55.75"
    assert found["table13", MIDDLE, "Vanilla", "WiCE", "ap"] == "65.47"
    assert found["table14", LARGE, "Vanilla-C", "ParaRel OOD", "confidence"] == "61.20"
    assert found["table15", MIDDLE, "Vanilla-C", "MMLU OOD", "sure_probability"] == "58.33"
    assert found["table16", SMALL, "R-Tuning-U", "ParaRel ID", "ece"] == "0.018"
    assert found["issue14", SMALL, "R-Tuning", "ParaRel OOD", "ap"] == "52.52"


@pytest.mark.parametrize(
    ("item", "metric", "above", "below", "cells", "unless"),
    [
        ("table1", "ap", "R-Tuning", "Vanilla", 12, {("ParaRel OOD", MIDDLE), ("MMLU OOD", SMALL)}),
        (
            "table2",
            "ap",
            "R-Tuning-U",
            "R-Tuning",
            12,
            {("MMLU ID", SMALL), ("MMLU ID", LARGE), ("MMLU OOD", MIDDLE), ("MMLU OOD", LARGE)},
        ),
        ("table2", "ap", "R-Tuning-U", "Vanilla-C", 12, set()),
        ("table2", "ap", "Vanilla-C", "Vanilla-U", 12, {("MMLU ID", LARGE), ("MMLU OOD", SMALL)}),
        ("table3", "refusal_rate", "R-Tuning", "Vanilla", 9, set()),
        ("table3", "refusal_rate", "R-Tuning", "Pretrain-T", 9, set()),
        ("table7", "refusal_rate", "R-Tuning-R", "R-Tuning", 9, set()),
        ("table8", "accuracy", "R-Tuning-R", "Vanilla", 12, set()),
        ("table8", "accuracy", "R-Tuning-R", "Pretrain-T", 12, {("MMLU OOD", SMALL)}),
        ("table8", "accuracy", "Pretrain-W", "Pretrain-T", 12, {("MMLU ID", SMALL)}),
        ("table14", "accuracy_all", "R-Tuning-U", "Vanilla-C", 12, {("MMLU ID", SMALL)}),
        ("table15", "sure_probability", "R-Tuning-U", "Vanilla-C", 12, set()),
        ("table16", "ece", "Vanilla-C", "R-Tuning-U", 12, set()),
        ("table13_derived", "ap", "R-Tuning", "Vanilla", 6, set()),
    ],
)
def test_comparisons_of_two_columns(reported, item, metric, above, below, cells, unless):
    left = column(reported, item, above, metric)
    assert len(left) == cells
    assert exceptions(left, column(reported, item, below, metric)) == unless


def test_multi_task_wins_12_of_18_cells_and_every_average(reported):
    r_tuning = column(reported, "table13", "R-Tuning", "ap")
    vanilla = column(reported, "table13", "Vanilla", "ap")
    lost = exceptions(r_tuning, vanilla)
    assert lost == {
        ("ParaRel", MIDDLE),
        ("MMLU", SMALL),
        ("MMLU", MIDDLE),
        ("MMLU", LARGE),
        ("WiCE", SMALL),
        ("WiCE", MIDDLE),
    }
    assert len(r_tuning) == 18 + 3  # three averages


@pytest.mark.parametrize(
    ("item", "metric", "method", "unless"),
    [
        ("table4", "perplexity", "Pretrain-T", {("WiCE", MIDDLE), ("FEVER", SMALL)}),
        ("table5", "entropy", "gpt-3.5-turbo", {("WiCE", LARGE), ("FEVER", SMALL)}),
    ],
)
def test_d1_is_easier_than_d0_in_13_of_15(reported, item, metric, method, unless):
    d0 = column(reported, item, method, f"{metric}_d0")
    assert len(d0) == 15
    assert exceptions(d0, column(reported, item, method, f"{metric}_d1")) == unless


def test_min_loss_is_better_at_3b_and_worse_out_of_domain_above(reported):
    lost = exceptions(
        column(reported, "table12", "Min-loss", "accuracy"),
        column(reported, "table12", "R-Tuning-R", "accuracy"),
    )
    assert lost == {("ParaRel ID", MIDDLE), ("ParaRel OOD", MIDDLE), ("ParaRel OOD", LARGE)}


def test_min_loss_trades_accuracy_for_answers_in_4_of_6(reported):
    """More accurate and answering less, or the reverse; not so in domain at 7B and 13B."""

    def gain(metric):
        left = column(reported, "table12", "Min-loss", metric)
        return left - column(reported, "table12", "R-Tuning-R", metric)

    traded = gain("accuracy") * gain("answer_rate") < 0
    assert set(traded.index[~traded]) == {("ParaRel ID", MIDDLE), ("ParaRel ID", LARGE)}


def test_refusal_rates_keep_the_thresholds_of_the_claim(reported):
    rates = reported[reported["item"] == "table7"].groupby("method")["number"]
    assert rates.min()[["R-Tuning", "R-Tuning-R"]].to_list() == [87.32, 97.67]
    assert rates.max()[["Vanilla", "Pretrain-T"]].to_list() == [34.79, 28.00]


def test_printed_averages_against_their_rows(reported):
    """Mean of the six rows of Table 13, R-Tuning, OpenLLaMA-3B, which prints 61.09:

    (69.79 + 24.38 + 56.74 + 46.54 + 94.22 + 73.85) / 6 = 365.52 / 6 = 60.92.
    """
    table = reported[reported["item"] == "table13"]
    rows = table[table["dataset"] != "Average"]
    means = rows.groupby(["method", "model"])["number"].mean().round(2)
    printed = table[table["dataset"] == "Average"].set_index(["method", "model"])["number"]
    assert len(printed) == 6
    differs = {key: (printed[key], means[key]) for key in printed.index}
    differs = {key: pair for key, pair in differs.items() if pair[0] != pair[1]}
    assert differs == {
        ("R-Tuning", SMALL): (61.09, 60.92),
        ("R-Tuning", MIDDLE): (69.11, 69.12),
    }


@pytest.mark.parametrize(
    ("dataset", "left_out"), [("Average", []), ("Average ID", ["HaluEval-QA"])]
)
def test_derived_averages_follow_from_table_13(reported, dataset, left_out):
    rows = reported[reported["item"] == "table13"]
    rows = rows[~rows["dataset"].isin(["Average", *left_out])]
    means = rows.groupby(["method", "model"])["number"].mean().round(2)
    derived = reported.query("item == 'table13_derived' and dataset == @dataset")
    derived = derived.set_index(["method", "model"])["number"]
    assert derived.sort_index().to_dict() == means.to_dict()


@pytest.mark.parametrize(
    ("one", "other", "shared_cells"),
    [
        ("table3", "table7", 27),
        ("table4", "table10", 30),
        ("table5", "table11", 30),
        ("table1", "table2", 12),  # the column R-Tuning
        ("table8", "table12", 12),  # R-Tuning-R on ParaRel
    ],
)
def test_tables_that_repeat_each_other_agree(reported, one, other, shared_cells):
    both = reported[reported["item"] == one].merge(
        reported[reported["item"] == other], on=KEYS[1:], suffixes=("", "_other")
    )
    assert len(both) == shared_cells
    assert (both["value"] == both["value_other"]).all()
    assert (one, other) in [same.items for same in load_paper("r_tuning").audit.same]


def test_size_totals(reported):
    """ParaRel: 5,575 + 5,584 + 13,974 = 25,133, as printed.

    MMLU: 2,448 + 2,439 + 9,155 = 14,042, but 14,033 is printed.
    """
    sizes = reported[reported["item"] == "table6"].set_index("dataset")["number"]

    def total(name):
        return sum(sizes[f"{name} {part}"] for part in ("train", "ID test", "OOD test"))

    assert (sizes["ParaRel total"], total("ParaRel")) == (25133, 25133)
    assert (sizes["MMLU total"], total("MMLU")) == (14033, 14042)
    audited = {(total.printed, *total.parts) for total in load_paper("r_tuning").audit.totals}
    assert audited == {(25133, 5575, 5584, 13974), (14033, 2448, 2439, 9155)}


def test_test_set_sizes_beside_the_cells(reported):
    sizes = reported[reported["n"] != ""].groupby("dataset")["n"].unique().map(list).to_dict()
    assert sizes == {
        "ParaRel ID": ["5584"],
        "ParaRel OOD": ["13974"],
        "MMLU ID": ["2439"],
        "MMLU OOD": ["9155"],
        "FalseQA": ["2365"],
        "NEC": ["2078"],
        "SelfAware": ["1032"],
        "WiCE": ["958"],
        "HotpotQA": ["7405"],
        "FEVER": ["9999"],
        "HaluEval-QA": ["10000"],
    }


def test_paper_yaml_speaks_of_cells_that_exist(reported):
    """Each claim, average and unavailable entry names items, methods and data sets that are there.

    Figure 3 is an exception: its bars could not be read, so it has no reported cell. A claim of
    ours may be about cells that the paper has not.
    """
    paper = load_paper("r_tuning")
    ids = [claim.id for claim in paper.claims]
    assert len(ids) == len(set(ids))
    assert {int(claim_id.strip("cabd")) for claim_id in ids} == set(range(1, 13))
    for claim in paper.claims:
        if claim.item == "figure3" or (claim.ours and claim.item not in set(reported["item"])):
            continue
        cells = reported[reported["item"] == claim.item]
        assert len(cells), claim.id
        found = [cell for one in inequalities(claim) for cell in language.cells(one)]
        assert {cell.metric for cell in found} <= set(cells["metric"]), claim.id
        methods = {cell.terms[0].text for cell in found if not cell.terms[0].bare}
        assert methods <= set(cells["method"]), claim.id
        assert set(claim.where.get("d", [])) <= set(cells["dataset"]), claim.id
    for entry in paper.unavailable:
        cells = reported[reported["item"].isin(entry.items)]
        assert set(entry.items) <= set(cells["item"])
        assert set(entry.models) <= set(cells["model"])
        assert set(entry.methods) <= set(cells["method"])
        assert set(entry.datasets) <= set(cells["dataset"])
        assert set(entry.scales) <= set(paper.scales)
    for average in paper.audit.averages:
        datasets = set(reported.loc[reported["item"] == average.item, "dataset"])
        assert {average.printed, *average.over} == datasets
