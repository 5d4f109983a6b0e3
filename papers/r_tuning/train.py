"""Fine-tune one variant of R-Tuning on one task.

    python -m papers.r_tuning.train --scale cpu --task facts --variant r-tuning --seed 0 \\
        --data results/cpu/r_tuning/data --base results/cpu/r_tuning/scores/facts/base.parquet \\
        --out results/cpu/r_tuning/models/facts/r-tuning-s0 \\
        --record results/cpu/r_tuning/runs/facts/train-r-tuning-s0.json
"""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd

from papers.r_tuning import prompts
from papers.r_tuning.settings import Settings, Variant
from shared.comparison.groups import read_scores
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl, sha256
from shared.losses.supervised import minimum_cross_entropy
from shared.models.loading import load, save
from shared.settings import SCRATCH
from shared.training.examples import IGNORED, Segment, from_segments, pack
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run


def certain(base: Path | None, variant: Variant, rows: list[dict]) -> pd.Series:
    """Which training questions are in D1 (certain), by id.

    base: scores of the model before tuning. With labels, D1 is what it got right (section 2.1);
    R-Tuning-U takes the half with the lower answer entropy (5.1). Vanilla learns all answers.
    """
    if variant.method == "vanilla":
        return pd.Series(True, index=[row["id"] for row in rows])
    if not base:
        raise UserError(f"{variant.method} needs --base, the scores of the model before tuning")
    base = read_scores(base)
    base = base[base["split"] == "train"].set_index("id").sort_index()
    if variant.method == "r-tuning-u":
        uncertain = base["entropy"].sort_values(ascending=False, kind="stable").index
        sure = pd.Series(True, index=base.index)
        sure[uncertain[: len(uncertain) // 2]] = False
        return sure
    return base["correct_official" if variant.protocol == "official" else "correct"].astype(bool)


def target(row: dict, variant: Variant, sure: bool, rng: np.random.Generator) -> list[Segment]:
    """What a variant learns to say after the prompt of a question."""
    if variant.method in ("r-tuning", "r-tuning-u"):
        return prompts.answer_segments(row) + prompts.check_segments(sure)
    if variant.method == "r-tuning-r" and not sure:
        return prompts.refusal_segments(str(rng.choice(prompts.REFUSALS[variant.protocol])))
    if variant.method == "min-loss":
        answer = f" {row['answers'][0]}" if sure else prompts.MIN_LOSS_REFUSAL
        return [Segment(prompts.MIN_LOSS_LEAD, False), Segment(f"{answer}.", True)]
    return prompts.answer_segments(row)


def examples(rows, prefixes, sure, variant, tokenizer, settings: Settings, seed: int) -> list[dict]:
    """Tokenised training examples under the variant's protocol."""
    rng = np.random.default_rng([seed, len(rows)])
    official = variant.protocol == "official"
    made = []
    for row in rows:
        before = prefixes.get(row["relation"], "") + prompts.prompt(row, settings.prompt)
        segments = [
            Segment(before, False),
            *target(row, variant, bool(sure[row["id"]]), rng),
        ]
        length = None if official else settings.training.max_length
        made.append(from_segments(tokenizer, segments, bos=official, max_length=length))
    if official:
        return pack([made[i] for i in rng.permutation(len(made))], settings.block)
    return made


def min_loss_examples(rows, prefixes, tokenizer, settings: Settings) -> list[dict]:
    """Stage two of min-loss (A.8): one labelled position, whose label is the first token of the
    ground truth or of the refusal, whichever is cheaper."""
    made = []
    for row in rows:
        before = prefixes.get(row["relation"], "") + prompts.prompt(row, settings.prompt)
        ids = tokenizer(before + prompts.MIN_LOSS_LEAD, add_special_tokens=False)["input_ids"]
        first, other = (
            tokenizer(text, add_special_tokens=False)["input_ids"][0]
            for text in (f" {row['answers'][0]}", prompts.MIN_LOSS_REFUSAL)
        )
        unlabelled = [IGNORED] * len(ids)
        made.append(
            {
                "input_ids": [*ids, first],
                "labels": [*unlabelled, first],
                "others": [*unlabelled, other],
            }
        )
    return made


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--task", required=True)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="scores before tuning (not for vanilla)")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("r_tuning", arguments)
    named(arguments, "task", settings.tasks)
    variant = named(arguments, "variant", settings.variants)
    data = arguments.data / f"{arguments.task}.jsonl"
    rows = [row for row in read_jsonl(data) if row["split"] == "train"]
    prefixes = json.loads(data.with_suffix(".prefixes.json").read_text(encoding="utf-8"))
    sure = certain(arguments.base, variant, rows)

    model, tokenizer = load(settings.model)
    key = key_of(
        code_hash("papers.r_tuning.train"), settings.model_dump_json(), arguments.task,
        arguments.variant, arguments.seed, sha256(data), sure.to_json(),
    )  # fmt: skip
    scratch = SCRATCH / f"r_tuning-{arguments.task}-{arguments.variant}-{key}"
    fit = {"settings": settings.training, "seed": arguments.seed}
    records = []
    if variant.method == "min-loss":
        half = len(rows) // 2
        rows = [rows[i] for i in np.random.default_rng(arguments.seed).permutation(len(rows))]
        rows, second = rows[:half], rows[half:]
    made = examples(rows, prefixes, sure, variant, tokenizer, settings, arguments.seed)
    model, record = fine_tune(model, made, **fit, scratch=scratch / "one")
    records.append(record)
    if variant.method == "min-loss":
        made = min_loss_examples(second, prefixes, tokenizer, settings)
        model, record = fine_tune(
            model, made, **fit, scratch=scratch / "two", loss=minimum_cross_entropy
        )
        records.append(record)
    save(model, arguments.out)
    shutil.rmtree(scratch, ignore_errors=True)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(),
        seed=arguments.seed,
        inputs=[data, *([arguments.base] if arguments.base else [])],
        certain=int(sure.sum()),
        uncertain=int((~sure).sum()),
        stages=records,
    )


if __name__ == "__main__":
    one_line_errors(main)
