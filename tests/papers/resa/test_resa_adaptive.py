"""Adaptive attacks on a victim with checks: who sees what, and which prompts come out."""

import json

from papers.resa.adaptive import Shown, adaptive_rows, with_suffix
from papers.resa.reply_format import Parts, write
from papers.resa.test_sets import HOUSE, NONE, harmful
from shared.chat.local import LocalChat
from shared.chat.replies import Reply
from shared.settings import load_settings

CPU = load_settings("resa", "cpu")
RESA = CPU.variants["resa-sft"]
ROW = {
    "id": "r0", **harmful(NONE, HOUSE).columns(), "asks": "Sing a song.", "prompt": "Sing a song.",
}  # fmt: skip


class Scripted:
    name = identity = "scripted"

    def __init__(self, reply):
        self.reply, self.asked = reply, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.asked.append(list(conversation))
            yield place, Reply(self.reply(conversation[-1]["content"]))


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


def attacking(*attacks):
    adaptive = {"attacks": attacks, "attacker": {"model": "api:org/attacker"}}
    return type(CPU).model_validate({**CPU.model_dump(), "adaptive": adaptive})


def attacker(text):
    if "Answer yes or no" in text:
        return "yes"
    if "Answer with the number" in text:
        return "10" if "La la" in text else "1"
    return json.dumps({"improvement": "", "prompt": "Sing, please."})


def test_every_attack_gives_a_prompt_for_every_request():
    victim = Scripted(lambda text: checked("La la." if "please" in text else "No."))
    settings = attacking("PAIR", "TAP", "ReNeLLM", "PAP")
    found = adaptive_rows([ROW], victim, Scripted(attacker), None, RESA, settings)
    assert [row["dataset"] for row in found] == [
        "House rules, PAIR", "House rules, TAP", "House rules, ReNeLLM", "House rules, PAP",
    ]  # fmt: skip
    assert [row["id"] for row in found] == ["r0/PAIR", "r0/TAP", "r0/ReNeLLM", "r0/PAP"]
    assert {row["attack"] for row in found} == set(settings.adaptive.attacks)
    assert all("Sing, please." in row["prompt"] and row["asks"] == ROW["asks"] for row in found)


def test_a_variant_of_four_attacks_is_spared_the_others():
    settings = attacking("TAP", "PAP")
    few = CPU.variants["resa-sft-16"]
    found = adaptive_rows([ROW], Scripted(checked), Scripted(attacker), None, few, settings)
    assert [row["attack"] for row in found] == ["PAP"]


def test_gcg_appends_a_suffix_behind_the_request(tiny_model, tiny_tokenizer, monkeypatch):
    """Between request and reply, where a check stands before the target."""
    seen = {}

    def found(model, tokenizer, before, after, target):
        seen.update(before=before, after=after, target=target)
        return type("Found", (), {"suffix": " !?"})

    monkeypatch.setattr("papers.resa.adaptive.gcg", found)
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[reply]"
    )
    chat = LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny")
    assert with_suffix("Sing.", chat, RESA, CPU) == "Sing. !?"
    assert seen["before"] == "[system][user]Sing." and seen["target"] == "Sure"
    assert seen["after"].startswith("[reply]<safety_check>")
    assert seen["after"].endswith("</safety_check>")
    with_suffix("Sing.", chat, None, CPU)
    assert seen["after"] == "[reply]"
