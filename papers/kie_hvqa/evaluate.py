"""Ask one variant of the model about every test row, and score what it says.

Writes the scores of `papers.kie_hvqa.scoring`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from papers.kie_hvqa.parts import read_tests
from papers.kie_hvqa.reading import asked, open_model
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import Settings
from shared.chat import asking
from shared.chat.cache import ReplyCache
from shared.chat.loading import kept_chat, opening
from shared.chat.local import LocalChat
from shared.chat.pictures import about_picture
from shared.chat.replies import Chat, Reply
from shared.comparison.scores import write_scores
from shared.models.loading import load
from shared.models.spec import is_endpoint
from shared.runner.step import Run, step

READS = (
    "model", "engine", "thinking", "thinking_tokens", "body", "prices", "most_dollars",
    "may_be_gone", "prompt",
    "answer_tokens", "batch_size", "batch_tokens", "precision",
)  # fmt: skip


def evaluate(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    trained: Path | None = None,
    features: Path | None = None,
) -> dict:
    """Ask one variant about every test row. trained: its weights; None: the model as it is.
    features: of the lines, for a small model."""
    settings = run.settings
    rows = read_tests(data)
    with opened(run, trained, features) as (chat, kept):
        run.loaded()
        replies = ask(rows, chat, settings, kept)
    found = scores(rows, [reply.text for reply in replies])
    write_scores(found, run.out)
    tokens = sum(reply.reply_tokens for reply in replies)
    return {"replies": len(found), "unreadable": int((~found["valid"]).sum()), "tokens": tokens}


@contextmanager
def opened(
    run: Run, trained: Path | None, features: Path | None
) -> Iterator[tuple[Chat, ReplyCache | None]]:
    """The model, and where its replies are kept; those of a small one take seconds. Thoughts are a
    part of the form that is taught."""
    settings = run.settings
    sizes = opening(settings) | {"whole": True}
    if settings.small:
        read = partial(load, precision=sizes.pop("precision"))
        model, processor = open_model(settings, trained, read)
        if features:
            processor.tower.remember(features)
        named = {"name": settings.model.name, "identity": f"{trained}", "processor": processor}
        yield LocalChat(model, processor.tokenizer, **named, **sizes), None
    else:
        with kept_chat(settings.asked(), run.key, trained=trained, **sizes) as found:
            yield found


def ask(
    rows: Sequence[dict], chat: Chat, settings: Settings, kept: ReplyCache | None = None
) -> list[Reply]:
    """The greedy reply to each row, whose picture file is shown; what an endpoint costs is said
    before."""
    limit = settings.answer_tokens
    questions = [[about_picture(row["image"], asked(row, settings))] for row in rows]
    if is_endpoint(settings.model):
        cost = asking.remaining_cost(chat, questions, limit, settings.prices, kept=kept)
        print(f"{chat.name}: {cost}", flush=True)
    return asking.ask(chat, questions, limit, kept=kept)


if __name__ == "__main__":
    step(evaluate)
