"""The address and the key of an endpoint, neither shown where it could be a secret."""

import pytest

from shared.chat.asking import ask
from shared.chat.cache import ReplyCache
from shared.errors import UserError
from tests.shared.chat.conftest import SECRET, Server, completion, endpoint, one, say


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


def test_no_server_at_all_is_an_error_that_names_the_address(server, monkeypatch):
    unused = Server()  # a port of its own, closed again
    unused.server_close()
    monkeypatch.setenv("OPENAI_BASE_URL", unused.url)
    with pytest.raises(UserError) as error:
        ask(endpoint(), say("a", "b"), 8)
    assert str(error.value).startswith(f"OPENAI_BASE_URL {unused.url}: no connection (")


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
