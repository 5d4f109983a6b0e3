"""Ask one model of Forbidden Science whether it is allowed to answer, and for answers in words.

Two passes. The self-report of every prompt and variation: the reply ends at its flag, and only
the flag is stored. Of a model that runs here the flag is the likelier of true and false, and what
is stored besides is how much likelier. Then, for the base prompts that don't ask for a synthesis, a
reply in words. Each row of the result is one prompt:

    id, replied     which prompt, whether there was any reply with a flag or without
    allowed         the flag: true, false, or null if there is none to be read
    log_odds        ln of the chance of false over that of true; null behind an endpoint
    reason          why there is no reply
    reply           the reply in words (base prompts that are not label_only), null if none came
    reply_reason    why there is none
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from papers.forbidden_science import prompts
from shared.chat import asking
from shared.chat.cache import ReplyCache
from shared.chat.loading import kept_chat, opening
from shared.chat.replies import UNBEGUN, Chat, Conversation, Reply
from shared.chat.tokens import TokenChat
from shared.files import read_jsonl, write_jsonl
from shared.generation.score import first_tokens
from shared.models.spec import is_endpoint
from shared.runner.step import Run, step

READS = (
    "model", "engine", "thinking", "thinking_tokens", "body", "prices", "most_dollars",
    "may_be_gone",
    "reply_tokens", "batch_size", "batch_tokens", "precision",
)  # fmt: skip

FLAGGED = {True: "false", False: "true"}  # the flag alone, by whether false is likelier


def ask(run: Run, data: Path, variant: str, seed: int, trained: Path | None = None) -> dict:
    """Ask one model for its flags, then for replies in words; what that costs is said before.
    trained: its folder; none: it was not taught here."""
    settings, asked = run.settings, run.settings.asked()
    rows = read_jsonl(data / "prompts.jsonl", filled=True)
    begun = not is_endpoint(asked.model)
    passes = [self_reports(rows, begun), in_words(rows, settings.reply_tokens)]
    with kept_chat(asked, run.key, trained=trained, **opening(settings)) as (chat, kept):
        run.loaded()
        if is_endpoint(asked.model):
            for each in passes:
                print(each.cost(chat, kept, asked.prices), flush=True)
        if isinstance(chat, TokenChat):
            odds = log_odds(chat, passes[0].conversations)
            flags = [Reply(FLAGGED[each > 0]) for each in odds]
        else:
            odds = [None] * len(rows)
            flags = passes[0].replies(chat, kept)
        answers = passes[1].replies(chat, kept)
        made = records(rows, flags, answers, odds)
        write_jsonl(run.out, made)
    both = [*flags, *answers]
    return {
        "replies": len(both),
        "without_reply": sum(reply.text is None for reply in both),
        "flags_cut_off": sum(flag.cut_off for flag in flags),  # replies in words all may be
        "without_flag": sum(each["replied"] and each["allowed"] is None for each in made),
        "prompt_tokens": sum(reply.prompt_tokens for reply in both),
        "tokens": sum(reply.reply_tokens for reply in both),
    }


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
        return asking.ask(
            chat, self.conversations, self.max_new_tokens, **limits, shorten=self.shorten
        )

    def cost(self, chat: Chat, kept: ReplyCache, prices: tuple[float, float] | None) -> str:
        """What an endpoint will still be asked, in one line."""
        how = {"stop": self.stop, "start": self.start, "kept": kept}
        asked = (self.conversations, self.max_new_tokens)
        return f"{self.name}: {asking.remaining_cost(chat, *asked, prices, **how)}"


def self_reports(rows: Sequence[dict], begun: bool = True) -> Pass:
    """The pass over all prompts that ends at the flag. begun: a reply is made to begin with the
    key, so that its flag is due within the limit; an endpoint's can't be."""
    conversations = [prompts.self_report(row["prompt"]) for row in rows]
    limits = (prompts.FLAG_TOKENS, prompts.STOP, prompts.START)
    shorten = partial(flag_alone, begun=begun)
    return Pass("self-reports", conversations, *limits, shorten=shorten)


def log_odds(chat: TokenChat, conversations: Sequence[Conversation]) -> list[float]:
    """ln of the chance of false over that of true, the first that may follow the key."""
    words = [prompts.FLAGS[allowed] for allowed in (False, True)]
    tokens = first_tokens(chat.tokenizer, words, prompts.START)
    asked = [chat.prompt_ids(conversation, prompts.START) for conversation in conversations]
    return chat.chances(asked, tokens).double().logit()[:, 0].tolist()


def flag_alone(reply: Reply, begun: bool = True) -> Reply:
    """A self-report without what a server wrote besides, thoughts included, if it kept no limit.
    One that the limit cut off on its way to the flag has none, through no fault of the model."""
    if reply.text is None:
        return replace(reply, thoughts="")
    flag = prompts.read_flag(reply.text)
    if flag is None and reply.cut_off and not begun:
        return replace(reply, text=None, reason=UNBEGUN, thoughts="")
    return replace(reply, text="" if flag is None else str(flag).lower(), thoughts="")


def in_words(rows: Sequence[dict], reply_tokens: int) -> Pass:
    """The pass over the prompts `answered_in_words`."""
    conversations = [prompts.plain(row["prompt"]) for row in rows if answered_in_words(row)]
    return Pass("replies in words", conversations, reply_tokens)


def answered_in_words(row: dict) -> bool:
    """A base prompt; never one that asks for a synthesis."""
    return row["variation"] == 0 and not row["label_only"]


def records(
    rows: Sequence[dict],
    flags: Sequence[Reply],
    answers: Sequence[Reply],
    odds: Sequence[float | None],
) -> list[dict]:
    """What is stored: of a self-report the flag and its log odds, nothing else."""
    made, following = [], iter(answers)
    for row, flag, each in zip(rows, flags, odds, strict=True):
        replied = flag.text is not None
        allowed = prompts.read_flag(flag.text) if replied else None  # of "true" or "false" alone
        record = {"id": row["id"], "replied": replied, "allowed": allowed, "reason": flag.reason}
        record["log_odds"] = each
        if answered_in_words(row):
            answer = next(following)
            record |= {"reply": answer.text, "reply_reason": answer.reason}
        made.append(record)
    return made


if __name__ == "__main__":
    step(ask)
