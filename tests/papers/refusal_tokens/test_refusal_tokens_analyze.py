"""From scores made by hand to the numbers that stand in the tables."""

import numpy as np
import pandas as pd
import pytest

from papers.refusal_tokens import analyze
from papers.refusal_tokens.methods import CATEGORIES
from papers.refusal_tokens.settings import Variant
from shared.comparison.cells import cells
from shared.settings import StandIns, load_paper

# Four original requests (a, b in safety; c, d in incomplete) and two contrast ones (e, f).
IDS = list("abcdef")
CATEGORY = ["safety", "safety", "incomplete", "incomplete", "safety", "incomplete"]
REFUSE = [True] * 4 + [False] * 2


def frame(**columns):
    rows = {"id": IDS, "part": ["original"] * 4 + ["contrast"] * 2, "category": CATEGORY}
    return pd.DataFrame(rows | {"refuse": REFUSE} | columns)


def one_token():
    """P(refuse) .9 .6 .4 .1 | .5 .05; replies do what their token says, but b refuses even after
    [respond], and f does not refuse even after [refuse]."""
    refuse = np.array([0.9, 0.6, 0.4, 0.1, 0.5, 0.05])
    chances = {"p1_refuse": refuse, "p1_respond": 1 - refuse}
    flat = np.sqrt(refuse) / (np.sqrt(refuse) + np.sqrt(1 - refuse) + 1)
    chances |= {"p2_refuse": flat, "p2_respond": 1 - flat}
    first = ["refuse" if p > 0.5 else "respond" for p in refuse]
    after_respond = [False, True, False, False, False, False]
    after_refuse = [True] * 5 + [False]
    own = [
        r if f == "refuse" else a
        for f, r, a in zip(first, after_refuse, after_respond, strict=True)
    ]
    return frame(
        **chances, first=first, refused=own, refused_respond=after_respond,
        refused_refuse=after_refuse,
    )  # fmt: skip


def category_tokens():
    """Of the five, only safety and incomplete have a chance. a and c refuse with the right token,
    b (safety) with that of incomplete, d answers."""
    names = list(CATEGORIES.values())
    safety, incomplete = CATEGORIES["safety"], CATEGORIES["incomplete"]
    columns = {}
    for temperature in (1, 2):
        columns |= {f"p{temperature}_{name}": np.zeros(6) for name in names}
        columns[f"p{temperature}_{safety}"] = np.array([0.8, 0.3, 0.1, 0.2, 0.1, 0.1])
        columns[f"p{temperature}_{incomplete}"] = np.array([0.1, 0.5, 0.8, 0.1, 0.05, 0.05])
        columns[f"p{temperature}_respond"] = np.array([0.1, 0.2, 0.1, 0.6, 0.8, 0.8])
    first = [safety, incomplete, incomplete, "respond", "respond", "respond"]
    refused = [True, True, True, False, False, False]
    likeliest = [None] * 6
    columns |= {f"refused_{name}": pd.array(likeliest, dtype="boolean") for name in names}
    columns[f"refused_{safety}"] = pd.array([True, None, None, True, True, True], "boolean")
    columns[f"refused_{incomplete}"] = pd.array([None, True, True, None, None, None], "boolean")
    return frame(first=first, refused=refused, refused_respond=[False] * 6, **columns)


@pytest.fixture
def found(settings, tmp_path):
    plain = frame(first=[""] * 6, refused=[False] * 6)
    kept = {"one-contrast", "categories-contrast"}
    variants = {
        name: v.model_copy(update={"seeds": [0]})
        for name, v in settings.variants.items()
        if name in kept
    }
    settings = settings.model_copy(update={"variants": variants})
    plain.to_parquet(tmp_path / "base-s0.parquet")
    one_token().to_parquet(tmp_path / "one-contrast-s0.parquet")
    category_tokens().to_parquet(tmp_path / "categories-contrast-s0.parquet")
    return analyze.groups(tmp_path, settings)


@pytest.fixture
def table(found, settings):
    stand_ins = StandIns(datasets=settings.stand_ins)
    made = cells(found, analyze.ITEMS, analyze.METRICS, stand_ins)
    return made.set_index(["item", "method", "dataset", "metric", "protocol"])["value"]


def rate(table, method, dataset="Generated original", protocol="corrected"):
    return table["thresholds", method, dataset, "refusal_rate", protocol]


def test_the_words_decide_and_the_token_is_told_apart(table):
    """By itself a and b refuse with the token; c, d, e, f answer ([refuse] at .5 is no more likely
    than [respond], and the first token there was [respond])."""
    assert table["refusal_f1", "One token", "Generated", "tpr", "corrected"] == 50
    assert table["refusal_f1", "One token", "Generated", "fpr", "corrected"] == 0
    # precision 1, recall 2/4: F1 = 2 x 2 / (2 x 2 + 0 + 2) = 2/3; always: 2 x 4 / (8 + 2) = 0.8
    assert table["refusal_f1", "One token", "Generated", "f1", "corrected"] == pytest.approx(0.6667)
    assert table["refusal_f1", "One token", "Generated", "f1_always", "corrected"] == pytest.approx(
        0.8
    )


