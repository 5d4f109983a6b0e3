"""The numbers of all tables and of Figure 4, what the audit finds in them, and paper.yaml."""

import re

import pandas as pd
import pytest

from papers.resa import analyze
from shared.comparison.audit import audit
from shared.comparison.claims import Names
from shared.comparison.compare import check_units
from shared.comparison.reported import read_reported
from shared.settings import PAPERS, load_models, load_paper

PAPER = load_paper("resa")
LLAMA, QWEN = "Llama3.1-8B-Instruct", "Qwen2.5-7B-Instruct"


@pytest.fixture(scope="module")
def reported() -> pd.DataFrame:
    return read_reported("resa")


@pytest.fixture(scope="module")
def checks(reported) -> pd.DataFrame:
    return audit(PAPER, Names(reported, averages=PAPER.audit.averages), vars(analyze))


def test_every_table_is_whole(reported):
    """Rows times columns of each table: Table 2 has 2 models, 3 judges and 6 methods with 8
    attacks and an average each, 324; Figure 4 has 3 panels of 7 numbers."""
    expected = {
        "table1": 4 + 8,
        "table2": 2 * 3 * 6 * 9,
        "table3": 2 * 6 * 8,
        "table4": 12 * 6,
        "table5": 2 * 4,
        "table6": 2 * 3 * 4,
        "table7": 2 * 3 * 5 * 9,
        "table8": 2 * 3 * 5 * 9,
        "table9": 3 * 3 * 5,
        "table10": 3 * 2,
        "table11": 4 * 3,
        "table12": 3 * 3,
        "table13": 5 * 5,
        "table14": 2 * 3 * 2 * 5,
        "table15": 4 * 2,
        "table16": 2 * 5,
        "table17": 4 * 5,
        "table18": 3 * 4 * 9,
        "table19": 5,
        "figure4": 3 * 7,
    }
    assert reported["item"].value_counts().to_dict() == expected
    assert len(reported) == sum(expected.values()) == 1405


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("table1", "", "", "Adversarial Harmful: GPTFuzzer", "samples"), "355"),
        (("table2", LLAMA, "ReSA-SFT", "TAP", "dsr"), "0.8498"),
        (("table2", QWEN, "STAIR-DPO", "ReNeLLM", "goodness"), "0.7484"),
        (("table2", QWEN, "ReSA-RL", "Avg", "dsr_harmbench"), "0.9928"),
        (("table3", LLAMA, "Base", "Avg OR", "over_refusal_accuracy"), "93.27"),
        (("table3", QWEN, "ReSA-RL", "WJ-Eval", "over_refusal_accuracy"), "88.80"),
        (("table4", "gpt-4.1-20250414", "Goal priority", "Avg safety", "dsr"), "0.7875"),
        (("table5", QWEN, "ReSA-SFT", "vs Post-hoc (LlamaGuard)", "win_rate_llama"), "0.7026"),
        (("table6", QWEN, "ReSA-SFT", "MATH500", "response_tokens"), "910.97"),
        (("table6", LLAMA, "Base", "StrongREJECT", "runtime_seconds"), "190"),
        (("table7", LLAMA, "Base", "AdvBench, PAIR-GPT", "dsr"), "0.2135"),
        (("table8", QWEN, "WJ-SFT", "HarmBench, TAP", "dsr_harmbench"), "0.5850"),
        (("table9", "gemma-3-4b-it", "WJ-SFT", "Avg of 4", "goodness"), "0.8474"),
        (("table11", QWEN, "STAIR-DPO", "GCG", "dsr"), "0.9800"),
        (("table13", LLAMA, "ReSA-SFT", "PAIR-GPT+Prefilling", "dsr"), "0.7827"),
        (("table16", "", "ReSA-RL", "Avg of 4", "summary_goodness"), "0.9951"),
        (("table18", QWEN, "ReSA-SFT (Only WJ)", "GPTFuzzer", "dsr"), "0.6933"),
        (("table19", LLAMA, "ReSA-SFT", "PAIR-GPT", "check_jailbreak_rate"), "7.99"),
        (("figure4", QWEN, "ReSA-SFT", "0.5K", "over_refusal"), "0.91"),
    ],
)
def test_single_numbers(reported, key, value):
    rows = reported.set_index(["item", "model", "method", "dataset", "metric"])
    assert rows.loc[key, "value"] == value


def test_units_and_sources(reported):
    check_units(reported, analyze.METRICS)
    figure = reported["item"] == "figure4"
    assert set(reported.loc[figure, "source"]) == {"figure"}
    assert set(reported.loc[~figure, "source"]) == {"paper"}


