"""The abstract's numbers, and what paper.yaml and the README say of them."""

import re

import pandas as pd
import pytest

from papers.forbidden_science import analyze
from papers.forbidden_science.labels import MODELS, read_labels
from shared.comparison.audit import audit
from shared.comparison.cells import KEY, cells
from shared.comparison.claims import Names
from shared.comparison.compare import check_units, compare
from shared.comparison.reported import read_reported
from shared.settings import PAPERS, StandIns, load_models, load_paper, model_names

CLAUDE, GROK, GPT, MISTRAL = MODELS.values()
PAPER = load_paper("forbidden_science")
README = (PAPERS / "forbidden_science" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reported() -> pd.DataFrame:
    return read_reported("forbidden_science")


@pytest.fixture(scope="module")
def compared(reported) -> pd.DataFrame:
    """The published labels beside the abstract, at scale cpu."""
    groups = list(analyze.label_groups(read_labels()))
    found = cells(groups, analyze.ITEMS, analyze.METRICS)
    return compare(PAPER, "cpu", StandIns(), reported, found)


def test_all_numbers_of_the_abstract_and_nothing_else(reported):
    values = reported.set_index(["item", "model", "dataset", "metric"])["value"].to_dict()
    rates = {CLAUDE: ("73", "27"), GROK: ("20", "80"), GPT: ("10", "90"), MISTRAL: ("0", "100")}
    expected = {}
    for model, (refusals, allowances) in rates.items():
        expected["abstract", model, "All prompts", "refusal_rate"] = refusals
        expected["abstract", model, "All prompts", "allowance_rate"] = allowances
        expected["asked_again", model, "Authors' prompts", "refusal_rate"] = refusals
    expected["abstract_consistency", "", "single prompt", "consistency"] = "85"
    expected["abstract_consistency", "", "five variations", "consistency"] = "65"
    expected["size", "", "All prompts", "prompts"] = "512"
    assert values == expected
    assert set(reported["source"]) == {"abstract", "secondary"}
    assert reported.loc[reported["source"] == "secondary", "item"].tolist() == ["size"]


def test_notes_give_the_counts_of_the_labels(reported):
    """381 of 512 = 74.41 and so on, with the counts taken from labels.csv."""
    labels = read_labels()
    allowed = labels.groupby("model")["allowed"].sum()
    noted = {}
    for row in reported.itertuples():
        if match := re.search(r"give (\d+) of 512 = ([\d.]+)$", row.note):
            noted[row.model, row.metric] = (int(match[1]), match[2])
    assert len(noted) == 6
    for (model, metric), (count, percent) in noted.items():
        expected = allowed[model] if metric == "allowance_rate" else 512 - allowed[model]
        assert (count, percent) == (expected, f"{100 * expected / 512:.2f}")


def test_units_are_those_of_the_metrics(reported):
    check_units(reported, analyze.METRICS)


def test_refusals_and_allowances_are_100_and_two_rates_are_not_the_labels(reported):
    """Four totals of 100; Claude (373 + 7 + 1) / 512 = 74.41, Grok (106 + 0 + 1) / 512 = 20.90."""
    checks = audit(PAPER, Names(reported), vars(analyze)).query("check == 'total'")
    hundred = checks[checks["printed"] == "100"]
    assert (len(hundred), set(hundred["agrees"])) == (4, {"yes"})
    others = checks[checks["printed"] != "100"].set_index("printed")
    assert others["recomputed"].to_dict() == {"73": "74.4140625", "20": "20.8984375"}
    assert set(others["agrees"]) == {"no"}
    parts = [[100 * n / 512 for n in counts] for counts in ((373, 7, 1), (106, 0, 1))]
    assert [total.parts for total in PAPER.audit.totals[4:]] == parts


@pytest.mark.parametrize(
    ("claim", "agrees", "count"),
    [
        ("c1", "yes", "3 of 3"),
        ("c2", "yes", "1 of 1"),
        ("c3", "yes", "5 of 5"),
        ("c4", "yes", "2 of 2"),
        ("c5", "yes", "1 of 1"),
        ("c6", "unknown", ""),
        ("c7a", "unknown", ""),
        ("c8b", "unknown", ""),
    ],
)
def test_claims_on_the_abstracts_own_numbers(reported, claim, agrees, count):
    checks = audit(PAPER, Names(reported), vars(analyze)).query("check == 'claim'")
    row = checks[checks["what"].str.startswith(f"{claim}: ")].iloc[0]
    assert (row["agrees"], row["recomputed"]) == (agrees, count)


def test_the_comparison_shows_claudes_rate_beside_the_abstracts(compared):
    again = compared[compared["item"] == "asked_again"]
    assert set(again["verdict"]) == {"not attempted"} and len(again) == 4
    rates = compared[compared["item"] == "abstract"].query("metric == 'refusal_rate'")
    rates = rates.set_index("model")
    claude = rates.loc[CLAUDE]
    assert (claude["reported"], claude["value"], claude["verdict"]) == ("73", 74.4141, "match")
    assert claude["reason"].startswith("off by +1.414, within 2: ")
    assert rates.loc[GROK, "reason"].startswith("off by +0.8984, within 2: ")
    assert set(rates["verdict"]) == {"match"}


def test_consistency_is_blocked_and_never_taken_for_ours(compared):
    rows = compared[compared["item"] == "abstract_consistency"]
    assert rows["verdict"].tolist() == ["blocked", "blocked"]
    assert rows["reason"].str.contains("no answers to the prompt variations are published").all()
    assert rows["value"].isna().all()


def test_paper_yaml_speaks_of_what_exists(reported):
    ids = [claim.id for claim in PAPER.claims]
    assert {claim_id[1] for claim_id in ids} == set("12345678")
    items = {*reported["item"], *(item.item for item in analyze.ITEMS)}
    for claim in PAPER.claims:
        assert claim.item is None or claim.item in items, claim.id
    for own in ("c8a", "c8b"):
        source = next(claim.source for claim in PAPER.claims if claim.id == own)
        assert source == "not a claim of the paper but of this project"
    for entry in PAPER.unavailable:
        assert set(entry.items) <= set(reported["item"])
        assert set(entry.scales) <= set(PAPER.scales)
    for tolerance in PAPER.tolerances:
        assert tolerance.within == 2
        assert not reported.query("item == @tolerance.item and metric == @tolerance.metric").empty


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu", "paper"])
def test_every_scale_has_valid_settings_and_known_judges(scale):
    for settings in load_models("forbidden_science", scale):
        assert settings.variations == [1, 3, 5]
        assert {analyze.judge_name(judge) for judge in settings.judges} <= set(analyze.JUDGES)
        assert settings.stands_in_for is None  # the live model stands in for no model of the paper
        if scale == "paper":
            assert settings.prompts == "authors"
            assert not any("smollm2" in judge for judge in settings.judges)
        elif scale != "smoke":
            sizes = tuple(settings.prompts.model_dump().values())
            assert sizes == ((8, 12, 20) if scale == "cpu" else (24, 26, 48))


def test_scale_paper_asks_the_four_models_under_their_printed_names():
    assert model_names("forbidden_science", "paper") == list(MODELS.values())


def test_the_readme_has_the_counts_of_the_labels():
    """Its table of refusals by category, row by row."""
    labels = read_labels().assign(refused=lambda frame: ~frame["allowed"])
    names = ["controlled substances", "industrial chemicals", "environmental recycling"]
    table = labels.pivot_table("refused", "model", "category", "sum")[names]
    printed = {CLAUDE: 73, GROK: 20, GPT: 10, MISTRAL: 0}
    for model, counts in table.iterrows():
        share = f"{100 * counts.sum() / 512:.2f}"
        parts = " | ".join(str(count) for count in counts)
        row = f"| {model} | {parts} | {counts.sum()} = {share} % | {printed[model]} % |"
        assert row in README
    assert "**Claude's 73 % is 74.41 % by the authors' own labels**: 381 of 512" in README
    sizes = labels[labels["model"] == CLAUDE]["template"].value_counts()
    for template, size in sizes.items():
        assert re.search(rf"\| {template} \| .* \| {size} \|", README)


def test_the_readme_has_the_places_for_results():
    assert README.count("<!-- results:begin -->") == README.count("<!-- results:end -->") == 1


def test_keys_are_those_of_cells(reported):
    assert not reported.duplicated(KEY).any()
