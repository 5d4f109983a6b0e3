"""The endpoint of these tests is a real HTTP server of this process."""

import base64
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from PIL import Image

from shared.chat import endpoint as module
from shared.chat.asking import ask, waiting
from shared.chat.cache import ReplyCache
from shared.chat.endpoint import Endpoint
from shared.chat.pictures import about_picture
from shared.chat.replies import UNBEGUN, Reply
from shared.errors import UserError

SECRET = "sk-test-0123456789"


class Server(ThreadingHTTPServer):
    """Answers as `behave(question, times it was asked before)` says: with (status, body) or
    (status, body, headers), or with None, which cuts the connection. A body that is no string is
    sent as JSON. Without `behave` the reply is the question in capitals."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behave = lambda question, before: (200, completion(question.upper()))
        self.asked, self.requests, self.times = [], [], []
        self.lock = threading.Lock()
        self.ended = threading.Event()  # lets a slow answer go when the test is over

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets: 40 ms otherwise

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"]
        with self.server.lock:
            before = self.server.asked.count(question)
            self.server.asked.append(question)
            self.server.requests.append((self.path, self.headers.get("Authorization"), body))
            self.server.times.append(time.monotonic())
        answer = self.server.behave(question, before)
        if answer is None:
            self.close_connection = True
            return
        status, content, headers = (*answer, {})[:3]
        content = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(content.encode())}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_):
        pass


def completion(content, finish_reason="stop", **fields):
    return {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **fields},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    }


def say(*questions):
    return [[{"role": "user", "content": question}] for question in questions]


@pytest.fixture
def server(monkeypatch):
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint(**arguments):
    return Endpoint("maker/model-1", **{"attempts": 3, "wait_s": 0.001, **arguments})


def one(chat, **arguments):
    """The reply to one question."""
    return ask(chat, say("who?"), 8, **arguments)[0]


def test_the_request_and_the_reply(server):
    chat = endpoint()
    conversation = [{"role": "system", "content": "Be brief."}, *say("who?")[0]]
    assert ask(chat, [conversation], 8) == [Reply("WHO?", "", "", 11, 5)]
    path, authorization, body = server.requests[0]
    assert (path, authorization) == ("/v1/chat/completions", f"Bearer {SECRET}")
    assert body == {
        "model": "maker/model-1",
        "messages": conversation,
        "max_tokens": 8,
        "temperature": 0,
    }
    assert chat.name == "model-1" and chat.extra_tokens == 0


@pytest.mark.parametrize("kind, mime", [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_sent_as_the_api_wants_it(server, kind, mime):
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, kind)
    server.behave = lambda question, before: (200, completion("seen"))
    ask(endpoint(), [[about_picture(file.getvalue(), "What is it?")]], 8)
    (message,) = server.requests[0][2]["messages"]
    picture, text = message["content"]
    assert text == {"type": "text", "text": "What is it?"} and picture["type"] == "image_url"
    head, _, encoded = picture["image_url"]["url"].partition(",")
    assert head == f"data:{mime};base64" and base64.b64decode(encoded) == file.getvalue()


def test_fields_of_the_body_win_and_none_leaves_one_out(server):
    body = {"temperature": 1, "max_tokens": None, "reasoning_effort": "low"}
    one(endpoint(body=body), start="So:")
    sent = server.requests[0][2]
    assert sent == {
        "model": "maker/model-1",
        "messages": say("who?")[0],
        "temperature": 1,
        "reasoning_effort": "low",
    }


def test_a_thinking_model_may_write_more(server):
    chat = endpoint(thinking=True)
    one(chat, stop=["\n"])
    sent = server.requests[0][2]
    assert sent["max_tokens"] == 16_008 and chat.extra_tokens == 16_000
    assert "stop" not in sent  # it would end the thoughts
    assert endpoint(thinking=True, thinking_tokens=100).extra_tokens == 100


def test_the_identity_tells_models_bodies_modes_and_servers_apart(server, monkeypatch):
    chats = [
        endpoint(),
        endpoint(body={"top_p": 0.5}),
        endpoint(thinking=True),
        endpoint(thinking=False),
        Endpoint("maker/model-2"),
    ]
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}2")
    chats.append(endpoint())
    assert len({chat.identity for chat in chats}) == 6
    assert endpoint(timeout_s=3).identity == endpoint().identity


def test_stop_is_sent_and_applied(server):
    """A server may ignore it, and the API takes four."""
    server.behave = lambda *_: (200, completion("The cat; the dog"))
    assert one(endpoint(), stop=["a.", "b.", "c.", "d.", ";"]).text == "The cat"
    assert server.requests[0][2]["stop"] == ["a.", "b.", "c.", "d."]


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (completion("A", reasoning_content="hm"), Reply("A", "", "hm", 11, 5)),
        (completion("A", reasoning="hm"), Reply("A", "", "hm", 11, 5)),
        (completion("<think>hm</think>\nA"), Reply("A", "", "hm", 11, 5)),
        (completion("<think>hm</think>A", "length"), Reply("A", "", "hm", 11, 5, cut_off=True)),
        (completion(""), Reply("", "", "", 11, 5)),
        (completion(None, refusal="I can't."), Reply("I can't.", "", "", 11, 5)),
        (completion("A", refusal=""), Reply("A", "", "", 11, 5)),
        (completion(None, "content_filter", refusal="No."), Reply("No.", "", "", 11, 5)),
        ({"choices": completion("A")["choices"]}, Reply("A")),
        (completion("A") | {"usage": {"prompt_tokens": None}}, Reply("A")),
    ],
    ids=str,
)
def test_ways_to_answer(server, sent, reply):
    server.behave = lambda *_: (200, sent)
    assert one(endpoint()) == reply
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "sent",
    [
        completion("<think>hm", "length"),
        completion(None, "length", reasoning="hm"),
        completion(None, "length"),
        completion("", "length"),
    ],
    ids=str,
)
def test_thoughts_that_use_up_the_limit_are_no_answer(server, sent):
    """Not an empty one, which a scorer could take for "none"."""
    server.behave = lambda question, _: (200, sent if question == "b" else completion("A"))
    replies = ask(endpoint(), say("a", "b", "c"), 8)
    assert [reply.text for reply in replies] == ["A", None, "A"]
    assert replies[1].reason == UNBEGUN and replies[1].cut_off and replies[1].reply_tokens == 5
    assert server.asked.count("b") == 1


REFUSALS = {
    "max_tokens": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    },
    "temperature": {
        "message": "Unsupported value: 'temperature' does not support 0 with this model. Only the "
        "default (1) value is supported.",
        "param": "temperature",
        "code": "unsupported_value",
    },
}


def reluctant(server):
    """A server that refuses both fields, as OpenAI's does for models that think."""

    def behave(*_):
        sent = server.requests[-1][2]
        refused = next((name for name in REFUSALS if name in sent), None)
        error = {"error": REFUSALS[refused]} if refused else None
        return (400, error) if refused else (200, completion("A"))

    server.behave = behave