def test_fractions_are_those_of_the_sizes(reported):
    """LlamaGuard's and HarmBench's rates are whole numbers of 313, 520, 400, 50 or 100 prompts, but
    for one: 237 of 313 is 0.7572, not 0.7571."""
    rates = reported[reported["metric"].isin(["dsr", "dsr_harmbench"]) & (reported["n"] != "")]
    rates = rates[~rates["dataset"].str.contains("Avg")]
    n = rates["n"].astype(int)
    counts = rates["number"] * n
    odd = rates[(counts - counts.round()).abs() > 0.00005 * n + 1e-6]
    assert odd[["item", "model", "method", "dataset", "value"]].to_numpy().tolist() == [
        ["table4", "deepseek-v3-20250324", "Goal priority", "PAP", "0.7571"]
    ]


def test_averages_that_do_not_recompute(checks):
    """93.27 against (93.60 + 85.00 + 99.20) / 3 = 92.60; 0.9000 against (0.8466 + 0.9553) / 2 =
    0.90095; 0.5565 against (0.5160 + 0.5967) / 2 = 0.55635; 91.66 is 275 / 3 = 91.667 cut off."""
    averages = checks[checks["check"] == "average"]
    wrong = averages[averages["agrees"] == "no"].set_index("what")
    assert len(averages) == 36 + 30 + 30 + 12 + 9 + 12 + 5 + 2 + 4 + 1 + 24 + 24
    assert wrong["printed"].to_dict() == {
        f"table3 / {LLAMA} / Base / Avg OR / over_refusal_accuracy": "93.27",
        f"table3 / {QWEN} / WJ-SFT / Avg OR / over_refusal_accuracy": "91.66",
        f"table4 / {LLAMA} / Deliberative Alignment / Avg safety / dsr": "0.9000",
        "table4 / Realsafe-r1 / Released weights / Avg OR / over_refusal_share": "0.5565",
    }
    assert wrong["recomputed"].tolist() == ["92.6000", "91.6667", "0.900950", "0.556350"]
    assert set(averages["agrees"]) == {"yes", "no"}


def test_totals_and_repeated_numbers_agree(checks):
    others = checks[checks["check"].isin(["total", "same"])]
    assert len(others) == 11 and set(others["agrees"]) == {"yes"}


def test_one_claim_fails_on_the_papers_own_numbers(checks):
    claims = checks[checks["check"] == "claim"]
    failed = claims[claims["agrees"] == "no"].iloc[0]
    assert failed["what"].startswith("c8b:") and failed["recomputed"] == "6 of 8"
    assert "None: ReSA-SFT (Only WJ) 0.9872 against WJ-SFT 0.9936" in failed["note"]
    assert "GPTFuzzer: ReSA-SFT (Only WJ) 0.6933 against WJ-SFT 0.9904" in failed["note"]
    unknown = claims[claims["agrees"] == "unknown"]["what"].str.partition(":")[0].tolist()
    assert unknown == ["c3c"] and (claims["agrees"] == "yes").sum() == len(claims) - 2


def test_claims_1_to_18_name_what_exists(reported):
    numbers = [int(re.match(r"c(\d+)", claim.id)[1]) for claim in PAPER.claims]
    assert sorted(set(numbers)) == list(range(1, 19)) and numbers == sorted(numbers)
    items = {*reported["item"], *(item.item for item in analyze.ITEMS)}
    for claim in PAPER.claims:
        assert claim.item in items, claim.id
        assert claim.function is None or callable(getattr(analyze, claim.function))


def test_what_is_unavailable_names_what_is_printed(reported):
    for entry in PAPER.unavailable:
        assert set(entry.items) <= set(reported["item"])
        own = reported[reported["item"].isin(entry.items)]
        for name in ("model", "method", "dataset", "metric"):
            assert set(getattr(entry, f"{name}s")) <= set(own[name]), (entry.items, name)


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu", "paper"])
def test_an_attack_that_could_be_built_is_not_attempted_rather_than_blocked(reported, scale):
    """AutoDAN-Turbo is public; `blocked` is what nobody outside can have."""
    for row in reported[reported["item"] == "table12"].itertuples():
        first = next(each for each in PAPER.unavailable if each.covers(row, scale))
        assert first.verdict == "not attempted", row


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu", "paper"])
def test_settings_and_deviations_speak_of_every_scale(scale):
    models = load_models("resa", scale)
    assert models[0].runs() and any(scale in each.scales for each in PAPER.deviations)
    names = {item.item for item in analyze.ITEMS}
    assert set(PAPER.readme_items) <= names
    reported = read_reported("resa")
    assert {each.stands_in_for or each.name for each in models} <= set(reported["model"])
    assert set(models[0].stand_ins.values()) <= set(reported["dataset"])


def test_the_readme_has_its_markers():
    text = (PAPERS / "resa" / "README.md").read_text(encoding="utf-8")
    assert text.index("<!-- results:begin -->") < text.index("<!-- results:end -->")
