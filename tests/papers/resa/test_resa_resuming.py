"""A step that is killed while it attacks and started again: nothing is asked twice."""

import json

import pytest

from papers.resa import data, evaluate
from papers.resa.settings import BASE
from shared.attacks.gptfuzzer import PLACE
from shared.chat import cache, loading
from shared.chat.replies import Reply
from shared.files import read_jsonl, write_jsonl
from shared.runner.step import Run
from shared.settings import load_settings
from tests.papers.resa.conftest import changed

SMOKE = load_settings("resa", "smoke")
LOCAL = "bundled:smollm2-135m-instruct-q4_1"
ADAPTIVE = {
    "attacker": {"model": LOCAL},
    "pair": {"streams": 2, "rounds": 2},
    "tap": {"branching": 2, "width": 1, "depth": 2},
    "renellm": {"rounds": 2, "rewritings": 1},
    "gptfuzzer": {"seeds": "seeds.csv", "iterations": 3, "goals": 2},
}


class Mortals:
    """Chat models that die together, after `left` replies in all."""

    def __init__(self):
        self.left, self.asked = None, 0

    def chat(self, name, say):
        return Mortal(self, name, say)


class Mortal:
    def __init__(self, all_of_them, name, say):
        self.all, self.name, self.identity, self.say = all_of_them, name, name, say

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            if self.all.asked == self.all.left:
                raise KeyboardInterrupt
            self.all.asked += 1
            yield place, Reply(self.say(str(conversation)), "", "", 5, 7)


def helper(text):
    """Attackers and raters."""
    if "Answer yes or no" in text:
        return "yes"
    if "Answer with the number" in text:
        return "3"
    return json.dumps({"prompt": f"{PLACE} {len(text)}" if PLACE in text else f"now {len(text)}"})


@pytest.fixture
def mortals(monkeypatch, tmp_path):
    found = Mortals()
    monkeypatch.setattr(cache, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(loading, "open_chat", lambda asked, **_: found.chat("helper", helper))
    monkeypatch.setattr(
        evaluate, "open_chat", lambda *_, **__: found.chat("victim", lambda text: "No.")
    )
    (tmp_path / "seeds.csv").write_text(f"text\nOh {PLACE}\n")
    return found


def killed_and_again(mortals, step, left):
    mortals.asked, mortals.left = 0, left
    with pytest.raises(KeyboardInterrupt):
        step()
    mortals.left = None
    step()
    return mortals.asked


def test_adaptive_attacks_go_on_where_they_stopped(built, mortals, tmp_path):
    """At any of ten places; in the end nothing is left of what was said."""
    rows, _ = built
    plain = [row for row in rows["test"] if row["kind"] == "harmful" and row["attack"] == "None"]
    write_jsonl(tmp_path / "data" / "test.jsonl", [r for r in plain if not r["prefilled"]][:3])
    write_jsonl(tmp_path / "data" / "train.jsonl", rows["train"])
    settings = changed(SMOKE, adaptive=ADAPTIVE, mirror=str(tmp_path))
    run = Run(settings, tmp_path / "scores.parquet", key="key")

    def step():
        evaluate.evaluate(run, tmp_path / "data", BASE, 0)

    step()
    total, answered = mortals.asked, 3 * 5  # each request as it is, and under four attacks
    for left in range(1, total - answered, (total - answered) // 10):
        assert killed_and_again(mortals, step, left) == total
    assert not list((tmp_path / "scratch").rglob("*.sqlite"))


def test_prompts_for_all_models_are_kept_until_they_are_written(mortals, tmp_path):
    """Killed in PAIR-GPT, after PAP has ended."""
    others = {"attacker": {"model": LOCAL}, "evaluator": {"model": LOCAL}}
    pair = {**others, "victim": {"model": LOCAL}, "reply_tokens": 8, "streams": 1, "rounds": 2}
    tests = {**SMOKE.tests.model_dump(), "harmful": 3, "pap": {"model": LOCAL}, "pair_gpt": pair}
    run = Run(changed(SMOKE, tests=tests), tmp_path / "data", key="key")
    data.data(run)
    total = mortals.asked
    made = read_jsonl(tmp_path / "data" / "test.jsonl")
    assert {"PAP", "PAIR-GPT"} <= {row["attack"] for row in made}
    for left in range(1, total):
        assert killed_and_again(mortals, lambda: data.data(run), left) == total
    assert read_jsonl(tmp_path / "data" / "test.jsonl") == made
    assert not list((tmp_path / "scratch").rglob("*.sqlite"))
