"""The published labels: every count of the fact sheet.

Counted here with pandas alone, so that these numbers don't rest on the code of the analysis.
"""

import pandas as pd
import pytest

from papers.forbidden_science import labels
from papers.forbidden_science.labels import MODELS, OVER_RESTRICTION, read_labels

CLAUDE, GROK, GPT, MISTRAL = MODELS.values()


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return read_labels()


@pytest.fixture(scope="module")
def refused(frame) -> pd.DataFrame:
    """A row a prompt, a column a model."""
    table = frame.assign(refused=~frame["allowed"])
    return table.pivot(index="number", columns="model", values="refused")


def test_every_prompt_and_model_once(frame):
    assert len(frame) == 4 * 512
    assert frame["model"].unique().tolist() == [CLAUDE, GROK, GPT, MISTRAL]
    for _, rows in frame.groupby("model"):
        assert sorted(rows["number"]) == list(range(1, 513))
    kinds = frame.dtypes.astype(str).to_dict()
    assert {kinds[name] for name in labels.FLAGS} == {"bool"}
    assert {kinds[name] for name in labels.COUNTS} == {"int64"}


def test_prompts_by_category_and_template(frame):
    one = frame[frame["model"] == CLAUDE]
    assert one["category"].value_counts().to_dict() == {
        "controlled substances": 438,
        "environmental recycling": 48,
        "industrial chemicals": 26,
    }
    sizes = {"T1": 88, "T2": 88, "T3": 88, "T4": 87, "T5": 87, "IC": 26, "ENV": 48}
    assert one["template"].value_counts().to_dict() == sizes
    assert one["template"].isin(OVER_RESTRICTION).sum() == 74
    assert (one["template"].map(labels.CATEGORIES) == one["category"]).all()


def test_refusals_of_each_model(refused):
    """Section 4.2: 381, 107, 53 and 0 of 512; in percent 74.41, 20.90, 10.35 and 0.00."""
    assert refused.sum().to_dict() == {CLAUDE: 381, GROK: 107, GPT: 53, MISTRAL: 0}
    percent = (100 * refused.mean()).round(2).to_dict()
    assert percent == {CLAUDE: 74.41, GROK: 20.90, GPT: 10.35, MISTRAL: 0.00}


def test_refusals_by_category(frame):
    counts = _refusals(frame, "category")
    names = ["controlled substances", "industrial chemicals", "environmental recycling"]
    assert counts.loc[CLAUDE, names].tolist() == [373, 7, 1]
    assert counts.loc[GROK, names].tolist() == [106, 0, 1]
    assert counts.loc[GPT, names].tolist() == [53, 0, 0]
    assert counts.loc[MISTRAL, names].tolist() == [0, 0, 0]


def test_refusals_by_template(frame):
    counts = _refusals(frame, "template")[["T1", "T2", "T3", "T4", "T5", "IC", "ENV"]]
    assert counts.loc[CLAUDE].tolist() == [88, 80, 44, 77, 84, 7, 1]
    assert counts.loc[GROK].tolist() == [53, 48, 0, 1, 4, 0, 1]
    assert counts.loc[GPT].tolist() == [47, 1, 2, 1, 2, 0, 0]
    assert counts.loc[MISTRAL].tolist() == [0, 0, 0, 0, 0, 0, 0]


def test_patterns_over_the_four_models(refused):
    """Section 4.3, (Mistral, GPT-3.5, Claude, Grok) with T for allowed."""
    order = refused[[MISTRAL, GPT, CLAUDE, GROK]]
    patterns = order.apply(lambda row: "".join("TF"[flag] for flag in row), axis=1)
    assert patterns.value_counts().to_dict() == {
        "TTFT": 254,
        "TTTT": 130,
        "TTFF": 74,
        "TFFF": 32,
        "TFFT": 21,
        "TTTF": 1,
    }
    refusing = refused.sum(axis=1).value_counts()
    assert refusing.reindex(range(5), fill_value=0).tolist() == [130, 255, 95, 32, 0]


def test_nesting(refused):
    """Every GPT-3.5 refusal is a Claude refusal, and Grok refuses one prompt Claude allows."""
    assert (refused[GPT] & refused[CLAUDE]).sum() == 53
    assert (refused[GROK] & ~refused[CLAUDE]).sum() == 1


@pytest.mark.parametrize(
    ("one", "other", "agreeing", "kappa"),
    [
        (GPT, GROK, 81.2, 0.304),
        (CLAUDE, GROK, 46.1, 0.160),
        (GPT, CLAUDE, 35.9, 0.076),
        (MISTRAL, GPT, 89.6, 0.0),
        (MISTRAL, GROK, 79.1, 0.0),
        (MISTRAL, CLAUDE, 25.6, 0.0),
    ],
)
def test_agreement_and_kappa(refused, one, other, agreeing, kappa):
    """kappa from the counts: (observed - expected) / (1 - expected)."""
    first, second = refused[one].mean(), refused[other].mean()
    observed = (refused[one] == refused[other]).mean()
    expected = first * second + (1 - first) * (1 - second)
    assert 100 * observed == pytest.approx(agreeing, abs=0.051)
    assert (observed - expected) / (1 - expected) == pytest.approx(kappa, abs=0.0006)


@pytest.mark.parametrize(
    ("model", "allowed", "n", "cot", "response", "safety"),
    [
        (CLAUDE, False, 381, (50.2, 50), (70.0, 68), 99.0),
        (CLAUDE, True, 131, (74.7, 74), (146.9, 157), 19.8),
        (GROK, False, 107, (42.6, 40), (19.4, 18), 92.5),
        (GROK, True, 405, (77.0, 72), (61.9, 52), 34.8),
        (GPT, False, 53, (40.5, 26), (31.4, 20), 9.4),
        (GPT, True, 459, (65.2, 65), (52.5, 48), 31.4),
        (MISTRAL, True, 512, (74.7, 72.5), (80.1, 75.5), 26.6),
    ],
)
def test_chain_of_thought_proxies(frame, model, allowed, n, cot, response, safety):
    """Section 4.4: words of CoT and response (mean, median), and safety terms in the CoT."""
    rows = frame[(frame["model"] == model) & (frame["allowed"] == allowed)]
    assert len(rows) == n
    for column, (mean, median) in (("cot_words", cot), ("response_words", response)):
        assert round(rows[column].mean(), 1) == mean
        assert rows[column].median() == median
    assert round(100 * rows["cot_mentions_safety"].mean(), 1) == safety


def test_no_model_has_empty_replies_but_gpt(frame):
    """Four replies of GPT-3.5-turbo are empty and still count as allowed."""
    empty = frame[frame["response_words"] == 0]
    assert empty["model"].tolist() == [GPT] * 4
    assert empty["allowed"].all()


def test_the_table_holds_no_text():
    """Numbers, flags and seven template names: no prompt, no agent, no reply."""
    text = pd.read_csv(labels.LABELS, dtype=str)
    words = set(text[["category", "template"]].stack())
    assert words == {*labels.CATEGORIES, *labels.CATEGORIES.values()}
    assert text.drop(columns=["category", "template"]).apply(lambda c: c.str.isdigit().all()).all()


def _refusals(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    rows = frame.assign(refused=~frame["allowed"])
    return rows.pivot_table(index="model", columns=column, values="refused", aggfunc="sum")
