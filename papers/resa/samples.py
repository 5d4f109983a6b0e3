"""Which samples a variant learns from, and what a conversation is, in training and in testing."""

from pathlib import Path

from papers.resa.settings import Variant
from shared.chat.replies import Conversation
from shared.data.splits import random_part
from shared.errors import UserError
from shared.files import read_jsonl


def chosen(data: Path, variant: Variant, seed: int, needed: str | None = None) -> list[dict]:
    """Of the samples in the folder `data` those of the variant's attacks, or a random part of them
    (the size curve). needed: a field without which a sample is left out. Raises `UserError` if no
    sample is left."""
    every = list(read_jsonl(data / f"{variant.samples}.jsonl"))
    kept = [sample for sample in every if not needed or sample[needed]]
    if variant.jailbreaks is not None:
        kept = [sample for sample in kept if sample["method"] in ("", *variant.jailbreaks)]
    if not kept:
        without = f" with {needed}" if needed else ""
        raise UserError(f"{variant.samples}.jsonl: none of {len(every)} samples{without} to learn")
    return kept if variant.size is None else random_part(kept, variant.size, seed, "size")


def conversation(prompt: str, instruction: str) -> Conversation:
    return [{"role": "system", "content": instruction}, {"role": "user", "content": prompt}]
