from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.chat.asking import ask, remaining_cost, waiting
from shared.chat.cache import ReplyCache
from shared.chat.replies import Reply, finished
from shared.errors import UserError


class Parrot:
    """Answers a question with itself, last question first. `mute` questions get no text; before
    the question `fatal` it stops."""

    name = "Parrot"
    identity = "parrot"

    def __init__(self, mute=(), fatal=None):
        self.mute, self.fatal = mute, fatal
        self.asked = []
        self.arguments = None

    def answers(self, conversations, max_new_tokens, *, stop=(), start="") -> Iterator:
        self.arguments = (max_new_tokens, stop, start)
        for index in reversed(range(len(conversations))):
            question = conversations[index][-1]["content"]
            if question == self.fatal:
                raise UserError("the parrot has flown")
            self.asked.append(question)
            silent = question in self.mute
            yield index, Reply(None, "mute") if silent else Reply(question.upper())


def say(*questions):
    return [[{"role": "user", "content": question}] for question in questions]


@pytest.fixture
def kept(tmp_path):
    with ReplyCache(tmp_path / "replies") as kept:
        yield kept


def test_replies_come_in_the_order_of_the_questions():
    parrot = Parrot()
    replies = ask(parrot, say("a", "b", "c"), 8, stop=["\n"], start="So:")
    assert [reply.text for reply in replies] == ["A", "B", "C"]
    assert parrot.asked == ["c", "b", "a"] and parrot.arguments == (8, ["\n"], "So:")


def test_the_same_question_is_asked_once():
    parrot = Parrot(mute=["b"])
    replies = ask(parrot, say("a", "b", "a", "b", "a"), 8)
    assert [reply.text for reply in replies] == ["A", None, "A", None, "A"]
    assert sorted(parrot.asked) == ["a", "b"]


def test_only_what_is_not_kept_is_asked(kept):
    ask(Parrot(), say("a", "b"), 8, kept=kept)
    parrot = Parrot()
    assert waiting(parrot, say("c", "b", "d", "c"), 8, kept=kept) == [0, 2]
    assert parrot.asked == []
    replies = ask(parrot, say("c", "b", "d", "c"), 8, kept=kept)
    assert [reply.text for reply in replies] == ["C", "B", "D", "C"]
    assert parrot.asked == ["d", "c"]
    assert waiting(parrot, say("a", "b", "c", "d"), 8, kept=kept) == []


def test_other_arguments_are_another_question(kept):
    ask(Parrot(), say("a"), 8, kept=kept)
    assert waiting(Parrot(), say("a"), 8, kept=kept) == []
    for other in ({"max_new_tokens": 9}, {"stop": ["."]}, {"start": "So:"}):
        assert waiting(Parrot(), say("a"), **{"max_new_tokens": 8, **other}, kept=kept) == [0]
    thinking = Parrot()
    thinking.identity = "parrot that thinks"
    assert waiting(thinking, say("a"), 8, kept=kept) == [0]


def test_what_is_still_to_be_paid_counts_thoughts_and_no_kept_reply(kept):
    """Two questions wait: 2 × (8 + 100) reply tokens, and 10 characters are 3 prompt tokens."""
    ask(Parrot(), say("a"), 8, kept=kept)
    parrot = Parrot()
    parrot.extra_tokens = 100
    cost = remaining_cost(parrot, say("what?", "a", "where", "what?"), 8, (1, 2), kept=kept)
    assert (cost.calls, cost.prompt_tokens, cost.reply_tokens) == (2, 3, 216)
    assert cost.dollars == pytest.approx((3 * 1 + 216 * 2) / 1e6)
    assert parrot.asked == []


def test_without_a_file_every_kind_of_question_waits():
    assert waiting(Parrot(), say("b", "a", "b", "a"), 8) == [0, 1]


def test_a_reply_without_text_is_asked_for_again(kept):
    first = ask(Parrot(mute=["a"]), say("a", "b"), 8, kept=kept)
    assert first == [Reply(None, "mute"), Reply("B")]
    parrot = Parrot()
    assert [reply.text for reply in ask(parrot, say("a", "b"), 8, kept=kept)] == ["A", "B"]
    assert parrot.asked == ["a"]


def test_what_came_before_an_error_is_kept(kept):
    with pytest.raises(UserError, match="flown"):
        ask(Parrot(fatal="b"), say("a", "b", "c", "d"), 8, kept=kept)
    assert waiting(Parrot(), say("a", "b", "c", "d"), 8, kept=kept) == [0, 1]


def test_what_is_cut_from_a_reply_is_not_kept_either(kept):
    def shorten(reply):
        return replace(reply, text=reply.text[:1])

    assert ask(Parrot(), say("abc"), 8, kept=kept, shorten=shorten) == [Reply("A")]
    assert ask(Parrot(), say("abc"), 8, kept=kept) == [Reply("A")]


class Thinker:
    """Uses up its tokens on thoughts, but for the questions in `ready`."""

    name, identity, extra_tokens = "Thinker", "thinker", 0

    def __init__(self, ready=()):
        self.ready, self.asked = ready, 0

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for index, conversation in enumerate(conversations):
            self.asked += 1
            answered = conversation[-1]["content"] in self.ready
            yield index, finished("A" if answered else "", "hm", 5, max_new_tokens, True)


def test_a_model_whose_thoughts_use_up_the_limit_is_not_asked_on(kept):
    questions = say(*map(str, range(100)))
    thinker = Thinker()
    message = r"Thinker: 20 of 20 replies were cut off .* by a limit of 8 tokens; .*thinking: true"
    with pytest.raises(UserError, match=message):
        ask(thinker, questions, 8, kept=kept)
    assert thinker.asked == 20
    with pytest.raises(UserError, match=message):  # what is known is not paid for again
        ask(thinker, questions, 8, kept=kept)
    assert thinker.asked == 20
    with pytest.raises(UserError, match="1 of 1 replies"):
        ask(thinker, say("a"), 8)


def test_half_of_the_replies_cut_off_is_not_most():
    replies = ask(Thinker(ready="abcde"), say(*"abcdefghij"), 8)
    assert [reply.text for reply in replies] == ["A"] * 5 + [None] * 5
    assert all(reply.cut_off for reply in replies)


def test_nothing_to_ask():
    assert ask(Parrot(), [], 8) == []
