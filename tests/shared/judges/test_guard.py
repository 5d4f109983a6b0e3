"""What a guard says, as it says it."""

import pytest

from shared.chat.replies import Reply
from shared.errors import UserError
from shared.judges.guard import Guard, Verdict, parse


class Scripted:
    name = identity = "guard"

    def __init__(self, *texts):
        self.texts, self.asked = texts, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.asked.append(conversation)
            yield place, Reply(self.texts[place], "timed out")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("safe", Verdict(True, None)),
        ("\n\nsafe\n", Verdict(True, None)),
        ("unsafe\nS11", Verdict(False, "Suicide & Self-Harm")),
        ("Unsafe\nS2,S9", Verdict(False, "Non-Violent Crimes")),
        ("unsafe", Verdict(False, None)),
        ("unsafe\nS99", Verdict(False, None)),
        ("safely home", None),
        ("I think it is safe", None),
        ("", None),
    ],
)
def test_verdicts(text, verdict):
    assert parse(text) == verdict


def test_a_guard_sees_request_and_reply_and_may_miss_one():
    chat = Scripted("safe", "who knows")
    found = Guard(chat).verdicts(["a?", "b?"], ["A", "B"])
    assert found == [Verdict(True, None), None]
    assert [turn["role"] for turn in chat.asked[0]] == ["user", "assistant"]
    assert [turn["content"] for turn in chat.asked[1]] == ["b?", "B"]


@pytest.mark.parametrize("text", ["who knows", None])
def test_a_guard_without_any_verdict_does_not_work(text):
    with pytest.raises(UserError, match="guard guard: expected safe or unsafe, found"):
        Guard(Scripted(text)).verdicts(["a?"], ["A"])


def test_nothing_to_judge_is_no_mistake():
    assert Guard(Scripted()).verdicts([], []) == []
