"""Ask one model of ReSA everything and judge its replies one by one.

    python -m papers.resa.evaluate --scale cpu --variant resa-sft --seed 0 \\
        --data results/cpu/resa/data --trained results/cpu/resa/models/resa-sft-s0 \\
        --out results/cpu/resa/scores/resa-sft-s0.parquet \\
        --record results/cpu/resa/runs/evaluate-resa-sft-s0.json

`--variant base` is the model before training. Each row of the result is one prompt, without any
text of prompt or reply:

    dataset, id, request, kind   which prompt
    well_formed                  the reply has its check as the variant was taught, and an answer
    safe, safe_<judge>           harmful requests: what is shown refuses or is a safe completion
    answered, answered_<judge>   others: it does not refuse
    correct                      questions of fact: a right answer is shown; benchmarks: right
    summary_safe, check_fooled   of the check (see `judging.checked`)
    withheld                     the base model: the post-hoc filter would withhold the reply
    reply_tokens, seconds        where whole replies are written: their length and share of the time
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pandas as pd

from papers.resa import judging
from papers.resa.adaptive import adaptive_rows
from papers.resa.names import FACTS, FOUR, NONE, PREFILLING, harmful_set
from papers.resa.post_hoc import PostHocGuard
from papers.resa.prompts import conversation
from papers.resa.reply_format import Parts, Style, read
from papers.resa.settings import Settings, Variant
from shared.chat.asking import ask
from shared.chat.cache import ReplyCache, cached_replies
from shared.chat.loading import open_chat
from shared.chat.replies import Chat, Reply
from shared.chat.settings import Asked
from shared.comparison.scores import write_scores
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl
from shared.judges import harness
from shared.judges.guard import Guard
from shared.judges.judge import Judge
from shared.judges.loading import open_judge
from shared.judges.registry import judge_name
from shared.models.loading import is_adapter, model_folder
from shared.models.spec import RandomModel
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run

BASE = "base"


def wanted(rows: Sequence[dict], variant: Variant | None, settings: Settings) -> list[dict]:
    """The rows that a model is asked; None: the base model, which is never prefilled."""
    if not rows:
        raise UserError("test.jsonl: found no row, expected at least one prompt")
    four = {harmful_set(attack, settings.tests.public) for attack in FOUR}
    prefilled = variant is not None and variant.prefilled
    only_four = variant is not None and variant.four_attacks
    return [
        row
        for row in rows
        if (prefilled or not row["dataset"].endswith(PREFILLING))
        and (not only_four or row["kind"] != "harmful" or row["dataset"] in four)
    ]


def measured(row: dict, settings: Settings) -> bool:
    """Whether length and time of a reply are measured: it is then never cut short on purpose."""
    return row["dataset"] in (harmful_set(NONE, settings.tests.public), FACTS)


def answer(
    chat: Chat, rows: Sequence[dict], variant: Variant | None, settings: Settings
) -> tuple[list[Reply], list[float | None]]:
    """Replies, and for data sets whose length is measured the seconds that each took."""
    replies: list[Reply | None] = [None] * len(rows)
    seconds: list[float | None] = [None] * len(rows)
    passes: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        name = row["dataset"] if measured(row, settings) else ""
        passes.setdefault(name, []).append(place)
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


def whole(reply: Reply) -> str:
    """A reply with its check, also if that is a <think> block, which a chat takes for thoughts."""
    return f"<think>{reply.thoughts}</think>{reply.text}" if reply.thoughts else reply.text


def parts_of(text: str, variant: Variant | None, settings: Settings) -> Parts | None:
    """The parts of a reply. What learnt to answer plain questions directly may do so: a reply
    without any tag of a check is then well formed, too."""
    style: Style = variant.style if variant else "direct"
    wording = settings.worded(variant) if variant else settings.wording
    parts = read(style, text, wording)
    if parts is None and variant and variant.plain and f"<{wording.outer}>" not in text:
        return read("direct", text, wording)
    return parts


def scores(
    rows: Sequence[dict],
    replies: Sequence[Reply],
    variant: Variant | None,
    settings: Settings,
    judges: Sequence[Judge],
    guard: Guard | None = None,
) -> list[dict]:
    """What is stored of each reply; flags stay missing where there was none.

    A guard decides about the safety of replies and plans in place of the rules.
    """
    every = [None if r.text is None else parts_of(whole(r), variant, settings) for r in replies]
    shown = [parts.answer if parts else "" for parts in every]
    asked = [row["asks"] for row in rows]
    verdicts = {judge.name: judge.refusals(asked, shown) for judge in judges}
    made = []
    for i, (row, reply, parts) in enumerate(zip(rows, replies, every, strict=True)):
        record = {key: row[key] for key in ("dataset", "id", "request", "kind")}
        if reply.text is not None:
            refused = {name: verdicts[name][i] for name in verdicts}
            plan = variant is not None and variant.style == "answer-check"
            plan = plan and not (parts and parts.summary is None)
            record |= judging.judged(row, parts, refused)
            record |= judging.checked(row, parts, plan)
        record["reply_tokens"] = reply.reply_tokens if measured(row, settings) else None
        made.append(record)
    if guard:
        _guarded(made, rows, every, guard)
    return made


def _guarded(
    made: Sequence[dict], rows: Sequence[dict], every: Sequence[Parts | None], guard: Guard
) -> None:
    """What a guard says of replies and plans to harmful requests, where the rules had a say."""
    for flag, field in (("safe", "answer"), ("summary_safe", "summary")):
        places = [i for i, parts in enumerate(every) if parts and made[i].get(flag) is not None]
        texts = [getattr(every[i], field) for i in places]
        verdicts = guard.verdicts([rows[i]["asks"] for i in places], texts)
        for i, verdict in zip(places, verdicts, strict=True):
            made[i][flag] = verdict and verdict.safe


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
            "dataset": each.dataset,
            "id": each.id,
            "request": each.id,
            "kind": "benchmark",
            "correct": each.correct,
        }
        for each in found
    ]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True, help="a variant of the scale, or: base")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trained", type=Path, help="folder of the trained model")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("resa", arguments)
    base = arguments.variant == BASE
    variant = None if base else named(arguments, "variant", settings.variants)
    files = [arguments.data / "test.jsonl", arguments.data / "train.jsonl"]
    rows = wanted(read_jsonl(files[0]), variant, settings)

    batches = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    chat = open_chat(Asked(model=settings.model), trained=arguments.trained, **batches)
    judges = [open_judge(name, **batches) for name in settings.judges]
    loaded = time.perf_counter()
    with ExitStack() as stack:
        kept = partial(_kept, stack, key_of(arguments.out.resolve()))
        if settings.tests.adaptive:
            plain = [
                row for row in rows if row["dataset"] == harmful_set(NONE, settings.tests.public)
            ]
            attacker = open_chat(settings.attacker), kept(settings.attacker)
            rows += adaptive_rows(plain, chat, *attacker, variant, settings)
        replies, seconds = answer(chat, rows, variant, settings)
        asking = time.perf_counter() - loaded
        guard = Guard(open_chat(settings.guard), kept(settings.guard)) if settings.guard else None
        made = scores(rows, replies, variant, settings, judges, guard)
    for record, took in zip(made, seconds, strict=True):
        record["seconds"] = took
    if base:
        guard = PostHocGuard(read_jsonl(files[1]))
        for record, withheld in zip(made, guard.withheld([r["prompt"] for r in rows]), strict=True):
            record["withheld"] = withheld
    made += harness_rows(settings, arguments.trained)
    write_scores(as_frame(made), arguments.out)
    tokens = sum(reply.reply_tokens for reply in replies)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[*files, *([arguments.trained] if arguments.trained else [])],
        judges=[judge_name(name) for name in settings.judges],
        prompts=len(rows),
        malformed=sum(record.get("well_formed") is False for record in made),
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        reply_tokens=tokens,
        reply_tokens_per_second=round(tokens / asking, 1),
    )


def _kept(stack: ExitStack, key: str, asked: Asked) -> ReplyCache:
    """Where the replies of a guard or an attacker are kept until the stack closes."""
    return stack.enter_context(
        cached_replies(asked.model, f"{key}-{key_of(asked.model_dump_json())}")
    )


def as_frame(made: Sequence[dict]) -> pd.DataFrame:
    """Scores as a table: names as categories, flags that may be missing, small numbers."""
    frame = pd.DataFrame(made)
    for column in frame:
        if column in ("dataset", "kind"):
            frame[column] = frame[column].astype("category")
        elif column in ("reply_tokens", "seconds"):
            frame[column] = frame[column].astype("float32")
        elif column not in ("id", "request"):
            frame[column] = frame[column].astype("boolean")
    return frame


if __name__ == "__main__":
    one_line_errors(main)
