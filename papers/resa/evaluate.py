"""Ask one model of ReSA everything and judge its replies one by one.

    python -m papers.resa.evaluate --scale cpu --model SmolLM2-135M --variant resa-sft --seed 0 \\
        --data results/cpu/resa/data --trained results/cpu/resa/models/SmolLM2-135M/resa-sft-s0 \\
        --out results/cpu/resa/scores/SmolLM2-135M/resa-sft-s0.parquet \\
        --record results/cpu/resa/runs/SmolLM2-135M/evaluate-resa-sft-s0.json

Without `--variant`, the model before training. Each row of the result is one prompt, without any
text of prompt or reply:

    dataset, attack, source, prefilled, id, request, kind   which prompt of which set
    well_formed, safe, ...   the flags of `scoring`
    correct                  of benchmarks too
    withheld                 the model before training: the post-hoc filter would withhold the reply
    seconds                  where whole replies are written: the reply's share of the time
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from papers.resa.adaptive import adaptive_rows
from papers.resa.judging import open_guard, open_judges
from papers.resa.post_hoc import PostHocGuard
from papers.resa.reply_format import fake_check
from papers.resa.samples import conversation
from papers.resa.scoring import scores
from papers.resa.settings import BASE, Settings, Variant
from papers.resa.test_sets import FOUR, NONE, harmful, is_measured, of_source
from shared.chat.asking import ask
from shared.chat.cache import ReplyCache
from shared.chat.loading import kept_chat, open_chat
from shared.chat.replies import Chat, Reply
from shared.chat.settings import Asked
from shared.comparison.scores import as_frame, write_scores
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges import harness
from shared.models.loading import is_adapter, model_folder
from shared.models.spec import RandomModel
from shared.workflow.step import Run, step

READS = (
    "model", "system", "wording", "judges", "guard", "adaptive", "harness", "reply_tokens",
    "opening_tokens", "batch_size", "batch_tokens", "variant.style",
    "variant.plain", "variant.prefilled", "variant.four_attacks", "variant.outer",
    "variant.instruction",
)  # fmt: skip

# What the columns of the scores hold
NAMES = ("dataset", "attack", "source", "kind")
NUMBERS = ("reply_tokens", "seconds")
FLAGS = (
    "prefilled", "well_formed", "safe*", "answered*", "correct", "summary_safe", "check_fooled",
    "withheld",
)  # fmt: skip


def evaluate(
    run: Run, data: Path, variant: str = BASE, seed: int = 0, trained: Path | None = None
) -> dict:
    """Ask one model, before or after training, and judge its replies."""
    settings = run.settings
    rows = wanted(read_jsonl(data / "test.jsonl"), run.variant)
    batches = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    chat = open_chat(Asked(model=settings.model), trained=trained, **batches)
    with ExitStack() as stack:
        judges = stack.enter_context(open_judges(settings, run.key))
        run.loaded()
        if settings.adaptive:
            attacker = stack.enter_context(
                kept_chat(settings.adaptive.attacker, f"{run.key}-attacker")
            )
            rows += attacked(rows, chat, attacker, run.variant, settings)
        replies, seconds = answer(chat, rows, run.variant, settings)
        first = next(iter(judges.values()))
        guard = stack.enter_context(open_guard(settings, first, run.key))
        made = scores(rows, replies, run.variant, settings, judges, guard)
        for record, took in zip(made, seconds, strict=True):
            record["seconds"] = took
        if run.variant is None:
            post_hoc = PostHocGuard(read_jsonl(data / "train.jsonl"))
            withheld = post_hoc.withheld([row["prompt"] for row in rows])
            for record, verdict in zip(made, withheld, strict=True):
                record["withheld"] = verdict
        made += harness_rows(settings, trained)
        write_scores(as_frame(made, names=NAMES, flags=FLAGS, numbers=NUMBERS), run.out)
    return {
        "judges": list(judges),
        "prompts": len(rows),
        "malformed": sum(record.get("well_formed") is False for record in made),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "tokens": sum(reply.reply_tokens for reply in replies),
    }


def wanted(rows: Sequence[dict], variant: Variant | None) -> list[dict]:
    """The rows that a model is asked; None: the model before training, which is never prefilled."""
    if not rows:
        raise UserError("test.jsonl: found no row, expected at least one prompt")
    prefilled = variant is not None and variant.prefilled
    only_four = variant is not None and variant.four_attacks
    return [
        row
        for row in rows
        if (prefilled or not row["prefilled"])
        and (not only_four or row["kind"] != "harmful" or row["attack"] in FOUR)
    ]


def attacked(
    rows: Sequence[dict],
    chat: Chat,
    attacker: tuple[Chat, ReplyCache],
    variant: Variant | None,
    settings: Settings,
) -> list[dict]:
    """The prompts of adaptive attacks around the harmful requests of `rows`, and those of the four
    attacks with a fake check behind them for what is prefilled."""
    plain = [row for row in rows if row["kind"] == "harmful" and row["attack"] == NONE]
    plain = [row for row in plain if not row["prefilled"]]
    found = adaptive_rows(plain, chat, *attacker, variant, settings)
    if variant is None or not variant.prefilled:
        return found
    fake = fake_check(settings.wording)
    return found + [
        row
        | harmful(row["attack"], row["source"], prefilled=True).columns()
        | {"prompt": f"{row['prompt']}\n{fake}"}
        for row in found
        if row["attack"] in FOUR
    ]


def answer(
    chat: Chat, rows: Sequence[dict], variant: Variant | None, settings: Settings
) -> tuple[list[Reply], list[float | None]]:
    """Replies, and for sets whose length is measured the seconds that each took."""
    replies: list[Reply | None] = [None] * len(rows)
    seconds: list[float | None] = [None] * len(rows)
    passes: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        passes.setdefault(row["dataset"] if is_measured(row) else "", []).append(place)
    direct = variant is None or variant.style == "direct"
    for name, places in passes.items():
        short = direct and not name
        limit = settings.opening_tokens if short else settings.reply_tokens
        instruction = settings.instruction(variant)
        asked = [conversation(rows[place]["prompt"], instruction) for place in places]
        started = time.perf_counter()
        answers = ask(chat, asked, limit)
        took = (time.perf_counter() - started) / len(places)
        for place, reply in zip(places, answers, strict=True):
            replies[place], seconds[place] = reply, took if name else None
    return replies, seconds


def harness_rows(settings: Settings, trained: Path | None) -> list[dict]:
    """The benchmarks of general ability, question by question."""
    if not settings.harness:
        return []
    if isinstance(settings.model, RandomModel):
        raise UserError("harness: needs a model that has a folder or is on the hub")
    adapter = trained.resolve() if trained and is_adapter(trained) else None
    whole = trained if trained and not adapter else model_folder(settings.model)
    found = harness.answered(
        settings.harness,
        str(whole.resolve()),
        adapter=adapter,
        batch_size=settings.batch_size,
    )
    return [
        {
            **of_source(each.dataset).columns(),
            "id": each.id,
            "request": each.id,
            "kind": "benchmark",
            "correct": each.correct,
        }
        for each in found
    ]


if __name__ == "__main__":
    step(evaluate)
