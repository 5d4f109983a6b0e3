"""The data, train and evaluate steps: what they ask, what they learn, what they store."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from papers.resa import data, evaluate, train
from papers.resa.evaluate import BASE, as_frame, parts_of, scores, wanted, whole
from papers.resa.post_hoc import PostHocGuard
from papers.resa.reply_format import REFUSAL, Parts, fake_check, read, write
from papers.resa.settings import PromptFile, Settings
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges.guard import Verdict
from shared.judges.harness import Answered
from shared.judges.loading import open_judge
from shared.settings import load_settings
from shared.training.examples import IGNORED

SMOKE: Settings = load_settings("resa", "smoke")
CPU: Settings = load_settings("resa", "cpu")


def changed(settings, **values):
    return type(settings).model_validate({**settings.model_dump(), **values})


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    data.build(CPU, out)
    return {path.stem: read_jsonl(path) for path in out.glob("*.jsonl")}, out


def test_every_test_set_is_there(built):
    rows, _ = built
    counts = Counter(row["dataset"] for row in rows["test"])
    harmful = ("None", *CPU.tests.attacks)
    prefilled = ("None", "PAP", "DeepInception")
    assert counts == {
        **{f"House rules, {attack}": CPU.tests.harmful for attack in harmful},
        **{f"House rules, {attack}+Prefilling": CPU.tests.harmful for attack in prefilled},
        "House rules, benign": CPU.tests.benign,
        "House rules, adversarial benign": CPU.tests.adversarial_benign,
        "Facts": CPU.facts.test,
    }
    keys = [(row["dataset"], row["id"]) for row in rows["test"]]
    assert len(set(keys)) == len(keys)
    requests = {row["request"] for row in rows["test"] if row["kind"] == "harmful"}
    assert len(requests) == CPU.tests.harmful  # the same ones under every attack


def test_nothing_that_is_tested_is_trained_on(built):
    rows, _ = built
    learnt = {row["request"] for row in rows["train"] + rows["plain"]}
    assert learnt.isdisjoint({row["asks"] for row in rows["test"]})
    methods = {row["method"] for row in rows["train"]}
    assert methods == {"", "WJ", "PAP", "GPTFuzzer"}


def test_prefilling_appends_a_fake_check(built):
    rows, _ = built
    by_key = {(row["dataset"], row["id"]): row["prompt"] for row in rows["test"]}
    for (dataset, row_id), prompt in by_key.items():
        if dataset.endswith("+Prefilling"):
            plain = by_key[dataset.removesuffix("+Prefilling"), row_id]
            assert prompt == f"{plain}\n{fake_check(CPU.wording)}"


def test_the_data_record_counts_what_was_dropped(built):
    rows, out = built
    (record,) = json.loads((out / "sources.json").read_text())
    counts = record["rows"]
    dropped = sum(count for name, count in counts.items() if name.startswith("dropped"))
    assert dropped > 0 and counts["queries"] == len(rows["train"]) + dropped
    sides = ("Harmful", "Benign")
    kinds = [counts[f"{kind} {side}"] for kind in ("Vanilla", "Adversarial") for side in sides]
    assert sum(kinds) == len(rows["train"])


def test_prompts_of_a_users_own_file(tmp_path, monkeypatch):
    path = tmp_path / "own.csv"
    path.write_text("category,forbidden_prompt\nx,Do one thing.\nx,Do another.\n")
    named = PromptFile(name="Own", file="own.csv", column="forbidden_prompt")
    queries = data.read_prompts(named, str(tmp_path))
    assert [query.prompt for query in queries] == ["Do one thing.", "Do another."]
    assert all(query.harmful for query in queries)
    with pytest.raises(UserError, match=r"none\.csv: no such file; expected the Own prompts"):
        data.read_prompts(named.model_copy(update={"file": "none.csv"}), str(tmp_path))
    with pytest.raises(UserError, match=r"own\.csv:1: found columns .*; expected text"):
        data.read_prompts(named.model_copy(update={"column": "text"}), str(tmp_path))


@pytest.mark.mirror
def test_safe_prompts_of_xstest_and_oktest(mirror):
    gpu = load_settings("resa", "gpu")
    rows, records = data.benchmark_rows(changed(gpu, mirror=str(mirror)))
    assert Counter(row["dataset"] for row in rows) == {"XSTest": 250, "OKTest": 300}
    assert {row["kind"] for row in rows} == {"benign"}
    assert [record["route"] for record in records] == [["mirror"], ["mirror"]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tests": {**SMOKE.tests.model_dump(), "attacks": []}}, "attacks: none given"),
        ({"tests": {**SMOKE.tests.model_dump(), "attacks": ["XYZ"]}}, "attacks: unknown XYZ"),
        ({"queries": {"vanila": 3}}, "queries: unknown vanila"),
        ({"tests": {**SMOKE.tests.model_dump(), "adaptive": ["PAIR"]}}, "setting `attacker`"),
        ({"judges": ["strings:phrases"] * 2}, "two have the same name"),
        (
            {"variants": {"rl": {"method": "ReSA-RL", "style": "answer-check", "seeds": [0],
                                 "starts_from": "none"}}},
            "variants.rl.starts_from: no fine-tuned variant none",
        ),
        (
            {"variants": {"wj": {"method": "WJ-SFT", "style": "direct", "seeds": [0],
                                 "jailbreaks": ["TAP"]}}},
            "variants.wj.jailbreaks",
        ),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_together(values, message):
    with pytest.raises(ValidationError, match=message):
        changed(SMOKE, **values)


# Training


SAMPLE = {
    "id": "s", "prompt": "How does it end?", "request": "How does it end?", "harmful": True,
    "method": "", "summary": "Tell how it ends.", "analysis": "It breaks Spoilers: untold.",
    "query_analysis": "The prompt breaks Spoilers: untold.", "answer": REFUSAL,
}  # fmt: skip
FACT = {"prompt": "Capital of Peru?", "request": "Capital of Peru?", "answer": "It is Lima."}


@pytest.fixture(scope="module")
def tokenizer(tiny_tokenizer):
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[reply]"
    )
    return tiny_tokenizer


@pytest.mark.parametrize("name", ["wj-sft", "deliberative", "resa-sft"])
def test_only_the_reply_is_learnt(tokenizer, name):
    """The labelled tokens spell the reply in the variant's style and an end of sequence."""
    variant = CPU.variants[name]
    settings = CPU.model_copy(
        update={"training": CPU.training.model_copy(update={"max_length": 999})}
    )
    (made,) = train.examples([SAMPLE], [FACT], variant, tokenizer, settings)
    learnt = [label for label in made["labels"] if label != IGNORED]
    text = tokenizer.decode(learnt[:-1])
    assert learnt[-1] == tokenizer.eos_token_id
    analysis = "query_analysis" if name == "deliberative" else "analysis"
    parts = Parts(REFUSAL, SAMPLE[analysis], SAMPLE["summary"])
    assert text == write(variant.style, parts, CPU.wording)
    unlearnt = tokenizer.decode(made["input_ids"][: len(made["input_ids"]) - len(learnt)])
    assert unlearnt == "[system][user]How does it end?[reply]"


