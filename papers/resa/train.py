"""Train one variant of ReSA.

    python -m papers.resa.train --scale cpu --variant resa-sft --seed 0 \\
        --data results/cpu/resa/data --out results/cpu/resa/models/resa-sft-s0 \\
        --record results/cpu/resa/runs/train-resa-sft-s0.json

A variant that is `reinforced` goes on from `--start`, the folder of the variant that it starts
from, or from the untrained model.
"""

import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.resa.prompts import conversation
from papers.resa.queries import subset
from papers.resa.reply_format import Parts, write
from papers.resa.rewards import reward
from papers.resa.settings import Settings, Variant
from shared.chat.loading import open_chat
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl, sha256
from shared.judges.guard import Guard
from shared.models.loading import load, save
from shared.settings import SCRATCH
from shared.training.examples import Segment, from_segments
from shared.training.reinforcement import reinforce
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run


def chosen(samples: Sequence[dict], variant: Variant, seed: int) -> list[dict]:
    """The samples that a variant learns from: those of its attacks, or a random part."""
    kept = list(samples)
    if variant.jailbreaks is not None:
        kept = [sample for sample in kept if sample["method"] in ("", *variant.jailbreaks)]
    return kept if variant.size is None else subset(kept, variant.size, seed)


def reply(sample: dict, variant: Variant, settings: Settings) -> str:
    """What a variant learns to say to a sample's prompt."""
    analysis = "query_analysis" if variant.style == "query-check" else "analysis"
    if variant.style != "direct" and sample[analysis] is None:
        raise UserError(f"sample {sample['id']}: found no {analysis}, which {variant.method} needs")
    parts = Parts(sample["answer"], sample[analysis], sample["summary"])
    return write(variant.style, parts, settings.worded(variant))


def examples(
    samples: Sequence[dict],
    plain: Sequence[dict],
    variant: Variant,
    tokenizer: PreTrainedTokenizerBase,
    settings: Settings,
) -> list[dict]:
    """Tokenised training examples; only replies are learnt."""
    pairs = [(sample["prompt"], reply(sample, variant, settings)) for sample in samples]
    pairs += [(sample["prompt"], sample["answer"]) for sample in plain] if variant.plain else []
    made = []
    for prompt, text in pairs:
        asked = tokenizer.apply_chat_template(
            conversation(prompt, settings.instruction(variant)),
            add_generation_prompt=True,
            tokenize=False,
        )
        segments = [Segment(asked, False), Segment(text, True)]
        length = settings.training.max_length
        made.append(from_segments(tokenizer, segments, eos=True, max_length=length))
    return made


def prompts(
    samples: Sequence[dict],
    plain: Sequence[dict],
    variant: Variant,
    settings: Settings,
    seed: int,
) -> list[dict]:
    """The prompts of reinforcement, each with the kind that its reward depends on.

    In random order, but with the kinds evenly mixed: a step of few prompts has harmful and benign
    ones in the proportion of all, as one of the paper's 512 has. Otherwise some steps reward
    refusals alone and others answers alone.
    """
    kinds = [(each, "harmful" if each["harmful"] else "benign") for each in samples]
    kinds += [(each, "plain") for each in plain] if variant.plain else []
    instruction = settings.instruction(variant)
    return mixed(
        [
            {
                "prompt": conversation(each["prompt"], instruction),
                "asks": each["request"],
                "kind": kind,
            }
            for each, kind in kinds
        ],
        seed,
    )


def mixed(rows: Sequence[dict], seed: int) -> list[dict]:
    """Rows in random order in which every stretch has the same mix of kinds."""
    by_kind: dict[str, list[dict]] = {}
    for row in random.Random(seed).sample(rows, len(rows)):
        by_kind.setdefault(row["kind"], []).append(row)
    placed = [
        ((place + 0.5) / len(of_kind), kind, row)
        for kind, of_kind in by_kind.items()
        for place, row in enumerate(of_kind)
    ]
    return [row for *_, row in sorted(placed, key=lambda each: each[:2])]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--start", type=Path, help="folder of the model that reinforcement goes on from"
    )
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("resa", arguments)
    variant = named(arguments, "variant", settings.variants)
    files = [arguments.data / "train.jsonl", arguments.data / "plain.jsonl"]
    samples, plain = chosen(read_jsonl(files[0]), variant, settings.data_seed), read_jsonl(files[1])

    model, tokenizer = load(settings.model, trained=arguments.start, merge=False)
    inputs = [*files, *([arguments.start] if arguments.start else [])]
    key = key_of(
        code_hash("papers.resa.train"), settings.model_dump_json(), arguments.variant,
        arguments.seed, *map(sha256, inputs),
    )  # fmt: skip
    fit = {
        "seed": arguments.seed,
        "scratch": SCRATCH / f"resa-{arguments.variant}-{arguments.seed}-{key}",
    }
    if variant.reinforced:
        asked = prompts(samples, plain, variant, settings, arguments.seed)
        guard = Guard(open_chat(settings.guard)) if settings.guard else None
        judge = reward(settings.worded(variant), guard)
        model, record = reinforce(model, tokenizer, asked, judge, settings.reinforcement, **fit)
    else:
        training = settings.training
        if variant.epochs:
            training = training.model_copy(update={"epochs": variant.epochs})
        made = examples(samples, plain, variant, tokenizer, settings)
        model, record = fine_tune(model, made, training, **fit)
    save(model, arguments.out)
    shutil.rmtree(fit["scratch"], ignore_errors=True)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=inputs,
        samples=len(samples),
        training=record,
    )


if __name__ == "__main__":
    one_line_errors(main)
