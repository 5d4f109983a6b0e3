"""Train one variant of the model of KIE-HVQA.

`base` learns to read undegraded text, and from values without pictures how such a text goes on,
where a scale has no pretrained model. `sft`, the cold start, goes on from it with degraded text.
Every other variant has a reward, which GRPO maximises from `sft` on.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import ConcatDataset
from transformers import PreTrainedTokenizerBase, ProcessorMixin

from papers.kie_hvqa.notation import THINK, THOUGHT, parse_tags, parse_truth, write_reply
from papers.kie_hvqa.parts import picture, read_part
from papers.kie_hvqa.reading import asked, new_model, open_model
from papers.kie_hvqa.rewards import reward_parts
from papers.kie_hvqa.settings import Reward, Settings
from shared.errors import UserError
from shared.models.images import OnDemand, see
from shared.models.loading import save
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.reinforcement import reinforce
from shared.training.supervised import fine_tune, load_to_train
from shared.training.vision_language import example, segments

READS = (
    "model", "prompt", "variant.part", "variant.training", "variant.reinforcement",
    "variant.reward",
)  # fmt: skip


def train(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    start: Path | None = None,
    features: Path | None = None,
) -> dict:
    """Train one variant. start: weights to go on from; None: the model itself. features: of the
    lines, for a small model."""
    settings, chosen = run.settings, run.variant
    if not chosen.trained:
        raise UserError(f"variant {variant} is the model as it is; expected one with a training")
    rows = read_part(data, chosen.part)
    how = chosen.training or chosen.reinforcement
    new = settings.small and not start
    if new:
        values = [row["value"] for row in read_part(data, "text")]
        model, processor = new_model(settings, [*values, *spelled(data, rows)], seed)
    else:
        model, processor = open_model(settings, start, partial(load_to_train, settings=how))
    if features:
        processor.tower.remember(features)
    fit = {"seed": seed, "scratch": run.scratch}
    if chosen.reward:
        asked_for = prompts(rows, settings, seed), partial(judged, reward=chosen.reward)
        model, record = reinforce(model, processor, *asked_for, chosen.reinforcement, **fit)
    else:
        made = examples(rows, processor, settings, chosen.training.max_length)
        counts = {"examples": len(made), "left_out": len(rows) - len(made)}
        if new:
            no_picture = made[0]["pixel_values"][:0]
            texts = [spelled_out(value, processor.tokenizer) for value in values]
            made = ConcatDataset([made, [text | {"pixel_values": no_picture} for text in texts]])
        model, record = fine_tune(model, made, chosen.training, **fit)
        record |= counts
    tokenizer = processor.tokenizer if settings.small else None
    save(model, run.out, tokenizer, precision=how.precision)
    return {"parameters": sum(p.numel() for p in model.parameters()), **record}


def reply_to(row: dict) -> str:
    return write_reply(parse_tags(row["tags"]))


def spelled_out(value: str, tokenizer: PreTrainedTokenizerBase) -> dict[str, list[int]]:
    """A value as the thought of a reply to no picture, from which a decoder learns what it may
    guess: which characters follow one another."""
    return from_segments(tokenizer, [Segment(THINK, False), Segment(value + THOUGHT, True)])


def spelled(data: Path, rows: Sequence[dict]) -> list[str]:
    """Texts with every character that the small model will ever write."""
    texts = [reply_to(row) + row["question"] for row in rows]
    return texts + [reply_to(row) for row in read_part(data, "cold_start")]


def examples(
    rows: Sequence[dict], processor: ProcessorMixin, settings: Settings, longest: int
) -> Sequence[dict[str, list[int] | torch.Tensor]]:
    """Prompt, picture and reply of each row, the reply to be learnt; without those of more than
    `longest` tokens. What a small model sees of a line is kept, whole documents are prepared when
    they are asked for. Raises `UserError` if none is left."""

    def made(row: dict) -> dict:
        turn = segments(processor, [(asked(row, settings), reply_to(row))])
        return example(processor, turn, see(processor, picture(row)))

    everything = list(map(made, rows)) if settings.small else OnDemand(rows, made)
    kept = [i for i, each in enumerate(everything) if len(each["input_ids"]) <= longest]
    if not kept:
        raise UserError(f"max_length is {longest}; all {len(rows)} examples are longer")
    return OnDemand(kept, everything.__getitem__)


def prompts(rows: Sequence[dict], settings: Settings, seed: int) -> list[dict]:
    """The rows as GRPO asks them, the subsets mixed, with the truth for the reward."""
    mixed = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    return [
        {
            "prompt": [{"role": "user", "content": asked(row, settings)}],
            "image": row["image"],
            "answer": row["answer"],
        }
        for row in mixed
    ]


def judged(
    rows: Sequence[dict], completions: Sequence[str], reward: Reward
) -> list[dict[str, float]]:
    """The rewards of completions, as `shared.training.reinforcement` asks for them."""
    return [
        reward_parts(completion, parse_truth(row["answer"], "training row"), reward)
        for row, completion in zip(rows, completions, strict=True)
    ]


if __name__ == "__main__":
    step(train)
