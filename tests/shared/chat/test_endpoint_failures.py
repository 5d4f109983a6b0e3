"""What an endpoint fails to answer: asked again, or a reply without text."""

from types import SimpleNamespace

import pytest

from shared.chat import endpoint as module
from shared.chat.asking import ask
from shared.chat.replies import Reply
from shared.errors import UserError
from tests.shared.chat.conftest import completion, endpoint, one, say

ABSENT = [
    (404, {"error": {"message": "No endpoints found for maker/model-1.", "code": 404}}),
    (404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}),
    (400, {"error": {"message": "maker/model-1 is not a valid model ID", "code": 400}}),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: model-1"}}),
    (404, [{"error": {"code": 404, "message": "models/model-1 is not found for API version v1"}}]),
]


@pytest.mark.parametrize("answer", ABSENT, ids=str)
def test_a_model_that_may_be_gone_leaves_its_replies_out(server, answer, capsys):
    server.behave = lambda *_: answer
    replies = ask(endpoint(may_be_gone=True, concurrency=1, given_up_after=2), say(*"abcd"), 8)
    assert {reply.text for reply in replies} == {None}
    assert all(reply.reason.startswith(f"HTTP {answer[0]}: ") for reply in replies)
    assert len(server.asked) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"model-1: HTTP {answer[0]}: ") and "are left out" in said
    with pytest.raises(UserError, match=f"HTTP {answer[0]}"):  # of a user's own: a mistake
        one(endpoint())


@pytest.mark.parametrize(
    "answer",
    [
        (404, "<html>not found</html>"),
        (404, {"type": "error", "error": {"type": "not_found_error", "message": "Not found"}}),
        (404, []),
        (401, {"error": {"message": "the model's key not found"}}),
    ],
)
def test_a_wrong_address_or_key_is_no_retired_model(server, answer):
    server.behave = lambda *_: answer
    with pytest.raises(UserError, match=f"HTTP {answer[0]}"):
        one(endpoint(may_be_gone=True))


@pytest.mark.parametrize(
    "answer",
    [
        (200, completion(None, "content_filter")),
        (400, {"error": {"code": "content_filter", "message": "The prompt triggered it."}}),
    ],
)
def test_a_content_filter_is_no_reply_and_no_failure(server, answer):
    """It is not asked again in this run, and however many there are, the run goes on."""
    server.behave = lambda *_: answer
    replies = ask(endpoint(given_up_after=2), say(*"abcd"), 8)
    assert replies == [Reply(None, "withheld by the endpoint's content filter")] * 4
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "bad",
    [
        (500, "down"),
        (503, {"error": {"message": "overloaded"}}),
        (408, ""),
        (409, ""),
        (425, ""),
        (429, {"error": "slow down"}),
        None,
        (200, "<html>"),
        (200, ""),
        (200, "[]"),
        (200, {"choices": []}),
        (200, {"choices": [{"finish_reason": "stop"}]}),
        (200, completion(None)),
        (200, {"error": {"code": 502, "message": "upstream"}}),
    ],
    ids=str,
)
def test_what_fails_twice_is_asked_a_third_time(server, bad):
    server.behave = lambda _, before: bad if before < 2 else (200, completion("A"))
    assert one(endpoint()).text == "A"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((500, "it is\n\ndown"), "HTTP 500: it is down"),
        ((429, {"error": {"message": "too many"}}), "HTTP 429: too many"),
        ((200, "<html>"), "not a chat completion: a web page (OPENAI_BASE_URL mostly ends"),
        ((200, "[" * 100_000), "not a chat completion: Invalid JSON: recursion limit"),
        ((200, {"choices": []}), "not a chat completion: choices List should have at least 1"),
        ((200, completion(None)), "not a chat completion: no message content"),
        ((200, {"error": {"code": 502, "message": "upstream"}}), "upstream"),
        (None, "Server disconnected"),
        ((500, "x" * 9999), "HTTP 500: xxx"),
    ],
    ids=str,
)
def test_what_always_fails_is_a_reply_without_text(server, bad, reason):
    """Other conversations are answered all the same."""
    server.behave = lambda question, _: bad if question == "b" else (200, completion("A"))
    replies = ask(endpoint(), say("a", "b", "c"), 8)
    assert [reply.text for reply in replies] == ["A", None, "A"]
    assert replies[1].reason.startswith(reason)
    assert len(replies[1].reason) < 220 and "\n" not in replies[1].reason
    assert server.asked.count("b") == 3