def test_a_model_that_refuses_a_limit_or_a_temperature_is_asked_without(server, capsys):
    reluctant(server)
    chat = endpoint(concurrency=1)
    assert [reply.text for reply in ask(chat, say("a", "b"), 8)] == ["A", "A"]
    assert len(server.requests) == 4  # both are refused once
    assert server.requests[-1][2] == {
        "model": "maker/model-1",
        "messages": say("b")[0],
        "max_completion_tokens": 8,
    }
    said = capsys.readouterr().err
    assert "model-1: takes no max_tokens, asked with max_completion_tokens" in said
    assert "model-1: takes no temperature, asked with the model's own" in said


@pytest.mark.parametrize(
    ("body", "message"),
    [({"temperature": 0.5}, "'temperature' does not support"), ({}, "max_tokens is too large: 8")],
)
def test_what_the_user_set_and_a_limit_too_high_are_errors(server, body, message):
    error = REFUSALS["temperature"] if body else {"message": "max_tokens is too large: 8"}
    server.behave = lambda *_: (400, {"error": error})
    with pytest.raises(UserError, match=message):
        one(endpoint(body=body))
    assert len(server.requests) == 1


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
    with pytest.raises(UserError, match="most_dollars: found 3 without prices"):
        endpoint(most_dollars=3)


ABSENT = [
    (404, {"error": {"message": "No endpoints found for maker/model-1.", "code": 404}}),
    (404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}),
    (400, {"error": {"message": "maker/model-1 is not a valid model ID", "code": 400}}),
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
    [(404, "<html>not found</html>"), (401, {"error": {"message": "the model's key not found"}})],
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
        ((200, "<html>"), "not a chat completion: Invalid JSON"),
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
def test_a_server_is_given_the_time_it_asks_for(server, monkeypatch, asked):
    """Unix time was 1,000,000,000 at that date; for the endpoint it is 0.3 s before."""
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 999_999_999.7))
    server.behave = lambda _, before: (
        (200, completion("A")) if before else (429, "", {"Retry-After": asked})
    )
    assert one(endpoint()).text == "A"
    assert 0.3 <= server.times[1] - server.times[0] < 1


def test_waits_double(server):
    """Of 0.02, 0.04, 0.08 s, each by half more or less."""
    server.behave = lambda *_: (500, "")
    one(endpoint(attempts=4, wait_s=0.02))
    waits = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert all(wait >= 0.01 * 2**i for i, wait in enumerate(waits)) and len(waits) == 3


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


