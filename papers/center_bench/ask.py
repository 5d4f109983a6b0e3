"""Ask one model the questions of CenterBench that a scale asks, thinking or not.

One question a conversation. Each row of the result is one question:

    id                which question
    prediction        the reply without thoughts, null if none came
    reason            why none came
    thoughts_words    words of its thoughts
    reply_tokens      tokens of reply and thoughts
    cut_off           whether the limit of tokens ended it
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from papers.center_bench.asked import asked_questions
from papers.center_bench.prompts import conversation
from shared.chat import asking
from shared.chat.loading import kept_chat, opening
from shared.chat.replies import Chat, Conversation, Reply
from shared.chat.settings import Asked
from shared.comparison.scores import write_scores
from shared.models.spec import is_endpoint
from shared.runner.step import Run, step

READS = (
    "model", "engine", "prices", "most_dollars", "may_be_gone", "asked",
    "max_new_tokens", "thinking_tokens", "batch_size", "batch_tokens", "precision",
    "variant.model", "variant.thinking", "variant.body", "variant.prices",
)  # fmt: skip


def ask(run: Run, data: Path, variant: str, seed: int = 0, trained: Path | None = None) -> dict:
    """Ask one model in one of its ways; what asking an endpoint costs is said before."""
    settings, asked = run.settings, run.settings.asked_as(run.variant, trained)
    questions = asked_questions(data, settings.questions)
    conversations = [conversation(question, settings.small) for question in questions]
    with kept_chat(asked, run.key, **opening(settings)) as (chat, kept):
        run.loaded()
        how = {"stop": stops(asked), "kept": kept}
        if is_endpoint(asked.model):
            limit = settings.max_new_tokens
            cost = asking.remaining_cost(chat, conversations, limit, asked.prices, **how)
            print(f"{chat.name}: {cost}", flush=True)
        if settings.small:
            replies = of_reader(chat, conversations, settings.max_new_tokens)
        else:
            replies = asking.ask(chat, conversations, settings.max_new_tokens, **how)
        write_scores(table(questions, replies), run.out)
    return {
        "replies": len(replies),
        "without_reply": sum(reply.text is None for reply in replies),
        "cut_off": sum(reply.cut_off for reply in replies),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "tokens": sum(reply.reply_tokens for reply in replies),
    }


def of_reader(chat: Chat, conversations: Sequence[Conversation], limit: int) -> list[Reply]:
    """The replies of a small reader. It has room for more than any right thoughts: where they do
    not end, it has no answer, which is its failure and not our limit's."""
    replies = dict(chat.answers(conversations, limit))
    ordered = (replies[number] for number in range(len(conversations)))
    return [replace(reply, text=reply.text or "") for reply in ordered]


def stops(asked: Asked) -> tuple[str, ...]:
    """A model that runs here ends at its first line, which is all that is scored: small ones go
    on. A thinking model writes its thoughts first; an endpoint is asked as the paper asked."""
    return () if asked.thinking or is_endpoint(asked.model) else ("\n",)


def table(questions: Sequence[Mapping], replies: Sequence[Reply]) -> pd.DataFrame:
    """The rows of the result."""
    frame = pd.DataFrame(
        {
            "id": [question["id"] for question in questions],
            "prediction": [reply.text for reply in replies],
            "reason": [reply.reason for reply in replies],
            "thoughts_words": [len(reply.thoughts.split()) for reply in replies],
            "reply_tokens": [reply.reply_tokens for reply in replies],
            "cut_off": [reply.cut_off for reply in replies],
        }
    )
    return frame.astype(
        dict.fromkeys(("id", "prediction", "reason"), "string")
        | dict.fromkeys(("thoughts_words", "reply_tokens"), "Int32")
    )


if __name__ == "__main__":
    step(ask)
