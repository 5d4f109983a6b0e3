"""Which samples a variant learns from, and what a conversation is, in training and in testing."""

from collections.abc import Sequence

from papers.resa.settings import Variant
from shared.chat.replies import Conversation
from shared.data.splits import random_part


def chosen(samples: Sequence[dict], variant: Variant, seed: int) -> list[dict]:
    """Those of the variant's attacks, or a random part (the size curve)."""
    kept = list(samples)
    if variant.jailbreaks is not None:
        kept = [sample for sample in kept if sample["method"] in ("", *variant.jailbreaks)]
    return kept if variant.size is None else random_part(kept, variant.size, seed, "size")


def conversation(prompt: str, instruction: str) -> Conversation:
    return [{"role": "system", "content": instruction}, {"role": "user", "content": prompt}]
