"""The evaluate step: who is asked what, and what is measured and withheld."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from papers.resa import evaluate
from papers.resa.evaluate import wanted
from papers.resa.judging import GuardJudge
from papers.resa.post_hoc import PostHocGuard
from papers.resa.settings import BASE
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.files import write_jsonl
from shared.judges.guard import Verdict
from shared.runner.step import Run
from shared.settings import load_settings
from tests.papers.resa.conftest import CPU, RULES, Saying, ability, changed

SMOKE = load_settings("resa", "smoke")


def test_which_variant_is_asked_what(built):
    rows, _ = built
    resa = CPU.variants["resa-sft"].model_copy(update={"prefilled": False})

    def names(variant=resa, **changes):
        variant = variant and variant.model_copy(update=changes)
        return {row["dataset"] for row in wanted(rows["test"], variant, CPU)}

    everything = names(prefilled=True)
    assert everything == {row["dataset"] for row in rows["test"]}
    assert everything - names(None) == {name for name in everything if name.endswith("+Prefilling")}
    assert names() == names(None)
    four = names(attacks=["None", "PAIR-GPT", "PAP", "DeepInception"])
    assert names() - four == {"House rules, GPTFuzzer"}
    assert names(attacks=["PAP"], kinds=["harmful", "fact"]) == {"House rules, PAP", "Facts"}


def test_a_source_is_asked_of_a_model_or_of_a_variant():
    """A variant's own sources come before those of its model."""
    rows = [
        {"kind": "harmful", "attack": "None", "prefilled": False, "source": source}
        for source in ("StrongREJECT", "AdvBench")
    ]
    variant = CPU.variants["resa-sft"]
    assert wanted(rows, None, CPU) == wanted(rows, variant, CPU) == rows
    other = changed(CPU, sources=["AdvBench"])
    assert wanted(rows, None, other) == rows[1:]
    few = variant.model_copy(update={"sources": ["StrongREJECT"]})
    assert wanted(rows, few, other) == rows[:1]


def test_an_empty_test_set_is_a_mistake():
    with pytest.raises(UserError, match=r"test\.jsonl: found no row, expected at least one prompt"):
        wanted([], None, CPU)


def test_lengths_are_measured_where_replies_are_whole(built):
    """To a limit of their own, and a reply that reaches it is counted as cut off."""
    rows, _ = built
    chat = Saying(lambda prompt: "Fine.")
    kept = wanted(rows["test"], None, CPU)
    _, measured = evaluate.answer(chat, kept, None, CPU)
    of = [row["dataset"] for row, m in zip(kept, measured, strict=True) if m["seconds"] is not None]
    assert set(of) == {"House rules, None", "Facts"}
    assert {m["reply_tokens"] for m in measured} == {7, None}
    assert {m["cut_off"] for m in measured} == {False, None}
    assert Counter(chat.limits) == {
        CPU.whole_tokens: CPU.tests.harmful + CPU.facts.test,
        CPU.opening_tokens: len(kept) - CPU.tests.harmful - CPU.facts.test,
    }
    _, short = evaluate.answer(chat, kept, None, changed(CPU, whole_tokens=7))
    assert {m["cut_off"] for m in short} == {True, None}
    checked = CPU.variants["resa-sft"]
    _, every = evaluate.answer(chat, kept, checked, changed(CPU, reply_tokens=7))
    whole = [m["seconds"] is not None for m in every]
    assert [m["cut_off"] for m in every] == [
        not each for each in whole
    ]  # 7 tokens reach a limit of 7


def test_the_guard_as_a_filter_sees_the_prompt_with_its_attack(built):
    """And the reply; what never came is neither withheld nor shown."""
    rows, _ = built
    row = next(row for row in rows["test"] if row["attack"] == "PAP")
    asked = []

    class Watching:
        def verdicts(self, requests, replies):
            asked.extend(zip(requests, replies, strict=True))
            return [Verdict("Sure" not in reply, None) for reply in replies]

    guard = GuardJudge(Watching(), RULES[0])
    replies = [Reply("Sure."), Reply(None, "timed out"), Reply("No.")]
    assert evaluate.withheld([row] * 3, replies, guard, None) == [True, None, False]
    assert asked == [(row["prompt"], "Sure."), (row["prompt"], "No.")]
    assert row["prompt"] != row["asks"]