def test_the_first_failure_is_said_once(server, capsys):
    """Six attempts of two minutes each would look as if it hung."""
    server.behave = lambda _, before: (503, "busy") if before < 2 else (200, completion("A"))
    chat = endpoint(timeout_s=7)
    assert [reply.text for reply in ask(chat, say(*"abc"), 8)] == ["A"] * 3
    assert one(chat).text == "A"
    said = "HTTP 503: busy; each question is tried up to 3 times, for up to 7 s each"
    assert capsys.readouterr().err == f"{server.url}: {said}\n"


def test_nothing_is_said_where_nothing_fails(server, capsys):
    assert one(endpoint()).text == "WHO?"
    assert capsys.readouterr().err == ""


def test_a_time_out(server):
    def slow(question, before):
        if question == "slow" or not before:
            server.ended.wait(1)
        return (200, completion("A"))

    server.behave = slow
    replies = ask(endpoint(timeout_s=0.1, attempts=2), say("slow", "slow at first"), 8)
    assert replies[0] == Reply(None, "nothing said within 0.1 s")
    assert replies[1].text == "A"
    assert server.asked.count("slow") == 2


@pytest.mark.parametrize("asked", ["0.3", "Sun, 09 Sep 2001 01:46:40 GMT"], ids=["s", "date"])
def test_a_server_is_given_the_time_it_asks_for(server, asked):
    """A second, by its own clock, which is decades behind ours."""
    server.date = "Sun, 09 Sep 2001 01:46:39 GMT"
    server.behave = lambda _, before: (
        (200, completion("A")) if before else (429, "", {"Retry-After": asked})
    )
    assert one(endpoint()).text == "A"
    assert 0.3 <= server.times[1] - server.times[0] < 10


def test_a_server_without_a_clock_is_waited_for_by_ours(server, monkeypatch):
    """Unix time was 1,000,000,000 at that date; here it is 0.3 s before."""
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 999_999_999.7))
    server.date = "no date"
    asked = {"Retry-After": "Sun, 09 Sep 2001 01:46:40 GMT"}
    server.behave = lambda _, before: (200, completion("A")) if before else (429, "", asked)
    assert one(endpoint()).text == "A"
    assert 0.3 <= server.times[1] - server.times[0] < 5


def test_waits_double(server):
    """Of 0.02, 0.04, 0.08 s, each by half more or less."""
    server.behave = lambda *_: (500, "")
    one(endpoint(attempts=4, wait_s=0.02))
    waits = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert all(wait >= 0.01 * 2**i for i, wait in enumerate(waits)) and len(waits) == 3


def test_failures_that_are_not_in_a_row_do_not_end_a_run(server):
    server.behave = lambda q, _: (500, "") if int(q) % 2 else (200, completion("A"))
    chat = endpoint(concurrency=1, attempts=1, given_up_after=2)
    replies = ask(chat, say(*map(str, range(10))), 8)
    assert [reply.text for reply in replies] == ["A", None] * 5


@pytest.mark.parametrize(
    ("bad", "reason"),
    [((500, "down"), "HTTP 500: down"), ((200, "<html>"), "a web page"), (None, "disconnected")],
    ids=["500", "web page", "nothing"],
)
def test_a_server_that_answers_nothing_at_all_ends_the_run_early(server, bad, reason):
    """Three conversations of a hundred, each tried twice; a first answer makes it wait for more."""
    server.behave = lambda *_: bad
    chat = endpoint(concurrency=1, attempts=2)
    with pytest.raises(UserError) as error:
        ask(chat, say(*map(str, range(100))), 8)
    assert "3 conversations in a row came back with nothing, each tried 2 times" in str(error.value)
    assert reason in str(error.value) and "\n" not in str(error.value)
    assert len(server.asked) == 3 * 2
    server.behave = lambda q, _: (200, completion("A")) if q in ("0", "9") else bad
    replies = ask(endpoint(concurrency=1, attempts=1), say(*map(str, range(10))), 8)
    assert [reply.text for reply in replies] == ["A", *[None] * 8, "A"]


def test_a_server_that_is_gone_after_it_answered_is_not_a_wrong_address(server):
    server.behave = lambda *_: (200, completion("A"), {"Connection": "close"})
    chat = endpoint(attempts=2)
    assert one(chat).text == "A"
    server.shutdown()
    server.server_close()
    gone = one(chat)
    assert gone.text is None and "refused" in gone.reason
