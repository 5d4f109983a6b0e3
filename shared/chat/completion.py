"""What a chat endpoint sends, and the reply in it."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, Field

from shared.chat.replies import Reply, finished, split_thoughts

WITHHELD = "withheld by the endpoint's content filter"


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(BaseModel):
    """What we read of the API's "chat completion object"."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None

    def reply(self, stop: Sequence[str]) -> Reply | None:
        """None if there is nothing to read in it. A model that used up its tokens on thoughts,
        shown or not, is cut off."""
        choice, usage = self.choices[0], self.usage or _Usage()
        message = choice.message
        text, thoughts = split_thoughts(message.content or message.refusal or "")
        thoughts = message.reasoning_content or message.reasoning or thoughts
        if not text and choice.finish_reason == "content_filter":
            return Reply(None, WITHHELD)
        cut_off = choice.finish_reason == "length"
        if message.content is None and not (text or thoughts or cut_off):
            return None
        counted = (usage.prompt_tokens or 0, usage.completion_tokens or 0)
        reply = finished(text, thoughts, *counted, cut_off)
        for end in stop if reply.text else ():
            reply = replace(reply, text=reply.text.partition(end)[0])
        return reply
