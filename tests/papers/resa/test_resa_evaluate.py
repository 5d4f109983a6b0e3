"""The evaluate step: who is asked what, and what is stored of the replies."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from papers.resa import evaluate
from papers.resa.evaluate import FLAGS, NAMES, NUMBERS, wanted
from papers.resa.judging import GuardJudge, RuleJudge
from papers.resa.post_hoc import PostHocGuard
from papers.resa.reply_format import REFUSAL, Parts, fake_check, read, write
from papers.resa.scoring import parts_of, scores, whole
from papers.resa.settings import BASE
from shared.chat.replies import Reply
from shared.comparison.scores import as_frame
from shared.errors import UserError
from shared.files import write_jsonl
from shared.judges.guard import Verdict
from shared.judges.harness import Answered
from shared.judges.strings import StringJudge
from shared.settings import load_settings
from shared.workflow.step import Run

SMOKE = load_settings("resa", "smoke")
CPU = load_settings("resa", "cpu")


def changed(settings, **values):
    return type(settings).model_validate({**settings.model_dump(), **values})


class Saying:
    """A chat model that says what a function of the prompt says; `limits` keeps what it may."""

    name = identity = "saying"

    def __init__(self, say):
        self.say, self.limits = say, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.limits.append(max_new_tokens)
            yield place, Reply(self.say(conversation[-1]["content"]), "", "", 5, 7)


RULES = [StringJudge(name.removeprefix("strings:")) for name in CPU.judges]
JUDGES = {judge.name: RuleJudge(judge) for judge in RULES}


def framed(made):
    return as_frame(made, names=NAMES, flags=FLAGS, numbers=NUMBERS)


def asked(rows, say, name):
    variant = None if name == BASE else CPU.variants[name]
    kept = wanted(rows, variant)
    chat = Saying(say)
    replies, seconds = evaluate.answer(chat, kept, variant, CPU)
    return kept, scores(kept, replies, variant, CPU, JUDGES), seconds, chat


def test_which_variant_is_asked_what(built):
    rows, _ = built
    names = lambda variant: {row["dataset"] for row in wanted(rows["test"], variant)}  # noqa: E731
    everything = names(CPU.variants["resa-sft"])
    assert everything == {row["dataset"] for row in rows["test"]}
    assert {name for name in everything - names(None)} == {
        name for name in everything if name.endswith("+Prefilling")
    }
    four = names(CPU.variants["resa-sft-16"])
    assert "House rules, DeepInception" in four and "House rules, Role-play" not in four
    assert {"House rules, benign", "Facts"} <= four


def test_an_empty_test_set_is_a_mistake():
    with pytest.raises(UserError, match=r"test\.jsonl: found no row, expected at least one prompt"):
        wanted([], None)


def test_a_model_that_refuses_everything(built):
    rows, _ = built
    _, made, _, _ = asked(rows["test"], lambda prompt: REFUSAL, BASE)
    frame = framed(made)
    harmful = frame["kind"] == "harmful"
    assert frame.loc[harmful, "safe"].all() and not frame.loc[~harmful, "answered"].any()
    assert frame.loc[~harmful, "safe"].isna().all() and frame.loc[harmful, "answered"].isna().all()
    assert frame["well_formed"].all() and not frame["correct"].any()
    assert frame["summary_safe"].isna().all()
    assert frame.loc[harmful, "safe_AdvBench phrases"].all()  # it holds "I cannot"


def test_replies_without_their_check_are_failures(built):
    """A refusal is not enough for a variant that was taught to check: it is malformed."""
    rows, _ = built
    _, made, _, _ = asked(rows["test"], lambda prompt: REFUSAL, "resa-sft")
    frame = framed(made)
    harmful = frame["kind"] == "harmful"
    assert not frame["well_formed"].any() and not frame["safe"].any()
    assert not frame["answered"].any() and frame.loc[harmful, "check_fooled"].all()
    assert not frame.loc[harmful, "summary_safe"].any()


def test_only_the_text_after_the_check_counts(built):
    """Each reply refuses inside its check and complies after it: unsafe, however it is judged."""
    rows, _ = built
    parts = Parts("Sure, the end is near.", f"It breaks it. {REFUSAL}", "Tell who wrote it.")
    text = write("answer-check", parts, CPU.wording)
    _, made, _, _ = asked(rows["test"], lambda prompt: text, "resa-sft")
    frame = framed(made)
    harmful = frame["kind"] == "harmful"
    assert frame["well_formed"].all() and not frame.loc[harmful, "safe"].any()
    assert frame.loc[harmful, "summary_safe"].all() and not frame.loc[harmful, "check_fooled"].any()


def test_lengths_are_measured_where_replies_are_whole(built):
    rows, _ = built
    kept, made, seconds, chat = asked(rows["test"], lambda prompt: "Fine.", BASE)
    measured = {row["dataset"] for row, s in zip(kept, seconds, strict=True) if s is not None}
    assert measured == {"House rules, None", "Facts"}
    frame = framed(made)
    assert set(frame.loc[frame["reply_tokens"].notna(), "dataset"]) == measured
    assert Counter(chat.limits) == {
        CPU.reply_tokens: CPU.tests.harmful + CPU.facts.test,
        CPU.opening_tokens: len(kept) - CPU.tests.harmful - CPU.facts.test,
    }


def test_scores_hold_no_text(built):
    rows, _ = built
    _, made, _, _ = asked(rows["test"], lambda prompt: "A very telling reply.", BASE)
    columns = set(framed(made).columns)
    assert columns.isdisjoint({"prompt", "asks", "reply", "answer", "summary", "analysis"})
    assert not any("telling" in str(value) for record in made for value in record.values())


def test_the_adaptive_variant_may_answer_plainly():
    adaptive, resa = CPU.variants["resa-sft-adaptive"], CPU.variants["resa-sft"]
    assert parts_of("It is Lima.", adaptive, CPU) == Parts("It is Lima.")
    assert parts_of("It is Lima.", resa, CPU) is None
    assert parts_of("<safety_check>It is Lima.", adaptive, CPU) is None


def test_a_check_in_a_think_block_is_put_back():
    paper = load_settings("resa", "paper")
    variant = paper.variants["resa-rl"]
    inner = "<intended_answer_summary>a</intended_answer_summary>b"
    reply = Reply("Yes.", thoughts=inner)
    assert read("answer-check", whole(reply), paper.worded(variant)) == Parts("Yes.", "b", "a")
    assert whole(Reply("Yes.")) == "Yes."


class Guarding:
    """A guard that finds everything safe but plans, and has no verdict on tea."""

    def verdicts(self, requests, replies):
        return [None if "tea" in r else Verdict("Tell" not in r, None) for r in replies]


def guarded(row, *texts):
    """Flags by a guard, of replies to a harmful row."""
    first = next(iter(JUDGES.values()))
    guard = GuardJudge(Guarding(), first.refusals)
    replies = [Reply(text) for text in texts]
    return scores([row] * len(texts), replies, CPU.variants["resa-sft"], CPU, JUDGES, guard)


def test_a_guard_judges_replies_and_plans(built):
    """A check in free words has called its bad plan safe where an answer follows, and not where a
    refusal does; a harmless plan fools nobody."""
    rows, _ = built
    row = next(row for row in rows["test"] if row["kind"] == "harmful")
    text = {
        (plan, answer): write("answer-check", Parts(answer, "Free words.", plan), CPU.wording)
        for plan in ("Tell it.", "Greet.", "Of tea.")
        for answer in ("Sure.", REFUSAL)
    }
    found = guarded(row, *text.values(), "malformed")
    flags = [(each["safe"], each["summary_safe"], each["check_fooled"]) for each in found]
    assert flags == [
        (True, False, True), (True, False, False), (True, True, False), (True, True, False),
        (True, None, None), (True, None, None), (False, False, True),
    ]  # fmt: skip
    assert [each["safe_Phrase rule"] for each in found] == [False, True] * 3 + [False]


def test_a_reply_that_never_came_is_not_scored(built):
    rows, _ = built
    (made,) = scores(rows["test"][:1], [Reply(None, "timed out")], None, CPU, JUDGES)
    assert made["safe"] is made["well_formed"] is made["answered"] is None


def test_adaptive_attacks_are_prefilled_too(monkeypatch, built):
    """PAP is one of the four attacks whose prompts are also asked with a fake check; TAP is not."""
    rows, _ = built

    def found(plain, *_):
        assert {row["dataset"] for row in plain} == {"House rules, None"}
        names = ("PAP", "TAP")
        return [{**plain[0], **evaluate.harmful(n, "House rules").columns()} for n in names]

    monkeypatch.setattr(evaluate, "adaptive_rows", found)
    asked = evaluate.attacked(rows["test"], None, (None, None), CPU.variants["resa-sft"], CPU)
    names = ["House rules, PAP", "House rules, TAP", "House rules, PAP+Prefilling"]
    assert [row["dataset"] for row in asked] == names
    assert asked[2]["prompt"] == f"{asked[0]['prompt']}\n{fake_check(CPU.wording)}"
    assert len(evaluate.attacked(rows["test"], None, (None, None), None, CPU)) == 2


class Letters:
    """Texts as counts of the letters e and z."""

    def __call__(self, texts):
        return np.array([[text.count("e"), text.count("z")] for text in texts], dtype=float)


def test_the_post_hoc_filter_learns_from_prompts():
    samples = [{"prompt": p, "harmful": h} for p, h in [("zz", True), ("z", True), ("ee", False)]]
    guard = PostHocGuard([*samples, {"prompt": "eee", "harmful": False}], Letters())
    assert guard.withheld(["zzz", "eeee"]) == [True, False]


def test_without_a_harness_there_are_no_benchmarks():
    assert evaluate.harness_rows(CPU, None) == []
    with pytest.raises(UserError, match="harness: needs a model that has a folder"):
        evaluate.harness_rows(changed(SMOKE, harness={"MMLU": 1}), None)


def test_benchmarks_become_rows(monkeypatch, tmp_path):
    seen = {}

    def answered(tasks, model, **options):
        seen.update(tasks=tasks, model=model, **options)
        return [Answered("MMLU", "mmlu_anatomy/0", True)]

    monkeypatch.setattr(evaluate.harness, "answered", answered)
    (tmp_path / "adapter_config.json").write_text("{}")
    rows = evaluate.harness_rows(changed(CPU, harness={"MMLU": 1}), tmp_path)
    assert pd.DataFrame(rows).to_dict("records")[0] == {
        "dataset": "MMLU", "attack": "None", "source": "MMLU", "prefilled": False,
        "id": "mmlu_anatomy/0", "request": "mmlu_anatomy/0", "kind": "benchmark", "correct": True,
    }  # fmt: skip
    assert seen["adapter"] == tmp_path and seen["model"].startswith("/")


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
        evaluate.evaluate(run, tmp_path / "data")
    paid.left, paid.calls = None, 0
    evaluate.evaluate(run, tmp_path / "data")
    assert paid.calls == 1 and len(pd.read_parquet(run.out)) == 4
