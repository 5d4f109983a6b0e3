"""Ask one model of ReSA everything and judge its replies one by one.

`--variant base`, without `--trained`, is the model before training. Each row of the result is one
prompt, without any text of prompt or reply:

    dataset, attack, source, prefilled, id, request, kind   which prompt of which set
    well_formed, safe, ...   the flags of `scoring`
    withheld                 the model before training: the post-hoc filter would withhold the reply
    withheld_<name>          the same of a further filter
    cut_off                  the limit ended the reply; missing where only its beginning is asked
    reply_tokens, seconds    where the length is measured: it, and the reply's share of the time
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from papers.resa import guards
from papers.resa.adaptive import adaptive_rows
from papers.resa.evaluation_settings import PromptFile
from papers.resa.judging import GuardJudge, find_harm_judges, harm_judges, open_guard, open_judges
from papers.resa.post_hoc import PostHocGuard
from papers.resa.samples import conversation
from papers.resa.scoring import scores
from papers.resa.settings import Settings, Variant
from papers.resa.test_prompts import read_templates
from papers.resa.test_sets import NONE, is_measured
from shared.chat.asking import ask
from shared.chat.cache import cached_replies
from shared.chat.loading import end, kept_chat, open_chat, opening
from shared.chat.replies import Chat, Reply
from shared.comparison.scores import as_frame, write_scores
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges.programs import sandbox
from shared.models.spec import made_in
from shared.runner.step import Run, step

READS = (
    "model", "engine", "thinking", "thinking_tokens", "body", "prices", "most_dollars",
    "may_be_gone", "system", "wording", "judges", "guard", "strongreject", "harmbench",
    "adaptive", "reply_tokens", "whole_tokens", "opening_tokens", "batch_size", "batch_tokens",
    "precision",
    "sources", "abilities", "mirror",
    "variant.style", "variant.plain", "variant.prefilled", "variant.attacks", "variant.sources",
    "variant.kinds", "variant.outer", "variant.instruction", "variant.weights", "filters",
    "readable_filters",
)  # fmt: skip

# What the columns of the scores hold
NAMES = ("dataset", "attack", "source", "kind")
NUMBERS = ("reply_tokens", "seconds", "goodness", "summary_goodness")
FLAGS = (
    "prefilled", "well_formed", "safe*", "answered*", "correct", "summary_safe", "check_fooled",
    "cut_off", "withheld*",
)  # fmt: skip


def evaluate(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    trained: Path | None = None,
    pretrained: Path | None = None,
) -> dict:
    """Ask one model, before or after training, and judge its replies. pretrained: the folder of a
    model that is made here."""
    settings = run.settings
    rows = wanted(read_jsonl(data / "test.jsonl", filled=True), run.variant, settings)
    find_harm_judges(settings)
    if any(row["dataset"] == "HumanEval" for row in rows):
        sandbox()
    weights = (run.variant and run.variant.weights) or made_in(pretrained, settings.model)
    asked = settings.asked(weights)
    checks = settings.worded(run.variant).outer == "think"  # what it thinks is its check
    chat = open_chat(asked, trained=trained, whole=checks, **opening(settings))
    with ExitStack() as stack:
        judges = stack.enter_context(open_judges(settings, run.key))
        run.loaded()
        if settings.adaptive:
            rows += attacked(rows, chat, stack, run, settings)
        replies, measured = answer(chat, rows, run.variant, settings)
        first = next(iter(judges.values()))
        guard = stack.enter_context(open_guard(settings, first, run.key))
        end(chat)  # the judges of harm need its memory
        del chat
        harm = harm_judges(settings)
        made = scores(rows, replies, run.variant, settings, judges, guard, harm)
        for record, measures in zip(made, measured, strict=True):
            record |= measures
        del harm
        if run.variant is None:
            found = {"withheld": withheld(rows, replies, guard, data)}
            texts = [reply.text for reply in replies]
            for name, prompt in settings.readable_filters.items():
                asked, key = settings.filters[name], f"{run.key}-{name}"
                found[f"withheld_{name}"] = guards.withheld(
                    asked, prompt, rows, texts, key, **opening(settings)
                )
            for name, verdicts in found.items():
                for record, verdict in zip(made, verdicts, strict=True):
                    record[name] = verdict
        write_scores(as_frame(made, names=NAMES, flags=FLAGS, numbers=NUMBERS), run.out)
    return {
        "judges": list(judges),
        "prompts": len(rows),
        "malformed": sum(record.get("well_formed") is False for record in made),
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "tokens": sum(reply.reply_tokens for reply in replies),
    }


def wanted(rows: Sequence[dict], variant: Variant | None, settings: Settings) -> list[dict]:
    """The rows that a model is asked; None: the model before training, which is never prefilled."""
    if not rows:
        raise UserError("test.jsonl: found no row, expected at least one prompt")
    prefilled, attacks = (variant.prefilled, variant.attacks) if variant else (False, None)
    kinds = variant and variant.kinds
    sources = variant.sources if variant and variant.sources else settings.sources

    def asked(row: dict) -> bool:
        if not _among(row["kind"], kinds):
            return False
        if row["kind"] == "ability":
            return _among(row["dataset"], settings.abilities)
        return row["kind"] != "harmful" or (
            (prefilled or not row["prefilled"])
            and _among(row["attack"], attacks)
            and _among(row["source"], sources)
        )

    return [row for row in rows if asked(row)]


def withheld(
    rows: Sequence[dict], replies: Sequence[Reply], guard: GuardJudge | None, data: Path
) -> list[bool | None]:
    """Whether the post-hoc filter withholds each reply of the model before training: the guard, or
    a filter that learned from the training prompts."""
    if not guard:
        samples = read_jsonl(data / "train.jsonl")
        return PostHocGuard(samples).withheld([row["prompt"] for row in rows])
    places = [i for i, reply in enumerate(replies) if reply.text is not None]
    said = guard.withheld([rows[i] for i in places], [replies[i].text for i in places])
    found = dict(zip(places, said, strict=True))
    return [found.get(i) for i in range(len(rows))]


def _among(name: str, names: Sequence[str] | None) -> bool:
    return names is None or name in names


def attacked(
    rows: Sequence[dict], chat: Chat, stack: ExitStack, run: Run, settings: Settings
) -> list[dict]:
    """The prompts of adaptive attacks around the harmful requests of `rows`, source by source."""
    adaptive = settings.adaptive
    asked = {"": adaptive.attacker}
    if adaptive.pair and adaptive.pair.attacker:
        asked["PAIR"] = adaptive.pair.attacker
    kept = {"precision": settings.precision}
    attackers = {
        name: stack.enter_context(kept_chat(each, f"{run.key}-attacker{name}", **kept))
        for name, each in asked.items()
    }
    kept = stack.enter_context(cached_replies(settings.model, f"{run.key}-attacked"))
    seeds = []
    if adaptive.gptfuzzer:
        named = PromptFile(name="GPTFuzzer", file=adaptive.gptfuzzer.seeds, column="text")
        seeds = read_templates(named, settings.mirror)
    plain = [row for row in rows if row["kind"] == "harmful" and row["attack"] == NONE]
    plain = [row for row in plain if not row["prefilled"]]
    return [
        found
        for source in dict.fromkeys(row["source"] for row in plain)
        for found in adaptive_rows(
            [row for row in plain if row["source"] == source],
            chat,
            attackers,
            run.variant,
            settings,
            kept,
            run.scratch / "gcg",
            seeds,
        )
    ]


def answer(
    chat: Chat, rows: Sequence[dict], variant: Variant | None, settings: Settings
) -> tuple[list[Reply], list[dict]]:
    """Replies, and of each whether the limit cut it off, where it is not meant to; of sets whose
    length is measured the length, and the seconds that it took."""
    replies: list[Reply | None] = [None] * len(rows)
    measured = [dict.fromkeys(("reply_tokens", "cut_off", "seconds")) for _ in rows]
    passes: dict[tuple[str, bool], list[int]] = {}
    for place, row in enumerate(rows):
        whole = is_measured(row) or row["kind"] == "ability"
        name = row["dataset"] if is_measured(row) else ""
        passes.setdefault((name, whole), []).append(place)
    direct = variant is None or variant.style == "direct"
    short = settings.opening_tokens if direct else settings.reply_tokens
    for (name, whole), places in passes.items():
        limit = settings.whole_tokens if whole else short
        instruction = settings.instruction(variant)
        asked = [conversation(rows[place]["prompt"], instruction) for place in places]
        started = time.perf_counter()
        answers = ask(chat, asked, limit)
        took = (time.perf_counter() - started) / len(places)
        for place, reply in zip(places, answers, strict=True):
            replies[place] = reply
            if reply.text is None and not reply.cut_off:
                continue
            if whole or not direct:
                measured[place]["cut_off"] = reply.reply_tokens >= limit
            if name:
                measured[place] |= {"reply_tokens": reply.reply_tokens, "seconds": took}
    return replies, measured


if __name__ == "__main__":
    step(evaluate)
