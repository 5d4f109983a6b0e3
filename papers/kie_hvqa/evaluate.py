"""Ask one variant of the model about every test row, and score what it says.

Writes the scores of `papers.kie_hvqa.scoring`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from transformers import PreTrainedModel, ProcessorMixin

from papers.kie_hvqa.parts import picture, read_tests
from papers.kie_hvqa.reading import asked, open_model
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import Settings
from shared.chat import asking
from shared.chat.loading import kept_chat, opening
from shared.chat.pictures import about_picture
from shared.comparison.scores import write_scores
from shared.generation.prompts import in_order
from shared.generation.vision_language import decode_with_pictures
from shared.models.images import OnDemand, see
from shared.models.loading import load
from shared.models.spec import is_endpoint
from shared.runner.step import Run, step
from shared.training.vision_language import prompted

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
    rows = read_tests(data)
    if is_endpoint(run.settings.model) or run.settings.engine == "vllm":
        replies, tokens = ask_chat(rows, run, trained)
    else:
        model, processor = open_model(
            run.settings, trained, partial(load, precision=run.settings.precision)
        )
        if features:
            processor.tower.remember(features)
        run.loaded()
        replies, tokens = ask(rows, model, processor, run.settings)
    found = scores(rows, replies)
    write_scores(found, run.out)
    return {"replies": len(found), "unreadable": int((~found["valid"]).sum()), "tokens": tokens}


def ask(
    rows: Sequence[dict], model: PreTrainedModel, processor: ProcessorMixin, settings: Settings
) -> tuple[list[str], int]:
    """The greedy reply to each row, and the tokens written for all of them."""
    prompts = OnDemand(
        rows, lambda row: prompted(processor, asked(row, settings), see(processor, picture(row)))
    )
    decoded = decode_with_pictures(
        model,
        prompts,
        settings.answer_tokens,
        {processor.tokenizer.eos_token_id},
        batch_size=settings.batch_size,
        batch_tokens=settings.batch_tokens,
    )
    written = in_order((batch, made.ids) for batch, made in decoded)
    replies = processor.tokenizer.batch_decode(written, skip_special_tokens=True)
    return replies, sum(map(len, written))


def ask_chat(
    rows: Sequence[dict], run: Run, trained: Path | None = None
) -> tuple[list[str | None], int]:
    """The same of a model in vLLM or behind an endpoint, which is shown the picture file; what an
    endpoint costs is said before."""
    settings, limit = run.settings, run.settings.answer_tokens
    questions = [[about_picture(row["image"], asked(row, settings))] for row in rows]
    how = {"trained": trained, **opening(settings)}
    with kept_chat(settings.asked(), run.key, **how) as (chat, kept):
        run.loaded()
        if is_endpoint(settings.model):
            cost = asking.remaining_cost(chat, questions, limit, settings.prices, kept=kept)
            print(f"{chat.name}: {cost}", flush=True)
        replies = asking.ask(chat, questions, limit, kept=kept)
    return [reply.text for reply in replies], sum(reply.reply_tokens for reply in replies)


if __name__ == "__main__":
    step(evaluate)
