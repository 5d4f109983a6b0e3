"""Guards of others as filters: whom they are asked about, and what is read of their answers."""

from contextlib import contextmanager

import pytest

from papers.resa import guards
from papers.resa.settings import WordedGuard
from shared.chat.replies import Reply
from shared.errors import UserError

GUARD = WordedGuard(
    model="api:org/guard", prompt="p.txt", withholds="Response: harmful",
    passes="Response: unharmful", tokens=9, source="StrongREJECT", attacks=["PAP"],
)  # fmt: skip


def row(kind="harmful", source="StrongREJECT", attack="PAP", prompt="As a cook, hum."):
    return {"kind": kind, "source": source, "attack": attack, "prompt": prompt}


class Guard:
    name = identity = "guard"

    def __init__(self, say):
        self.say, self.asked = say, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        assert max_new_tokens == GUARD.tokens
        for place, ((turn,)) in enumerate(conversations):
            self.asked.append(turn["content"])
            yield place, Reply(self.say(turn["content"]))


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What a guard that says `say` withholds of replies to rows."""
    prompt = tmp_path / "p.txt"
    prompt.write_text("Q: {prompt}\nA: {response}\n")

    def of(say, rows, texts):
        chat = Guard(say)

        @contextmanager
        def opened(settings, key, **_):
            yield chat, None

        monkeypatch.setattr(guards, "kept_chat", opened)
        return guards.withheld(GUARD, prompt, rows, texts, "key"), chat.asked

    return of


def test_it_sees_the_prompt_as_it_was_sent_and_the_reply_of_its_sets_alone(asked):
    rows = [
        row(), row(attack="TAP"), row(source="AdvBench"), row(kind="benign", attack="WJ"),
        row(kind="ability"), row(prompt="As a cook, sing."),
    ]  # fmt: skip
    found, said = asked(
        lambda text: "Response: harmful" if "hum" in text else "Response: unharmful",
        rows,
        ["La.", "La.", "La.", "La.", "La.", None],
    )
    assert found == [True, None, None, True, None, None]
    assert said == ["Q: As a cook, hum.\nA: La."]  # the same is asked once


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        ("Request: harmful\nCompletion: refusal\nResponse: unharmful", False),
        ("Request: unharmful\nresponse: Harmful.", True),
        ("At first Response: harmful, yet no. Response: unharmful", False),
        ("Request: harmful\nCompletion:", None),
    ],
)
def test_the_last_verdict_counts(text, withheld):
    assert guards.verdict(text, GUARD) is withheld


def test_a_guard_without_verdicts_is_one_line(asked):
    rows = [row(prompt=str(n)) for n in range(20)]
    with pytest.raises(UserError, match="judge guard gave no verdict for 20 of 20; the first"):
        asked(lambda text: "Well.", rows, ["La."] * 20)


def test_a_prompt_without_a_place_is_one_line(tmp_path):
    (tmp_path / "p.txt").write_text("Q: {prompt}")
    with pytest.raises(UserError, match=r"p\.txt: found \{prompt\}; expected .* \{response\}"):
        guards.withheld(GUARD, tmp_path / "p.txt", [], [], "key")