def test_the_key_is_nowhere(server, tmp_path):
    server.behave = lambda question, _: (
        (500, f"Bearer {SECRET}") if question == "b" else (200, completion("A"))
    )
    chat = endpoint()
    with ReplyCache(tmp_path / "replies") as kept:
        replies = ask(chat, say("a", "b"), 8, kept=kept)
    assert replies[1].reason == "HTTP 500: Bearer <key>"
    assert SECRET.encode() not in (tmp_path / "replies").read_bytes()
    assert SECRET not in chat.identity + repr(replies) + repr(chat)


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


def test_replies_are_given_as_they_arrive(server):
    """The first conversation is answered only when the second's reply was given on."""
    given = threading.Event()

    def behave(question, _):
        if question == "a":
            given.wait(1)
        return (200, completion(question.upper()))

    server.behave = behave
    order = []
    for index, _ in endpoint().answers(say("a", "b"), 8):
        order.append(index)
        given.set()
    assert order == [1, 0]


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


def test_many_at_once_come_back_in_their_places(server):
    under_way, most = set(), []

    def behave(question, _):
        under_way.add(question)
        time.sleep(0.005 * (int(question) % 3))
        most.append(len(under_way))
        under_way.discard(question)
        return (200, completion(f"reply {question}"))

    server.behave = behave
    replies = ask(endpoint(concurrency=4), say(*map(str, range(60))), 8)
    assert [reply.text for reply in replies] == [f"reply {i}" for i in range(60)]
    assert 2 <= max(most) <= 4


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


def test_failures_that_are_not_in_a_row_do_not_end_a_run(server):
    server.behave = lambda q, _: (500, "") if int(q) % 2 else (200, completion("A"))
    chat = endpoint(concurrency=1, attempts=1, given_up_after=2)
    replies = ask(chat, say(*map(str, range(10))), 8)
    assert [reply.text for reply in replies] == ["A", None] * 5


def test_no_server_at_all_is_an_error_that_names_the_address(server, monkeypatch):
    unused = Server()  # a port of its own, closed again
    unused.server_close()
    monkeypatch.setenv("OPENAI_BASE_URL", unused.url)
    with pytest.raises(UserError) as error:
        ask(endpoint(), say("a", "b"), 8)
    assert str(error.value).startswith(f"OPENAI_BASE_URL {unused.url}: no connection (")


def test_a_server_that_is_gone_after_it_answered_is_not_a_wrong_address(server):
    server.behave = lambda *_: (200, completion("A"), {"Connection": "close"})
    chat = endpoint(attempts=2)
    assert one(chat).text == "A"
    server.shutdown()
    server.server_close()
    gone = one(chat)
    assert gone.text is None and "refused" in gone.reason


@pytest.mark.parametrize("value", [None, " "])
def test_a_missing_variable_is_named(server, monkeypatch, value):
    def unset(name):
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)

    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.example.org/v1")
    unset("OPENAI_API_KEY")
    with pytest.raises(UserError, match="OPENAI_API_KEY is not set"):
        endpoint()
    unset("OPENAI_BASE_URL")
    with pytest.raises(UserError, match="OPENAI_BASE_URL is not set"):
        endpoint()


def test_a_server_on_this_machine_needs_no_key_and_no_proxy(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://localhost:{server.server_port}/v1/")
    assert one(endpoint()).text == "WHO?"
    assert server.requests[0][:2] == ("/v1/chat/completions", None)


@pytest.mark.parametrize(
    "found", [SECRET, "ftp://host/v1", "api.example.org/v1", "https:///v1", "h://["]
)
def test_an_address_that_is_none_is_not_shown(server, monkeypatch, found):
    """It may be the key, in the wrong variable."""
    monkeypatch.setenv("OPENAI_BASE_URL", found)
    with pytest.raises(UserError, match="OPENAI_BASE_URL is not an address") as error:
        endpoint()
    assert found not in str(error.value)


def test_a_key_that_can_not_be_sent_is_not_shown(server, monkeypatch):
    """The HTTP library would repeat it in its own error."""
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET}\nmore")
    with pytest.raises(UserError, match="OPENAI_API_KEY: found characters") as error:
        endpoint()
    assert SECRET not in str(error.value)


def test_passwords_and_queries_of_an_address_are_sent_but_not_recorded(server, monkeypatch):
    address = server.url.replace("http://", f"http://user:{SECRET}@") + "?version=2&code=abc"
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    chat = endpoint()
    assert chat.url == server.url and SECRET not in chat.identity
    assert one(chat).text == "WHO?"
    assert server.requests[0][0] == "/v1/chat/completions?version=2&code=abc"
