"""Adaptive attacks on a victim with checks: who sees what, and which prompts come out."""

import json

import pytest

from papers.resa.adaptive import Shown, adaptive_rows, with_suffix
from papers.resa.reply_format import Parts, write
from papers.resa.test_sets import HOUSE, NONE, harmful
from shared.attacks.gptfuzzer import PLACE
from shared.chat.cache import ReplyCache
from shared.chat.local import LocalChat
from shared.chat.replies import Reply
from shared.settings import load_settings

CPU = load_settings("resa", "cpu")
RESA = CPU.variants["resa-sft"]
ROW = {
    "id": "r0", **harmful(NONE, HOUSE).columns(), "asks": "Sing a song.", "prompt": "Sing a song.",
}  # fmt: skip


class Scripted:
    name = "scripted"

    def __init__(self, reply):
        self.reply, self.asked = reply, []
        self.identity = str(id(self))

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.asked.append(list(conversation))
            yield place, Reply(self.reply(conversation[-1]["content"]))


@pytest.fixture
def kept(tmp_path):
    with ReplyCache(tmp_path / "kept.sqlite") as found:
        yield found


@pytest.fixture
def attack(kept, tmp_path):
    """The rows under the attacks of the settings; attackers are given without their caches."""

    def run(rows, victim, attackers, *rest):
        attackers = {name: (chat, kept) for name, chat in attackers.items()}
        variant, settings, *seeds = rest
        return adaptive_rows(rows, victim, attackers, variant, settings, kept, tmp_path, *seeds)

    return run


def checked(answer):
    return write("answer-check", Parts(answer, "It keeps to it.", "Tell it."), CPU.wording)


def test_an_evaluator_sees_only_what_follows_the_check():
    victim = Scripted(lambda text: checked("La la."))
    shown = Shown(victim, RESA, CPU.model_copy(update={"system": "Be kind."}))
    ((_, reply),) = shown.answers([[{"role": "user", "content": "Sing."}]], 8)
    assert reply.text == "La la."
    assert [turn["role"] for turn in victim.asked[0]] == ["system", "user"]
    assert victim.asked[0][0]["content"] == "Be kind."


def test_a_reply_that_never_came_stays_missing():
    shown = Shown(Scripted(lambda text: None), RESA, CPU)
    ((_, reply),) = shown.answers([[{"role": "user", "content": "Sing."}]], 8)
    assert reply.text is None


SIZES = {
    "pair": {"streams": 1, "rounds": 2},
    "tap": {"branching": 1, "width": 1, "depth": 2},
    "renellm": {"rounds": 1, "rewritings": 1},
    "gptfuzzer": {"seeds": "seeds.csv", "iterations": 2, "goals": 1},
    "gcg": {"goals": 1, "steps": 3, "top_k": 4, "candidates": 5},
}


def attacking(*attacks):
    adaptive = {"attacker": {"model": "api:org/attacker"}, **{a: SIZES[a] for a in attacks}}
    return type(CPU).model_validate({**CPU.model_dump(), "adaptive": adaptive})


def attacker(text):
    if "Answer yes or no" in text:
        return "yes"
    if "Answer with the number" in text:
        return "10" if "La la" in text else "1"
    if "template" in text:
        return json.dumps({"prompt": f"{PLACE} please."})
    return json.dumps({"improvement": "", "prompt": "Sing, please."})


def polite(text):
    return checked("La la." if "please" in text else "No.")


def test_every_attack_gives_a_prompt_for_every_request(attack):
    settings = attacking("pair", "tap", "renellm", "gptfuzzer")
    attackers = {"": Scripted(attacker)}
    seeds = [f"Oh {PLACE}"]
    found = attack([ROW], Scripted(polite), attackers, RESA, settings, seeds)
    names = ["PAIR", "TAP", "ReNeLLM", "GPTFuzzer"]
    assert [row["dataset"] for row in found] == [f"House rules, {name}" for name in names]
    assert [row["id"] for row in found] == [f"r0/{name}" for name in names]
    assert [row["attack"] for row in found] == names
    assert all("please." in row["prompt"] and row["asks"] == ROW["asks"] for row in found)
    assert found[-1]["prompt"] == "Sing a song. please."  # the best template around the request


def test_pair_has_an_attacker_of_its_own(attack):
    """It writes the prompts; ratings stay with the one of all attacks."""
    own, common = Scripted(attacker), Scripted(attacker)
    attackers = {"": common, "PAIR": own}
    attack([ROW], Scripted(polite), attackers, RESA, attacking("pair", "tap"))
    assert all("JSON" in talk[0]["content"] for talk in own.asked) and own.asked
    rated = [talk for talk in common.asked if "Answer with the number" in talk[0]["content"]]
    assert len(rated) == 1  # of the reply that PAIR and TAP both got


def test_a_variant_is_asked_its_attacks_alone(attack):
    few = RESA.model_copy(update={"attacks": ["None", "TAP"]})
    settings = attacking("pair", "tap")
    attackers = {"": Scripted(attacker)}
    found = attack([ROW], Scripted(polite), attackers, few, settings)
    assert [row["attack"] for row in found] == ["TAP"]


def test_gcg_appends_a_suffix_behind_the_request(
    tiny_model, tiny_tokenizer, monkeypatch, attack, tmp_path
):
    """Between request and reply, where a check stands before the target; on as many requests and
    with the sizes that the settings say."""
    seen = []

    def found(model, tokenizer, before, after, target, **sizes):
        seen.append({"before": before, "after": after, "target": target, **sizes})
        return type("Found", (), {"suffix": " !?"})

    monkeypatch.setattr("papers.resa.adaptive.gcg", found)
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[reply]"
    )
    chat = LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny")
    rows = [ROW, {**ROW, "id": "r1"}]
    attackers = {"": Scripted(attacker)}
    (row,) = attack(rows, chat, attackers, RESA, attacking("gcg"))
    assert (row["dataset"], row["prompt"]) == ("House rules, GCG", "Sing a song. !?")
    assert seen[0]["before"] == "[system][user]Sing a song." and seen[0]["target"] == "Sure"
    tag = CPU.wording.outer
    assert seen[0]["after"].startswith(f"[reply]<{tag}>")
    assert seen[0]["after"].endswith(f"</{tag}>")
    assert {name: seen[0][name] for name in ("steps", "top_k", "candidates")} == {
        "steps": 3, "top_k": 4, "candidates": 5,
    }  # fmt: skip
    with_suffix("Sing.", chat, None, CPU, {}, tmp_path)
    assert seen[1]["after"] == "[reply]"
    assert seen[0]["kept"] != seen[1]["kept"]  # each search has a file of its own
    stair = load_settings("resa", "paper").variants["stair-dpo"]
    with_suffix("Sing.", chat, stair, CPU, {}, tmp_path)
    assert seen[2]["after"] == "[reply]Final Answer: "


def test_gcg_is_of_strongreject_alone(attack):
    other = {**ROW, **harmful(NONE, "AdvBench").columns()}
    attackers = {"": Scripted(attacker)}
    assert attack([other], Scripted(polite), attackers, RESA, attacking("gcg")) == []
