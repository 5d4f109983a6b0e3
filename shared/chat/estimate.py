"""What asking an endpoint will cost, said before it is asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.chat.replies import Conversation

CHARACTERS_A_TOKEN = 4  # of English text, in the tokenizers of most models
TOKENS_A_PICTURE = 1_600  # of a page: services count some 750 to 1,600


@dataclass(frozen=True)
class Estimate:
    """An upper limit, but for the length of a prompt in tokens, which is a guess (the more so of a
    picture), and for retries.

    `str()` is the line that a step prints.
    """

    calls: int
    prompt_tokens: int  # about
    reply_tokens: int  # at most
    dollars: float | None  # at most; None: no prices given

    def __str__(self) -> str:
        cost = "no prices given" if self.dollars is None else f"at most ${self.dollars:,.2f}"
        return (
            f"{self.calls:,} calls, about {self.prompt_tokens:,} prompt tokens "
            f"({CHARACTERS_A_TOKEN} characters each), at most {self.reply_tokens:,} reply tokens: "
            f"{cost}"
        )


def estimate(
    conversations: Sequence[Conversation],
    max_new_tokens: int,
    prices: tuple[float, float] | None,
) -> Estimate:
    """The cost of asking each conversation once.

    `max_new_tokens` counts thoughts too (`Endpoint.extra_tokens`). `prices` are US dollars per
    million prompt tokens and per million reply tokens.
    """
    parts = [
        part for each in conversations for message in each for part in _parts(message["content"])
    ]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    pictures = len(parts) - len(texts)
    prompt_tokens = math.ceil(sum(map(len, texts)) / CHARACTERS_A_TOKEN)
    prompt_tokens += TOKENS_A_PICTURE * pictures
    reply_tokens = max_new_tokens * len(conversations)
    dollars = None
    if prices:
        dollars = (prompt_tokens * prices[0] + reply_tokens * prices[1]) / 1e6
    return Estimate(len(conversations), prompt_tokens, reply_tokens, dollars)


def _parts(content: str | list[dict]) -> list[dict]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
