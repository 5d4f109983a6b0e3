"""What an endpoint is asked, and the ways in which it answers."""

import base64
import io
import threading
import time

import pytest
from PIL import Image

from shared.chat.asking import ask
from shared.chat.endpoint import Endpoint
from shared.chat.pictures import about_picture
from shared.chat.replies import UNBEGUN, Reply
from shared.errors import UserError
from tests.shared.chat.conftest import SECRET, completion, endpoint, one, say


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
    assert endpoint(concurrency=2).identity == endpoint().identity


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