class Letters:
    """Texts as counts of the letters e and z."""

    def __call__(self, texts):
        return np.array([[text.count("e"), text.count("z")] for text in texts], dtype=float)


def test_the_post_hoc_filter_learns_from_prompts():
    samples = [{"prompt": p, "harmful": h} for p, h in [("zz", True), ("z", True), ("ee", False)]]
    guard = PostHocGuard([*samples, {"prompt": "eee", "harmful": False}], Letters())
    assert guard.withheld(["zzz", "eeee"]) == [True, False]


def test_abilities_are_answered_whole_by_every_variant():
    """Also by one that answers directly, whose other replies end after a few tokens; the length of
    MATH500 alone is measured."""
    rows = [ability("MMLU", ["A"]), ability("MATH500", ["1"])]
    chat = Saying(lambda prompt: "The answer is A.")
    for variant in (None, CPU.variants["wj-sft"], CPU.variants["resa-sft"]):
        _, measured = evaluate.answer(chat, rows, variant, CPU)
        assert [m["reply_tokens"] for m in measured] == [None, 7]
    assert set(chat.limits) == {CPU.whole_tokens}


def test_a_model_is_asked_its_abilities(built):
    rows = [ability("MMLU", ["A"]), ability("MATH500", ["1"])]
    assert wanted(rows, None, CPU) == rows
    assert wanted(rows, None, changed(CPU, abilities=["MMLU"])) == rows[:1]
    assert wanted(rows, None, changed(CPU, abilities=[])) == []


def test_a_missing_sandbox_is_found_before_anything_is_asked(tmp_path, monkeypatch):
    """Not after hours of replies, which would be lost."""
    write_jsonl(tmp_path / "test.jsonl", [ability("HumanEval", ["", ""])])
    monkeypatch.setattr(evaluate, "open_chat", lambda *_, **__: pytest.fail("asked"))

    def refused():
        raise UserError("unshare: not permitted")

    monkeypatch.setattr(evaluate, "sandbox", refused)
    with pytest.raises(UserError, match="unshare: not permitted"):
        evaluate.evaluate(Run(SMOKE, tmp_path / "scores.parquet", key="key"), tmp_path, BASE, 0)


@pytest.mark.parametrize(
    "judge",
    [
        {"harmbench": "path:/nowhere"},
        {"strongreject": {"model": "path:/nowhere", "adapter": "path:/nowhere"}},
    ],
)
def test_a_missing_judge_is_found_before_anything_is_asked(tmp_path, monkeypatch, judge):
    write_jsonl(tmp_path / "test.jsonl", [ability("MMLU", ["A"])])
    monkeypatch.setattr(evaluate, "open_chat", lambda *_, **__: pytest.fail("asked"))
    run = Run(changed(SMOKE, **judge), tmp_path / "scores.parquet", key="key")
    with pytest.raises(UserError, match="/nowhere"):
        evaluate.evaluate(run, tmp_path, BASE, 0)


def test_what_was_paid_for_before_a_kill_is_not_asked_again(built, paid, monkeypatch, tmp_path):
    """Four replies to judge; the step is killed after three verdicts of its judge."""
    rows, _ = built
    write_jsonl(tmp_path / "data" / "test.jsonl", [row for row in rows["test"]][:4])
    write_jsonl(tmp_path / "data" / "train.jsonl", rows["train"])
    monkeypatch.setattr(evaluate, "open_chat", lambda *_, **__: Saying(str.upper))
    settings = changed(SMOKE, judges=["llm:api:org/large"])
    run = Run(settings, tmp_path / "scores.parquet", key="key")
    paid.left = 3
    with pytest.raises(KeyboardInterrupt):
        evaluate.evaluate(run, tmp_path / "data", BASE, 0)
    paid.left, paid.calls = None, 0
    evaluate.evaluate(run, tmp_path / "data", BASE, 0)
    assert paid.calls == 1 and len(pd.read_parquet(run.out)) == 4
