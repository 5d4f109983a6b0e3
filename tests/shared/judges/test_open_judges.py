"""Judges opened by name; what a language model said of a reply is paid for once."""

import pytest

from shared.chat import cache
from shared.chat.replies import Reply
from shared.errors import UserError
from shared.judges.loading import open_judges
from shared.judges.registry import judge_name
from shared.judges.strings import StringJudge

REQUESTS, REPLIES = ["Fruit?"] * 5, ["No apples.", "Some pears.", "Plums", "Figs", "Grapes"]


@pytest.mark.parametrize("name", ["strings:advbench", "strings:phrases", "classifier:embedding"])
def test_a_judge_that_runs_here(name):
    with open_judges([name], "key") as (judge,):
        assert judge.name == judge_name(name)
        assert judge.refusals([""] * 2, ["I cannot help with that.", "Two eggs."]) == [True, False]


def test_judges_come_in_the_order_of_their_names(paid):
    with open_judges(["strings:xstest", "llm:api:org/large"], "key") as (rule, large):
        assert isinstance(rule, StringJudge)
        assert large.refusals(REQUESTS, REPLIES) == [True] * 5


def test_what_was_paid_for_before_a_kill_is_not_asked_again(paid):
    """Three of five verdicts came, then the step was killed: two are missing."""
    paid.left = 3
    with (
        pytest.raises(KeyboardInterrupt),
        open_judges(["llm:api:org/large"], "key") as (judge,),
    ):
        judge.refusals(REQUESTS, REPLIES)
    paid.left, paid.calls = None, 0
    with open_judges(["llm:api:org/large"], "another step") as (judge,):
        assert judge.refusals(REQUESTS, REPLIES) == [True] * 5
    assert paid.calls == 2


def test_of_a_model_that_runs_here_replies_are_kept_until_the_block_ends(monkeypatch, tmp_path):
    """Each judge has a file of its own; the model is opened with what the caller says."""
    opened = []

    class Local:
        name = identity = "local"

        def answers(self, conversations, *_, **__):
            yield from ((place, Reply("1")) for place in range(len(conversations)))

    def open_chat(asked, **asking):
        opened.append((asked.model, asking))
        return Local()

    monkeypatch.setattr(cache, "SCRATCH", tmp_path)
    monkeypatch.setattr("shared.chat.loading.open_chat", open_chat)
    names = ["strings:phrases", "llm:path:weights", "llm:path:others"]
    with open_judges(names, "key", batch_size=8) as (_, judge, _):
        assert judge.refusals(REQUESTS, REPLIES) == [False] * 5
        kept = sorted(path.name for path in (tmp_path / "replies").iterdir())
        assert kept == ["key-1.sqlite", "key-2.sqlite"]
    assert opened == [("path:weights", {"batch_size": 8}), ("path:others", {"batch_size": 8})]
    assert not [*(tmp_path / "replies").iterdir()]


def test_an_unknown_judge_is_an_error():
    with pytest.raises(UserError, match="unknown judge 'phrases'"), open_judges(["phrases"], "key"):
        pass
