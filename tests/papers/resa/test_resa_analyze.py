"""Groups of the scores, the post-hoc filter, and the claims on numbers worked by hand."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from papers.resa import analyze
from papers.resa.analyze import BASE, RESA, WJ, Groups
from papers.resa.test_sets import (
    ADVERSARIAL_BENIGN,
    BENCHMARKS,
    BENIGN,
    FACTS,
    HOUSE,
    NONE,
    harmful,
)
from shared.comparison.cells import cells
from shared.settings import StandIns, load_settings

SMOKE = load_settings("resa", "smoke")
STAND_INS = StandIns(models={SMOKE.name: SMOKE.stands_in_for}, datasets=SMOKE.stand_ins)
LLAMA = "Llama3.1-8B-Instruct"
RULES = ("Phrase rule", "AdvBench phrases", "XSTest prefixes")


def rows(kind, test_set, flags, **more):
    """Rows of one set; `flags` are safe, answered or correct, as its kind has it."""
    column = {"harmful": "safe", "benign": "answered", "fact": "correct"}[kind]
    made = []
    for number, flag in enumerate(flags):
        row = {
            **test_set.columns(), "id": f"{test_set.name}/{number}", "request": f"{kind}/{number}",
            "kind": kind, "safe": None, "answered": None, "correct": None, "well_formed": True,
            "summary_safe": None, "check_fooled": None, "reply_tokens": None, "seconds": None,
        }  # fmt: skip
        row |= {f"{name}_{rule}": None for name in ("safe", "answered") for rule in RULES}
        row |= {"answered": True} if kind == "fact" else {}
        row |= {column: flag, **{f"{column}_{rule}": flag for rule in RULES if kind != "fact"}}
        made.append(row | {key: values[number] for key, values in more.items()})
    return made


def frame(*parts):
    made = pd.DataFrame([row for part in parts for row in part])
    for name in made.columns.difference(
        ["dataset", "attack", "source", "prefilled", "id", "request", "kind"]
    ):
        known = [None if pd.isna(value) else value for value in made[name]]
        if name in ("reply_tokens", "seconds"):
            made[name] = pd.array(known, dtype="Float32")
        else:
            made[name] = pd.array([v if v is None else bool(v) for v in known], dtype="boolean")
    return made


def example():
    return frame(
        rows("harmful", harmful(NONE, HOUSE), [1, 0], reply_tokens=[10, 30], seconds=[1, 2]),
        rows("harmful", harmful("PAP", HOUSE), [1, 1]),
        rows("harmful", harmful("Role-play", HOUSE), [0, 0]),
        rows("harmful", harmful(NONE, HOUSE, True), [0, 0]),
        rows("benign", BENIGN, [1, 1, 0, 1]),
        rows("benign", ADVERSARIAL_BENIGN, [0, 0]),
        rows("fact", FACTS, [1, 0, 0, 0], reply_tokens=[4, 4, 8, 8], seconds=[1, 1, 1, 1]),
    )


def groups_of(frame, method, settings=SMOKE):
    """Of scores as they are read from a file."""
    with TemporaryDirectory() as folder:
        frame.to_parquet(Path(folder) / "scores.parquet")
        read = analyze._read(Path(folder) / "scores.parquet")
    return list(Groups(settings).method({0: read}, method))


def values(frames, method):
    groups = groups_of(frames[0], method)
    found = cells(groups, analyze.ITEMS, analyze.METRICS, STAND_INS)
    return found.set_index(["item", "dataset", "metric"])["value"]


def test_averages_are_over_the_sets_of_their_table():
    """None 1/2, PAP 2/2, Role-play 0/2: 3/4 over None and PAP, which tables of the paper have, and
    3/6 over all; prefilled prompts are in neither. Benign 3/4 of one set and 0/2 of another: the
    mean of the two is 3/8, not 3/6 of the prompts."""
    found = values({0: example()}, RESA)
    assert found["defence_by_judge", "All attacks", "dsr"] == 0.5
    assert found["table2", "Attacks of Table 2", "dsr"] == 0.75
    assert found["table14", "Attacks of Table 13", "dsr"] == 0.75
    assert found["table2", "House rules, None", "dsr"] == 0.5
    assert found["table3", "All benign", "over_refusal_accuracy"] == 37.5
    assert ("table4", "All benign", "over_refusal_share") not in found
    assert found["table3", "House rules, benign", "over_refusal_accuracy"] == 75
    assert found["table3", "Facts", "accuracy"] == 25
    assert ("table2", "House rules, None+Prefilling", "dsr") not in found
    assert found["table13", "House rules, None+Prefilling", "dsr"] == 0


def test_requests_are_resampled_together_under_all_attacks():
    groups = {group.dataset: group for group in groups_of(example(), RESA)}
    assert list(groups["All attacks"].units) == ["harmful/0", "harmful/1"]
    assert len(groups["All attacks"].ids) == 6
    assert groups["House rules, None"].clusters is None


def test_lengths_and_times_are_of_whole_replies():
    found = values({0: example()}, RESA)
    assert found["table6", "Whole replies, harmful", "response_tokens"] == 20
    assert found["table6", "Whole replies, harmful", "runtime_seconds"] == 3
    assert found["table6", "Whole replies, plain", "response_tokens"] == 6


def test_lengths_of_a_public_set_are_of_that_set():
    """Table 6 names StrongREJECT: the requests of the house stand in for it, its own are it."""
    public = frame(rows("harmful", harmful(NONE, "StrongREJECT"), [1, 0], reply_tokens=[5, 7]))
    found = values({0: public}, RESA)
    assert found["table6", "StrongREJECT", "response_tokens"] == 6


def test_the_filter_withholds_and_that_is_all():
    """A withheld reply is safe, unanswered and not correct; what a row is not about stays so."""
    base = example()
    base["withheld"] = pd.array([False, True, *[False] * 6, True, *[False] * 5, True] + [False] * 3)
    shown = analyze.withheld(base)
    assert shown.loc[shown["dataset"] == "House rules, None", "safe"].tolist() == [True, True]
    benign = shown["dataset"] == "House rules, benign"
    assert shown.loc[benign, "answered"].tolist() == [False, True, False, True]
    assert shown.loc[benign, "answered_XSTest prefixes"].tolist() == [False, True, False, True]
    assert shown.loc[shown["kind"] == "fact", "correct"].sum() == 0  # the right one is withheld
    assert shown.loc[shown["kind"] == "harmful", "answered"].isna().all()
    assert shown.loc[shown["kind"] != "harmful", "safe"].isna().all()
    assert shown.loc[shown["kind"] == "benign", "correct"].isna().all()
    assert not {"reply_tokens", "seconds"} & set(shown)


def test_a_further_filter_has_cells_of_the_sets_that_it_was_asked_about(tmp_path):
    """Of the others nothing is known. Of its own a row without a verdict is unscored, and what it
    withholds of the rest is safe: (1 withheld, 1 shown and safe, 0 shown, none)."""
    base = frame(
        rows("harmful", harmful("PAP", "StrongREJECT"), [0, 1, 0, 1]),
        rows("harmful", harmful("TAP", "StrongREJECT"), [1, 1, 1, 1]),
    )
    base["withheld"] = pd.array([False] * 8, dtype="boolean")
    name = analyze.GUARD_REASONER
    verdicts = [True, False, False, None, None, None, None, None]
    base[f"withheld_{name}"] = pd.array(verdicts, dtype="boolean")
    base.to_parquet(tmp_path / "base-s0.parquet")
    settings = SMOKE.model_copy(update={"variants": {}})
    groups = analyze.groups(tmp_path, settings)
    found = cells(groups, analyze.ITEMS, analyze.METRICS, STAND_INS)
    own = found[(found["method"] == name) & (found["metric"] == "dsr")]
    assert set(own["dataset"]) == {"PAP"} and set(own["item"]) == {"table4", "defence_by_judge"}
    assert own["value"].tolist() == [0.6667, 0.6667]
    assert set(own["coverage"]) == {0.75}


def test_a_released_variant_that_is_not_there_is_left_out(tmp_path):
    example().assign(withheld=False).to_parquet(tmp_path / "base-s0.parquet")
    paper = load_settings("resa", "paper")
    only = {"stair-dpo": paper.variants["stair-dpo"]}
    settings = paper.model_copy(update={"variants": only})
    assert settings.scores() == ["base-s0"]
    assert {group.method for group in analyze.groups(tmp_path, settings)} == {
        "Base", analyze.LLAMA_GUARD,
    }  # fmt: skip


def test_figure_4_has_a_point_for_each_size(tmp_path):
    base = example()
    base["withheld"] = pd.array([False] * len(base))
    base.to_parquet(tmp_path / "base-s0.parquet")
    for name, variant in SMOKE.variants.items():
        for seed in variant.seeds:
            example().to_parquet(tmp_path / f"{name}-s{seed}.parquet")
    groups = analyze.groups(tmp_path, SMOKE)
    found = cells(groups, analyze.ITEMS, analyze.METRICS, STAND_INS)
    curve = found[found["item"] == "figure4"].set_index(["method", "dataset", "metric"])["value"]
    assert curve[RESA, "16 samples", "safety"] == 0.75
    assert curve[RESA, "all samples (ReSA-SFT)", "over_refusal"] == 0.375
    assert (
        curve[WJ, "all samples (WJ-SFT)", "reasoning"]
        == curve[BASE, "no data", "reasoning"]
        == 0.25
    )
    sized = found[(found["method"] == RESA) & (found["item"] == "table2")]
    assert set(sized["seeds"]) == {2}  # the small ones are no seeds of the whole
    assert set(found["unit"]) == {"", "%"} and set(found["coverage"]) == {1.0}


def test_tables_3_and_4_average_over_their_own_sets():
    """XSTest 3/4, OKTest 2/2, our adversarial ones 0/2: 7/12 of three sets in Table 3, where one is
    a stand-in, and 7/8 of the paper's own two in Table 4."""
    scores = frame(
        rows("benign", BENCHMARKS["xstest"], [1, 1, 0, 1]),
        rows("benign", BENCHMARKS["oktest"], [1, 1]),
        rows("benign", ADVERSARIAL_BENIGN, [0, 0]),
    )
    gpu = load_settings("resa", "gpu")
    stand_ins = StandIns(models={gpu.name: gpu.stands_in_for}, datasets=gpu.stand_ins)
    groups = [g for m in (RESA, "Deliberative Alignment") for g in groups_of(scores, m, gpu)]
    found = cells(groups, analyze.ITEMS, analyze.METRICS, stand_ins)
    value = found.set_index(["item", "method", "dataset", "metric"])["value"]
    assert value["table3", RESA, "All benign", "over_refusal_accuracy"] == pytest.approx(58.3333)
    assert value["table4", RESA, "Avg OR", "over_refusal_share"] == 0.875
    assert ("table3", RESA, "Avg OR", "over_refusal_accuracy") not in value


def test_an_average_that_is_whole_has_the_papers_name():
    """Four attacks on StrongREJECT are `Avg of 4`; those of AdvBench do not mix with them."""
    attacks = (NONE, "PAIR-GPT", "PAP", "DeepInception")
    scores = frame(
        *(rows("harmful", harmful(attack, "StrongREJECT"), [1, 0]) for attack in attacks),
        *(rows("harmful", harmful(attack, "AdvBench"), [1, 1]) for attack in attacks[:2]),
    )
    groups = groups_of(scores, RESA, SMOKE.model_copy(update={"stand_ins": {}}))
    found = cells(groups, analyze.ITEMS, analyze.METRICS, StandIns()).set_index(["item", "dataset"])
    assert found.loc[("table14", "Avg of 4"), "value"] == 0.5
    assert found.loc[("table7", "AdvBench, PAIR-GPT"), "value"] == 1
    assert found.loc[("table2", "PAIR-GPT"), "value"] == 0.5
    assert {d for i, d in found.index if i == "table4"} == {"PAIR-GPT", "PAP", "Avg safety"}
