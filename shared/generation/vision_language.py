"""Answers to prompts with pictures, in batches."""

from collections.abc import Collection, Iterator, Sequence

import torch
from transformers import PreTrainedModel

from shared.generation.decode import Decoded, decode, sampler
from shared.generation.prompts import batches
from shared.models.images import OnDemand


def decode_with_pictures(
    model: PreTrainedModel,
    prompts: Sequence[dict],
    max_new_tokens: int,
    stop: Collection[int],
    *,
    batch_size: int,
    batch_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: Sequence[int] = (),
) -> Iterator[tuple[list[int], Decoded]]:
    """(prompt numbers, what was decoded) batch by batch, longest prompts first.

    prompts: `input_ids` and tensors as `shared.models.images.with_pictures` gives them. The tensors
    are asked for batch by batch, so prompts may be made on demand. Greedy at temperature 0; else a
    prompt draws with random numbers of its own, from `seed` and its number.
    """
    ids = [prompt["input_ids"] for prompt in prompts]
    pictures = OnDemand(prompts, _tensors)
    sizes = {"batch_size": batch_size, "batch_tokens": batch_tokens, "new_tokens": max_new_tokens}
    for batch, rows in batches(model, ids, pictures=pictures, unit="prompt", **sizes):
        pick = None
        if temperature:
            pick = sampler(temperature, [(*seed, i) for i in batch], max_new_tokens, top_p)
        yield batch, decode(rows, max_new_tokens, stop, pick)


def _tensors(prompt: dict) -> dict[str, torch.Tensor]:
    return {name: value for name, value in prompt.items() if isinstance(value, torch.Tensor)}
