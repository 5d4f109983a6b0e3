"""What a chat model is asked and what it says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

# {"role": "system" | "user" | "assistant", "content": text}; of a message with a picture the
# content is a list of parts (`shared.chat.pictures`)
Message = dict[str, str | list[dict]]
Conversation = Sequence[Message]

GOES_ON = "what was answered is kept, and the next run goes on from there"
UNBEGUN = "cut off by the limit of tokens before its answer began"
_THOUGHTS = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Reply:
    """One reply. `text` is None where there is none (a time-out, garbage, thoughts that used up
    its tokens): it is unscored."""

    text: str | None
    reason: str = ""  # why there is no text
    thoughts: str = ""  # what a thinking model wrote before it answered; never part of `text`
    prompt_tokens: int = 0
    reply_tokens: int = 0  # of text and thoughts
    cut_off: bool = False  # ended by our limit of tokens (`finish_reason` "length")


def finished(
    text: str, thoughts: str, prompt_tokens: int, reply_tokens: int, cut_off: bool
) -> Reply:
    """A reply that came. One that was cut off before its first word answers nothing: it has no
    text, so that no scorer takes the silence for an answer."""
    counted = (thoughts, prompt_tokens, reply_tokens, cut_off)
    return Reply(text, "", *counted) if text or not cut_off else Reply(None, UNBEGUN, *counted)


@dataclass(frozen=True)
class Drawing:
    """How replies are drawn, where they are not greedy.

    seeds: integers for each conversation (seed, example, sample): the same reply is drawn again,
    whatever else is asked beside it, by the same engine.
    """

    temperature: float
    seeds: Sequence[Sequence[int]]
    top_p: float = 1.0


class Chat(Protocol):
    """A model that answers conversations greedily (temperature 0)."""

    name: str  # display name of the model
    identity: str  # what a reply depends on besides its conversation and the arguments below
    extra_tokens: int  # that it may think before it replies

    def answers(
        self,
        conversations: Sequence[Conversation],
        max_new_tokens: int,
        *,
        stop: Sequence[str] = (),
        start: str = "",
    ) -> Iterator[tuple[int, Reply]]:
        """(index of the conversation, reply), in any order, each as soon as it is there.

        A string of `stop` ends a reply and is not part of its text. `start` is what the reply is
        made to begin with, and part of its text, where the model can be made to; an endpoint
        can't.
        """
        ...


def split_thoughts(text: str) -> tuple[str, str]:
    """A reply without its <think>…</think>, and the thoughts.

    A <think> that is never closed (the tokens ran out) is all thoughts. A </think> without its
    <think> closes one that the chat template opened: all before it is thoughts.
    """
    if "</think>" in text.partition("<think>")[0]:
        text = f"<think>{text}"
    thoughts = _THOUGHTS.findall(text)
    if not thoughts:
        return text, ""
    return _THOUGHTS.sub("", text).strip(), "\n".join(map(str.strip, thoughts)).strip()
