"""Train one variant of the model of KIE-HVQA.

    python -m papers.kie_hvqa.train --scale cpu --variant sft --seed 0 \\
        --data results/cpu/kie_hvqa/data --features results/cpu/kie_hvqa/features/degraded.npz \\
        --start results/cpu/kie_hvqa/models/base-s0 \\
        --out results/cpu/kie_hvqa/models/sft-s0 \\
        --record results/cpu/kie_hvqa/runs/train-sft-s0.json

`base` learns to read undegraded text, where a scale has no pretrained model. `sft`, the cold
start, goes on from it with degraded text. Every other variant is a reward of paper.yaml, which
GRPO maximises from `sft` on.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel, ProcessorMixin

from papers.kie_hvqa.notation import parse_tags, parse_truth, write_reply
from papers.kie_hvqa.reading import new_model, open_model, picture, prompt, prompt_text
from papers.kie_hvqa.rewards import reward_parts
from papers.kie_hvqa.settings import Reward, Settings
from shared.errors import one_line_errors
from shared.files import sha256
from shared.models.images import see, with_pictures
from shared.models.loading import save
from shared.settings import SCRATCH
from shared.training.examples import Segment, from_segments
from shared.training.reinforcement import reinforce
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run

PARTS = {"base": "clean", "sft": "cold_start"}


def reply_to(row: dict) -> str:
    return write_reply(parse_tags(row["tags"]))


def examples(
    rows: Sequence[dict], processor: ProcessorMixin, settings: Settings
) -> list[dict[str, list[int] | torch.Tensor]]:
    """Prompt, picture and reply of each row, the reply to be learnt."""
    made = []
    for row in rows:
        text = prompt_text(processor, row["question"], settings)
        segments = [Segment(text, False), Segment(reply_to(row), True)]
        example = from_segments(processor.tokenizer, segments, eos=True)
        seen = see(processor, picture(row))
        made.append(with_pictures(example, [seen], processor.image_token_id))
    return made


def prompts(rows: Sequence[dict], settings: Settings, seed: int) -> list[dict]:
    """The rows as GRPO asks them, the subsets mixed, with the truth for the reward."""
    mixed = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    return [
        {
            "prompt": prompt(row["question"], settings),
            "image": picture(row),
            "answer": row["answer"],
        }
        for row in mixed
    ]


def judged(reward: Reward) -> Callable[..., list[dict[str, float]]]:
    """The reward of completions, as `shared.training.reinforcement` asks for it."""

    def parts(rows: Sequence[dict], completions: Sequence[str]) -> list[dict[str, float]]:
        return [
            reward_parts(completion, parse_truth(row["answer"], "training row"), reward)
            for row, completion in zip(rows, completions, strict=True)
        ]

    return parts


def _train(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    rows: list[dict],
    variant: str,
    settings: Settings,
    seed: int,
    scratch: Path,
) -> tuple[PreTrainedModel, dict]:
    fit = {"seed": seed, "scratch": scratch}
    if variant in settings.rewards:
        reward = judged(settings.rewards[variant])
        asked = prompts(rows, settings, seed)
        return reinforce(model, processor, asked, reward, settings.reinforcement, **fit)
    training = settings.base if variant == "base" else settings.cold_start
    return fine_tune(model, examples(rows, processor, settings), training, **fit)


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path, help="of the lines, where a scale reads lines")
    parser.add_argument("--start", type=Path, help="the variant to go on from")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("kie_hvqa", arguments)
    variant, seed = arguments.variant, arguments.seed
    named(arguments, "variant", {name: name for name in settings.methods if settings.trains(name)})
    data = arguments.data / f"{PARTS.get(variant, 'reinforcement')}.parquet"
    rows = pd.read_parquet(data).to_dict("records")

    if variant == "base":
        texts = [reply_to(row) + row["question"] for row in rows]
        cold_start = pd.read_parquet(arguments.data / f"{PARTS['sft']}.parquet")
        texts += map(reply_to, cold_start.to_dict("records"))
        model, processor = new_model(settings, texts, seed)
    else:
        model, processor = open_model(settings, arguments.start)
    if arguments.features:
        processor.tower.remember(arguments.features)
    key = key_of(
        code_hash("papers.kie_hvqa.train"), settings.model_dump_json(), variant, seed, sha256(data)
    )
    scratch = SCRATCH / f"kie_hvqa-{variant}-{key}"
    model, record = _train(model, processor, rows, variant, settings, seed, scratch)
    save(model, arguments.out)
    if settings.small:
        processor.tokenizer.save_pretrained(arguments.out)
    shutil.rmtree(scratch, ignore_errors=True)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=seed,
        inputs=[data],
        parameters=sum(p.numel() for p in model.parameters()),
        **record,
    )


if __name__ == "__main__":
    one_line_errors(main)
