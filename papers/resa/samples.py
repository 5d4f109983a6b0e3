"""Which samples a variant learns from, and what a conversation is, in training and in testing."""

import random
from collections.abc import Sequence
from pathlib import Path

from papers.resa.settings import Variant
from shared.chat.replies import Conversation
from shared.errors import UserError
from shared.files import read_jsonl


def chosen(data: Path, variant: Variant, seed: int) -> list[dict]:
    """Of the samples in the folder `data` those of the variant's attacks, or a random part."""
    kept = list(read_jsonl(data / f"{variant.samples}.jsonl"))
    if variant.jailbreaks is not None:
        kept = [sample for sample in kept if sample["method"] in ("", *variant.jailbreaks)]
    return kept if variant.size is None else subset(kept, variant.size, seed)


def subset(samples: Sequence[dict], size: int, seed: int) -> list[dict]:
    """A random part for the size curve; a smaller one is a part of a larger one."""
    if size > len(samples):
        raise UserError(f"a subset of {size} was wanted, there are only {len(samples)} samples")
    return random.Random(seed).sample(samples, len(samples))[:size]


def conversation(prompt: str, instruction: str) -> Conversation:
    return [{"role": "system", "content": instruction}, {"role": "user", "content": prompt}]
