"""Reinforce one variant of ReSA (ReSA-RL) by GRPO."""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from papers.resa.judging import open_guard, open_judges
from papers.resa.rewards import reward
from papers.resa.samples import chosen, conversation
from papers.resa.settings import Settings, Variant
from shared.files import read_jsonl
from shared.models.loading import save
from shared.models.spec import made_in
from shared.runner.step import Run, step
from shared.training.reinforcement import reinforce as grpo
from shared.training.supervised import load_to_train

READS = (
    "model", "system", "wording", "reinforcement", "judges", "guard", "data_seed", "batch_size",
    "batch_tokens", "precision", "variant.samples", "variant.jailbreaks", "variant.plain",
    "variant.size", "variant.outer", "variant.instruction",
)  # fmt: skip


def reinforce(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    start: Path | None = None,
    pretrained: Path | None = None,
) -> dict:
    """Reinforce on the prompts of the samples. start: folder of the fine-tuned model that this goes
    on from; none: the model before training. pretrained: the folder of a model that is made
    here."""
    settings = run.settings
    samples = chosen(data, run.variant, settings.data_seed)
    plain = read_jsonl(data / "plain.jsonl") if run.variant.plain else []
    asked = prompts(samples, plain, run.variant, settings, seed)
    with ExitStack() as stack:
        first = next(iter(stack.enter_context(open_judges(settings, run.key)).values()))
        judge = stack.enter_context(open_guard(settings, first, run.key)) or first
        rewards = reward(settings.worded(run.variant), judge)
        learning = settings.reinforcement
        spec = made_in(pretrained, settings.model)
        model, tokenizer = load_to_train(spec, learning, trained=start, merge=False)
        fit = {"seed": seed, "scratch": run.scratch}
        model, record = grpo(model, tokenizer, asked, rewards, learning, **fit)
        save(model, run.out, precision=learning.precision)
    return {"samples": len(samples), "training": record}


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
    kinds += [(each, "plain") for each in plain]
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


if __name__ == "__main__":
    step(reinforce)
