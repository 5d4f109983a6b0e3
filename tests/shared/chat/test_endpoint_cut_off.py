"""Runs that end early: by a budget, an error or a server that is gone; nothing is lost."""

import os
import threading
import time

import pytest

from shared.chat.asking import ask, waiting
from shared.chat.cache import ReplyCache
from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.runner.caps import set_caps
from tests.shared.chat.conftest import SECRET, completion, endpoint, one, say


def test_a_run_ends_before_the_question_that_could_cost_too_much(server, tmp_path):
    """A question has 4 characters, a token, and may be answered with 8: 1 and 8 thousandths of a
    dollar at most. It costs 11 and 5 by the server's count: after three 48 are spent, and 48 + 9
    is more than 55."""
    prices = (1000, 1000)
    questions = say("q001", "q002", "q003", "q004", "q005")
    chat = endpoint(prices=prices, most_dollars=0.055, concurrency=1)
    with ReplyCache(tmp_path / "replies") as kept:
        with pytest.raises(UserError, match=r"most_dollars: \$0.05 are spent .*kept"):
            ask(chat, questions, 8, kept=kept)
        assert server.asked == ["q001", "q002", "q003"]
        assert len(waiting(chat, questions, 8, kept=kept)) == 2


def test_questions_under_way_count_against_the_budget(server):
    """Eight at once, none of them answered yet: only the first two fit into 20 thousandths."""
    server.behave = lambda *_: server.ended.wait(0.3) or (200, completion("A"))
    chat = endpoint(prices=(1000, 1000), most_dollars=0.02, concurrency=8)
    with pytest.raises(UserError, match="most_dollars"):
        ask(chat, say(*(f"q{i:03}" for i in range(8))), 8)
    assert len(server.asked) == 2


def test_a_budget_needs_prices(server):
    with pytest.raises(UserError, match="most_dollars: found 3 without prices of model-1"):
        endpoint(most_dollars=3)


def test_all_models_of_a_run_share_what_it_may_cost(server, tmp_path, monkeypatch):
    """As above a question costs at most 9 and then 16 thousandths. Of 55, the first model takes 32
    with two questions, the second 16 with one; of the next 9 there are 7 left. A run with more goes
    on from there."""

    def capped(dollars):
        set_caps({"max_cost": dollars}, tmp_path)
        return [endpoint(prices=(1000, 1000), concurrency=1) for _ in range(2)]

    monkeypatch.setattr("os.environ", dict(os.environ))
    first, second = capped(0.055)
    ask(first, say("q001", "q002"), 8)
    with pytest.raises(UserError, match=r"max_cost: 0.048 of 0.055 are taken .*taken.json"):
        ask(second, say("q003", "q004"), 8)
    assert server.asked == ["q001", "q002", "q003"]
    first, second = capped(0.07)
    ask(second, say("q004"), 8)
    assert server.asked[3:] == ["q004"]
    with pytest.raises(UserError, match=r"max_cost: found 0.07 without prices of model-1"):
        endpoint()
    assert open_chat(Asked(model="api:gpt-4o")).budget.prices == (2.5, 10)


def test_a_server_that_asks_for_hours_ends_the_run(server):
    server.behave = lambda *_: (429, "quota", {"Retry-After": "86400"})
    with pytest.raises(UserError, match=r"429: quota; it asks to wait 86,400 s; .* goes on"):
        one(endpoint())
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 301])
def test_a_wrong_request_ends_the_run_in_one_line(server, status, capsys, caplog):
    """The server repeats the key; nobody else does."""
    caplog.set_level("DEBUG")
    said = f"No good:\n{SECRET} " + "and so on " * 100
    server.behave = lambda *_: (status, {"error": {"message": said}})
    with pytest.raises(UserError) as error:
        ask(endpoint(concurrency=1), say("a", "b", "c"), 8)
    message = str(error.value)
    assert message.startswith(f"{server.url}: HTTP {status}: No good: <key> and so on")
    assert "\n" not in message and len(message) < 300
    assert len(server.asked) == 1
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err + caplog.text


def test_what_arrived_before_an_error_and_beside_it_is_not_lost(server):
    """ "a" is answered, then "c" is wrong while "b" is still being answered; nothing is sent
    after that."""
    wrong = threading.Event()

    def behave(question, _):
        if question == "c":
            wrong.set()
            return (400, "bad")
        if question == "b":
            wrong.wait(1)
            time.sleep(0.1)
        return (200, completion(question.upper()))

    server.behave = behave
    arrived = {}
    with pytest.raises(UserError, match="HTTP 400: bad"):
        for index, reply in endpoint(concurrency=2).answers(say("a", "b", "c", *"defghi"), 8):
            arrived[index] = reply.text
    assert arrived[0] == "A" and arrived[1] == "B" and 2 not in arrived
    assert len(server.asked) <= 4


def test_nothing_more_is_asked_when_nobody_listens(server):
    def behave(question, _):
        time.sleep(0.01)
        return (200, completion(f"reply {question}"))

    server.behave = behave
    answers = endpoint(concurrency=1).answers(say(*map(str, range(30))), 8)
    index, reply = next(answers)  # any of those that have arrived
    assert reply.text == f"reply {index}"
    answers.close()
    asked = len(server.asked)
    time.sleep(0.05)
    assert len(server.asked) == asked < 30


@pytest.mark.parametrize("death", [None, (503, "shutting down")], ids=["cut off", "503"])
def test_a_run_goes_on_where_it_stopped(server, tmp_path, death):
    """The server dies after 30 of 50 conversations: five in a row end the run. The second run
    asks the other 20 and no more."""
    questions = say(*(f"q{i}" for i in range(50)))
    served = lambda question: int(question[1:]) < 30  # noqa: E731
    server.behave = lambda q, _: (200, completion(q.upper())) if served(q) else death
    chat = endpoint(concurrency=1, attempts=2, given_up_after=5)
    with ReplyCache(tmp_path / "replies") as kept:
        with pytest.raises(UserError) as error:
            ask(chat, questions, 8, kept=kept)
        assert waiting(chat, questions, 8, kept=kept) == list(range(30, 50))
    assert f"{server.url}: 5 conversations in a row came back with nothing" in str(error.value)
    assert "the next run goes on from there" in str(error.value)
    assert len(server.asked) == 30 + 5 * 2  # two attempts each

    server.asked.clear()
    server.behave = lambda q, _: (200, completion(q.upper()))
    with ReplyCache(tmp_path / "replies") as kept:
        replies = ask(chat, questions, 8, kept=kept)
    assert [reply.text for reply in replies] == [f"Q{i}" for i in range(50)]
    assert server.asked == [f"q{i}" for i in range(30, 50)]
