"""The scripted endpoint, asked by the client that asks real ones."""

import pytest

from shared.chat.calls import endpoints
from shared.chat.endpoint import Endpoint as Client
from shared.errors import UserError
from shared.judges.guard import Guard
from shared.judges.llm import LLMJudge
from shared.planning.rehearsal.endpoint import RETIRED, Endpoint, _scripts
from shared.settings import load_models, paper_ids


@pytest.fixture(scope="module")
def endpoint():
    server = Endpoint()
    yield server
    server.shutdown()


@pytest.fixture
def client(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", "rehearsal")
    return lambda model, **more: Client(model, wait_s=0.01, **more)


def asked(count):
    return [[{"role": "user", "content": f"How old is bridge {n}?"}] for n in range(count)]


def test_every_request_is_answered_in_the_end(client):
    """Of 60 requests about 9 are turned away first, and 12 answers begin with thoughts."""
    replies = [reply for _, reply in client("gpt-4o").answers(asked(60), 20)]
    assert len(replies) == 60 and all(reply.text for reply in replies)
    assert any(reply.thoughts for reply in replies)
    assert not any("<think>" in reply.text for reply in replies)
    assert len({reply.text for reply in replies}) > 1


def test_the_same_request_gets_the_same_answer(client):
    one, two = (dict(client("gpt-4o").answers(asked(9), 20)) for _ in range(2))
    assert [one[n].text for n in range(9)] == [two[n].text for n in range(9)]


def test_some_models_refuse_fields_and_are_asked_without(client, capsys):
    """Of a user's own field that is refused a run ends."""
    ((_, reply),) = client("openai/o3").answers(asked(1), 20)
    assert reply.text
    said = capsys.readouterr().err
    assert "takes no max_tokens" in said and "takes no temperature" in said
    with pytest.raises(UserError, match="HTTP 400: Unsupported parameter: 'max_tokens'"):
        list(client("openai/o3", body={"max_tokens": 20}).answers(asked(1), 20))


def test_a_guard_is_known_by_its_name(client):
    """What it is asked is a reply, and holds no question."""
    guard = Guard(client("meta-llama/llama-guard-3-8b"))
    verdicts = guard.verdicts(["How are you?"] * 30, list("abcdefghij" * 3))
    assert {verdict.safe for verdict in verdicts} == {True, False}


def test_it_answers_a_judge_with_one_of_its_classes(client):
    verdicts = LLMJudge(client("gpt-4o")).refusals(["How are you?"] * 30, list("abcdefghij" * 3))
    assert set(verdicts) == {True, False}


def test_every_reply_is_text():
    """YAML takes `Answer: 4` for something else, and the client would ask again and again."""
    replies = [reply for *_, own in _scripts() for reply in own]
    assert replies and all(isinstance(reply, str) for reply in replies)


def test_thoughts_that_were_asked_for_are_given_apart(client):
    body = {"reasoning": {"max_tokens": 16000}}
    replies = [reply for _, reply in client("maker/thinks", body=body).answers(asked(20), 20)]
    assert all(reply.thoughts for reply in replies)
    assert len({reply.thoughts for reply in replies}) > 1


def test_a_model_is_retired(client):
    replies = dict(client(RETIRED[0], may_be_gone=True).answers(asked(9), 20))
    assert len(replies) == 9 and not any(reply.text for reply in replies.values())
    with pytest.raises(UserError, match=f"HTTP 404: No endpoints found for {RETIRED[0]}"):
        list(client(RETIRED[0]).answers(asked(1), 20))


def test_what_is_retired_is_a_model_that_may_be_gone_and_nothing_else_is():
    """So that no other paper's walk loses a model."""
    asked_for = {}
    for settings in (each for paper in paper_ids() for each in load_models(paper, "paper")):
        gone = getattr(settings, "may_be_gone", False)
        for name in endpoints(settings.model_dump_json()):
            asked_for.setdefault(name, set()).add(gone)
    assert all(asked_for[name] == {True} for name in RETIRED)