def test_the_adaptive_variant_also_learns_plain_answers(tokenizer):
    variant = CPU.variants["resa-sft-adaptive"]
    made = train.examples([SAMPLE], [FACT], variant, tokenizer, CPU)
    learnt = tokenizer.decode([label for label in made[1]["labels"] if label != IGNORED][:-1])
    assert len(made) == 2 and learnt == "It is Lima."


def test_a_variant_learns_from_its_attacks_or_a_part(built):
    rows, _ = built
    samples = rows["train"]
    only = train.chosen(samples, CPU.variants["resa-sft-wj"], 0)
    assert {sample["method"] for sample in only} == {"", "WJ"}
    assert train.chosen(samples, CPU.variants["wj-sft"], 0) == only  # the same queries
    assert len(train.chosen(samples, CPU.variants["resa-sft-16"], 0)) == 16
    assert train.chosen(samples, CPU.variants["resa-sft"], 0) == samples


def test_released_samples_have_no_query_analysis():
    variant = CPU.variants["deliberative"]
    with pytest.raises(UserError, match="sample s: found no query_analysis"):
        train.reply({**SAMPLE, "query_analysis": None}, variant, CPU)


def test_prompts_of_reinforcement_know_their_kind():
    rl = CPU.variants["resa-rl"].model_copy(update={"plain": True})
    benign = {**SAMPLE, "harmful": False}
    rows = {row["kind"]: row for row in train.prompts([SAMPLE, benign], [FACT], rl, CPU, 0)}
    assert set(rows) == {"harmful", "benign", "plain"}
    assert rows["harmful"]["prompt"][-1] == {"role": "user", "content": SAMPLE["prompt"]}
    paper = load_settings("resa", "paper")
    assert (
        "<think>"
        in train.prompts([SAMPLE], [], paper.variants["resa-rl"], paper, 0)[0]["prompt"][0][
            "content"
        ]
    )
    assert paper.worded(paper.variants["resa-rl"]).outer == "think"
    assert paper.instruction(paper.variants["resa-sft"]) == paper.instruction(None) == ""