def test_thresholds_move_the_replies(table):
    """t = .3: tokens on a, b, c and e. t = .7: only a; b refuses all the same after [respond]."""
    assert rate(table, "One token, t = 0.3") == 75
    assert rate(table, "One token, t = 0.7") == 50
    assert rate(table, "One token, t = 0.3", "Generated contrast") == 50
    token = table[
        "thresholds", "One token, t = 0.7", "Generated original", "token_rate", "corrected"
    ]
    assert token == 25


def test_the_official_reading_takes_the_flat_softmax(table):
    """At temperature 2 P(refuse) of a is .949 / (.949 + .316 + 1) = .42, below t = .5."""
    token = ("thresholds", "One token, t = 0.5", "Generated original", "token_rate")
    assert table[(*token, "corrected")] == 50
    assert table[(*token, "official")] == 0


def test_the_area_ranks_by_the_likeliest_token(table):
    """Pairs of an original and a contrast one: .9 and .6 beat both, .4 and .1 beat .05 only:
    6 of 8."""
    assert table["roc", "One token", "Generated", "auroc", "corrected"] == pytest.approx(0.75)


def test_a_sum_finds_what_no_single_token_reaches(table):
    """b has .3 and .5: over .7 together."""
    assert rate(table, "Category tokens, t = 0.7") == 50
    assert rate(table, "Category tokens, sum, t = 0.7") == 75


def test_suppression_takes_back_one_category(table):
    """Without the token of safety, a is answered; b, refused with that of incomplete, is not."""
    name = "Category tokens, safety suppressed"
    control = table.xs(("control", name), level=("item", "method")).droplevel(
        ["metric", "protocol"]
    )
    assert control["Generated original, safety"] == 50
    assert control["Generated original, incomplete"] == 50
    other = "Category tokens, incomplete suppressed"
    control = table.xs(("control", other), level=("item", "method")).droplevel(
        ["metric", "protocol"]
    )
    assert control["Generated original, safety"] == 50
    assert control["Generated original, incomplete"] == 0


def test_forced_tokens(table):
    forced = table.xs("forced", level="item").xs("refusal_rate", level="metric")
    forced = forced.droplevel("protocol")
    assert forced["One token, [respond] forced", "Generated original"] == 25
    assert forced["One token, [refuse] forced", "Generated contrast"] == 50
    assert forced["Category tokens, [refuse] forced", "Generated contrast"] == 100
    assert forced["Untuned", "Generated original"] == 0


def test_on_the_papers_own_numbers_no_claim_can_be_counted():
    from shared.comparison.claims import Names, on_reported
    from shared.comparison.reported import read_reported

    paper, reported = load_paper("refusal_tokens"), read_reported("refusal_tokens")
    functions = {c.function: getattr(analyze, c.function) for c in paper.claims if c.function}
    assert all(not on_reported(c, Names(reported), functions)[1] for c in paper.claims)


def test_a_checkpoint_that_was_left_out_is_no_method(settings, tmp_path):
    """Its claim says what is missing; the others are judged."""
    own = Variant(weights="path:nowhere", asking=settings.asking)
    only = settings.model_copy(update={"variants": {"one-released": own}})
    frame(first=[""] * 6, refused=[False] * 6).to_parquet(tmp_path / "base-s0.parquet")
    assert only.scores() == ["base-s0"]
    names = {group.method for group in analyze.groups(tmp_path, only)}
    assert names == {"Untuned", "Untuned, judged by Phrase rule"}


def test_a_further_judge_has_cells_of_its_own(settings, tmp_path):
    """The first says that two of four refuse, the other that one of three does."""
    plain = frame(first=[""] * 6, refused=[True, True, False, False, False, True])
    plain["refused by XSTest prefixes"] = [True, None, False, False, False, False]
    plain.to_parquet(tmp_path / "base-s0.parquet")
    only = settings.model_copy(update={"variants": {}, "further_judges": ["strings:xstest"]})
    made = cells(
        analyze.groups(tmp_path, only), analyze.ITEMS, analyze.METRICS,
        StandIns(datasets=settings.stand_ins),
    )  # fmt: skip
    judged = made[made["item"] == "judges"].set_index(["method", "dataset"])
    rates, seen = judged["value"], judged["coverage"]
    original = "Generated original"
    assert rates["Untuned, judged by Phrase rule", original] == 50
    assert rates["Untuned, judged by XSTest prefixes", original] == pytest.approx(33.3333)
    assert seen["Untuned, judged by XSTest prefixes", original] == 0.75


def test_no_training_stands_behind_a_checkpoint():
    """Its name begins as that of a model that is trained here."""
    for name in analyze.CHECKPOINTS:
        assert analyze.training(name) == analyze.training(f"{name}, judged by x") == ""
    assert analyze.training("One token, t = 0.1") == "One token"
    assert analyze.training("One token, no contrast") == "One token, no contrast"
