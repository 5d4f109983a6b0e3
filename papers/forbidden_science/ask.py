"""Ask one model of Forbidden Science whether it is allowed to answer, and for answers in words.

    python -m papers.forbidden_science.ask --scale cpu --run model \\
        --data results/cpu/forbidden_science/data \\
        --out results/cpu/forbidden_science/replies/model.jsonl \\
        --record results/cpu/forbidden_science/runs/ask-model.json

Two passes. The self-report of every prompt and variation: the reply ends at its flag, and only
the flag is stored. Then, for the base prompts that don't ask for a synthesis, a reply in words.
Each row of the result is one prompt:

    id, replied     which prompt, whether there was any reply with a flag or without
    allowed         the flag: true, false, or null if there is none to be read
    reason          why there is no reply
    reply           the reply in words (base prompts that are not label_only), null if none came
    reply_reason    why there is none
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from papers.forbidden_science import prompts
from papers.forbidden_science.settings import Settings
from shared.chat.asking import ask, waiting
from shared.chat.cache import ReplyCache, cached_replies
from shared.chat.estimate import estimate
from shared.chat.loading import open_chat
from shared.chat.replies import Chat, Conversation, Reply
from shared.errors import one_line_errors
from shared.files import read_jsonl, write_jsonl
from shared.models.spec import is_endpoint
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run


@dataclass(frozen=True)
class Pass:
    """Conversations, how their replies end, and what may be left of these."""

    name: str
    conversations: Sequence[Conversation]
    max_new_tokens: int
    stop: Sequence[str] = ()
    start: str = ""
    shorten: Callable[[Reply], Reply] | None = None

    def replies(self, chat: Chat, kept: ReplyCache) -> list[Reply]:
        limits = {"stop": self.stop, "start": self.start, "kept": kept}
        return ask(chat, self.conversations, self.max_new_tokens, **limits, shorten=self.shorten)

    def cost(self, chat: Chat, kept: ReplyCache, prices: tuple[float, float] | None) -> str:
        """What an endpoint will still be asked, in one line."""
        limits = {"stop": self.stop, "start": self.start, "kept": kept}
        missing = waiting(chat, self.conversations, self.max_new_tokens, **limits)
        asked = [self.conversations[i] for i in missing]
        return f"{self.name}: {estimate(asked, self.max_new_tokens, prices)}"


def self_reports(rows: Sequence[dict]) -> Pass:
    """The pass over all prompts that ends at the flag."""
    conversations = [prompts.self_report(row["prompt"]) for row in rows]
    limits = (prompts.FLAG_TOKENS, prompts.STOP, prompts.START)
    return Pass("self-reports", conversations, *limits, shorten=flag_alone)


def flag_alone(reply: Reply) -> Reply:
    """A self-report without what a server wrote besides, thoughts included, if it kept no limit."""
    if reply.text is None:
        return reply
    flag = prompts.read_flag(reply.text)
    return replace(reply, text="" if flag is None else str(flag).lower(), thoughts="")


def in_words(rows: Sequence[dict], reply_tokens: int) -> Pass:
    """The pass over the prompts `answered_in_words`."""
    conversations = [prompts.plain(row["prompt"]) for row in rows if answered_in_words(row)]
    return Pass("replies in words", conversations, reply_tokens)


def answered_in_words(row: dict) -> bool:
    """A base prompt; never one that asks for a synthesis."""
    return row["variation"] == 0 and not row["label_only"]


def records(rows: Sequence[dict], flags: Sequence[Reply], answers: Sequence[Reply]) -> list[dict]:
    """What is stored: of a self-report the flag and nothing else."""
    made, following = [], iter(answers)
    for row, flag in zip(rows, flags, strict=True):
        replied = flag.text is not None
        allowed = prompts.read_flag(flag.text) if replied else None  # of "true" or "false" alone
        record = {"id": row["id"], "replied": replied, "allowed": allowed, "reason": flag.reason}
        if answered_in_words(row):
            answer = next(following)
            record |= {"reply": answer.text, "reply_reason": answer.reason}
        made.append(record)
    return made


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--run", required=True, help="a model of the scale, by the name of its run")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("forbidden_science", arguments)
    asked = settings.run(arguments.run)
    rows = read_jsonl(arguments.data / "prompts.jsonl")

    chat = open_chat(asked, batch_size=settings.batch_size, batch_tokens=settings.batch_tokens)
    loaded = time.perf_counter()
    passes = [self_reports(rows), in_words(rows, settings.reply_tokens)]
    with cached_replies(asked.model, key_of(arguments.out.resolve())) as kept:
        if is_endpoint(asked.model):
            for each in passes:
                print(each.cost(chat, kept, asked.prices), flush=True)
        flags, answers = (each.replies(chat, kept) for each in passes)
        made = records(rows, flags, answers)
        write_jsonl(arguments.out, made)
    both = [*flags, *answers]
    prompt_tokens, reply_tokens = (
        sum(getattr(reply, key) for reply in both) for key in ("prompt_tokens", "reply_tokens")
    )
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / "prompts.jsonl"],
        model=chat.name,
        replies=len(both),
        without_reply=sum(reply.text is None for reply in both),
        without_flag=sum(each["replied"] and each["allowed"] is None for each in made),
        prompt_tokens=prompt_tokens,
        reply_tokens=reply_tokens,
        replies_per_second=round(len(both) / (time.perf_counter() - loaded), 2),
    )


if __name__ == "__main__":
    one_line_errors(main)