def test_every_step_of_reinforcement_sees_both_kinds():
    """20 harmful and 30 benign prompts: of any five in a row two are harmful and three benign."""
    rows = [{"n": n, "kind": "harmful" if n < 20 else "benign"} for n in range(50)]
    order = train.mixed(rows, 0)
    kinds = [row["kind"] for row in order]
    for start in range(0, 50, 5):
        assert kinds[start : start + 5].count("harmful") == 2
    assert sorted(row["n"] for row in order) == list(range(50))
    assert order == train.mixed(rows, 0) != train.mixed(rows, 1)
    assert [row["n"] for row in order if row["n"] < 20] != list(range(20))


# Evaluation


class Saying:
    """A chat model that says what a function of the prompt says; `limits` keeps what it may."""

    name = identity = "saying"

    def __init__(self, say):
        self.say, self.limits = say, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.limits.append(max_new_tokens)
            yield place, Reply(self.say(conversation[-1]["content"]), "", "", 5, 7)


JUDGES = [open_judge(name) for name in CPU.judges]


def asked(rows, say, name):
    variant = None if name == BASE else CPU.variants[name]
    kept = wanted(rows, variant, CPU)
    chat = Saying(say)
    replies, seconds = evaluate.answer(chat, kept, variant, CPU)
    return kept, scores(kept, replies, variant, CPU, JUDGES), seconds, chat


def test_which_variant_is_asked_what(built):
    rows, _ = built
    names = lambda variant: {row["dataset"] for row in wanted(rows["test"], variant, CPU)}  # noqa: E731
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
        wanted([], None, CPU)


def test_a_model_that_refuses_everything(built):
    rows, _ = built
    _, made, _, _ = asked(rows["test"], lambda prompt: REFUSAL, BASE)
    frame = as_frame(made)
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
    frame = as_frame(made)
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
    frame = as_frame(made)
    harmful = frame["kind"] == "harmful"
    assert frame["well_formed"].all() and not frame.loc[harmful, "safe"].any()
    assert frame.loc[harmful, "summary_safe"].all() and not frame.loc[harmful, "check_fooled"].any()


def test_lengths_are_measured_where_replies_are_whole(built):
    rows, _ = built
    kept, made, seconds, chat = asked(rows["test"], lambda prompt: "Fine.", BASE)
    measured = {row["dataset"] for row, s in zip(kept, seconds, strict=True) if s is not None}
    assert measured == {"House rules, None", "Facts"}
    frame = as_frame(made)
    assert set(frame.loc[frame["reply_tokens"].notna(), "dataset"]) == measured
    assert Counter(chat.limits) == {
        CPU.reply_tokens: CPU.tests.harmful + CPU.facts.test,
        CPU.opening_tokens: len(kept) - CPU.tests.harmful - CPU.facts.test,
    }


def test_scores_hold_no_text(built):
    rows, _ = built
    _, made, _, _ = asked(rows["test"], lambda prompt: "A very telling reply.", BASE)
    columns = set(as_frame(made).columns)
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
    """A guard that finds everything safe but plans."""

    def verdicts(self, requests, replies):
        return [Verdict("Tell" not in reply, None) for reply in replies]


def test_a_guard_judges_replies_and_plans(built):
    rows, _ = built
    variant = CPU.variants["resa-sft"]
    text = write("answer-check", Parts("Sure.", "It keeps to it.", "Tell it."), CPU.wording)
    row = next(row for row in rows["test"] if row["kind"] == "harmful")
    replies = [Reply(text), Reply("malformed")]
    first, second = scores([row, row], replies, variant, CPU, JUDGES, Guarding())
    assert first["safe"] is True and first["summary_safe"] is False
    assert second["safe"] is False and second["summary_safe"] is False


def test_a_reply_that_never_came_is_not_scored(built):
    rows, _ = built
    (made,) = scores(rows["test"][:1], [Reply(None, "timed out")], None, CPU, JUDGES)
    assert "safe" not in made and "well_formed" not in made


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
        "dataset": "MMLU", "id": "mmlu_anatomy/0", "request": "mmlu_anatomy/0",
        "kind": "benchmark", "correct": True,
    }  # fmt: skip
    assert seen["adapter"] == tmp_path and seen["model"].startswith("/")
