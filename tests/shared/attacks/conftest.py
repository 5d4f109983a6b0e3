"""Chat models that say what a test tells them to."""

from collections.abc import Callable
from itertools import count

import pytest

from shared.attacks.asking import Asker
from shared.chat.cache import ReplyCache
from shared.chat.replies import Reply


class Scripted:
    """A chat model whose replies are a function of the conversation; `asked` keeps what it got."""

    name = identity = "scripted"

    def __init__(self, reply: Callable[[list], str | None]):
        self.reply, self.asked = reply, []

    def answers(self, conversations, max_new_tokens, *, stop=(), start=""):
        for place, conversation in enumerate(conversations):
            self.asked.append(list(conversation))
            yield place, Reply(self.reply(conversation))


@pytest.fixture
def scripted(tmp_path):
    """(model, asker) of a function of the conversation."""
    numbers = count()

    def make(reply):
        chat = Scripted(reply)
        return chat, Asker(chat, 8, ReplyCache(tmp_path / f"{next(numbers)}.sqlite"))

    return make
