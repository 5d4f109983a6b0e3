"""Services that go away, change or retire in the middle of a run, and no network at all."""

import sqlite3

import pytest

from shared.chat.asking import ask, waiting
from shared.chat.cache import ReplyCache
from shared.data.fetch import hub as door
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from tests.hub import TOKEN, Served
from tests.shared.chat.conftest import completion, endpoint, say
from tests.shared.chat.conftest import server as server  # a fixture

FILES = {"config.json": b"{}\n", "model.safetensors": bytes(200_000), "tokenizer.json": b"[1]\n"}
REVISION = Served({}).revision
MODEL = Repository("model", "org/model", REVISION)
QUESTIONS = say(*(f"q{number}" for number in range(9)))
REPLIES = [f"Q{number}" for number in range(9)]
RETIRED = (404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}})


def answered(question):
    return (200, completion(question.upper()))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RETIRED, "HTTP 404: The model `m` does not exist"),
        ((401, {"error": {"message": "the key was withdrawn"}}), "HTTP 401: the key was"),
        ((429, "quota", {"Retry-After": "86400"}), "it asks to wait 86,400 s"),
        ((402, {"error": {"message": "no credit"}}), "HTTP 402: no credit"),
        (None, "4 conversations in a row came back with nothing"),
        ((200, completion(None, "length")), None),
        ((200, '{"choices": [{"mess'), "4 conversations in a row came back with nothing"),
    ],
    ids=["retired", "key", "quota", "credit", "cut off", "thinks", "half a reply"],
)
def test_what_was_paid_for_before_is_kept_and_not_asked_again(server, tmp_path, answer, said):
    """Four of nine are answered; then the service fails in one of its ways, and comes back."""
    server.behave = lambda q, _: answered(q) if int(q[1:]) < 4 else answer
    chat = endpoint(concurrency=1, attempts=2, given_up_after=4)
    with ReplyCache(tmp_path / "replies") as kept:
        if said:
            with pytest.raises(UserError, match=said) as error:
                ask(chat, QUESTIONS, 8, kept=kept)
            assert "\n" not in str(error.value)
            assert waiting(chat, QUESTIONS, 8, kept=kept) == [4, 5, 6, 7, 8]
        else:  # thoughts that the limit ends: paid for, so kept, and never taken for an answer
            with pytest.raises(UserError, match="5 of 9 replies were cut off before an answer"):
                ask(chat, QUESTIONS, 8, kept=kept)
            return
    server.asked.clear()
    server.behave = lambda q, _: answered(q)
    with ReplyCache(tmp_path / "replies") as kept:
        replies = ask(endpoint(), QUESTIONS, 8, kept=kept)
    assert [reply.text for reply in replies] == REPLIES
    assert sorted(server.asked) == [f"q{number}" for number in range(4, 9)]


def test_a_model_that_retires_in_the_middle_keeps_its_replies(server, tmp_path):
    server.behave = lambda q, _: answered(q) if int(q[1:]) < 4 else RETIRED
    with ReplyCache(tmp_path / "replies") as kept:
        chat = endpoint(may_be_gone=True, concurrency=1)
        replies = ask(chat, QUESTIONS, 8, kept=kept)
        assert [reply.text for reply in replies] == [*REPLIES[:4], *[None] * 5]
        assert waiting(chat, QUESTIONS, 8, kept=kept) == [4, 5, 6, 7, 8]


def test_replies_that_can_not_be_kept_are_not_paid_for(server, tmp_path, monkeypatch):
    """A file that may be read and not written is told before the first question."""
    path = tmp_path / "replies"
    with ReplyCache(path) as kept:
        ask(endpoint(), QUESTIONS[:1], 8, kept=kept)
    server.asked.clear()
    monkeypatch.setattr("shared.chat.cache.sqlite3.connect", read_only(path))
    with (
        pytest.raises(UserError, match=f"{path}: attempt to write a readonly database"),
        ReplyCache(path) as kept,
    ):
        ask(endpoint(), QUESTIONS, 8, kept=kept)
    assert server.asked == []


def read_only(path):
    """Opens a file of replies as one finds it that may not be written; root may write any."""
    connect = sqlite3.connect
    return lambda _, **how: connect(f"file:{path}?mode=ro", uri=True, **how)


@pytest.fixture
def served(hub):
    hub.repositories["models/org/model"] = Served(dict(FILES))
    return hub.repositories["models/org/model"]


def fails(saying):
    with pytest.raises(UserError, match=saying) as error:
        door.fetch(MODEL)
    assert "\n" not in str(error.value)


def test_a_repository_that_becomes_gated_keeps_what_came_before(hub, served, monkeypatch):
    """Weights come whole, then the next file is refused; with a token the rest comes alone."""
    served.wrong["tokenizer.json"] = b"[2]\n"
    fails("tokenizer.json: git's blob id is")
    served.wrong.clear()
    served.gated = True
    fails("gated; accept its licence")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.asked.clear()
    assert set(door.fetch(MODEL).files) == set(FILES)
    assert hub.ranges("model.safetensors") == []


def test_a_repository_whose_revision_was_moved_is_refused(hub, served):
    served.revision = "f" * 40
    fails(f"has no revision {REVISION}")


def test_a_repository_that_has_lost_its_weights_is_refused(hub, served):
    del (
        served.files["model.safetensors"],
        served.files["config.json"],
        served.files["tokenizer.json"],
    )
    fails("holds no weights")


def test_a_repository_that_goes_after_it_was_fetched_is_not_asked(hub, served):
    folder = door.fetch(MODEL).folder
    del hub.repositories["models/org/model"]
    assert door.local_folder(MODEL) == folder
    hub.close()
    assert door.local_folder(MODEL) == folder
