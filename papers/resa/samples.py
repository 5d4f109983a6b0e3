"""Which samples a variant learns from, and what a conversation is, in training and in testing."""

from pathlib import Path

from papers.resa.settings import Variant
from shared.chat.replies import Conversation
from shared.data.splits import random_part
from shared.files import read_jsonl


def chosen(data: Path, variant: Variant, seed: int) -> list[dict]:
    """Of the samples in the folder `data` those of the variant's attacks, or a random part of them
    (the size curve)."""
    kept = list(read_jsonl(data / f"{variant.samples}.jsonl"))
    if variant.jailbreaks is not None:
        kept = [sample for sample in kept if sample["method"] in ("", *variant.jailbreaks)]
    return kept if variant.size is None else random_part(kept, variant.size, seed, "size")


def conversation(prompt: str, instruction: str) -> Conversation:
    return [{"role": "system", "content": instruction}, {"role": "user", "content": prompt}]
