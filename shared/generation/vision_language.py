"""Answers to prompts with pictures, in batches."""

from collections.abc import Collection, Iterator, Sequence

import torch
from tqdm import tqdm
from transformers import PreTrainedModel

from shared.generation.batching import length_batches
from shared.generation.decode import Decoded, decode, sampler
from shared.generation.rows import Rows


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

    prompts: `input_ids` and tensors as `shared.models.images.with_pictures` gives them. Greedy at
    temperature 0; else a prompt draws with random numbers of its own, from `seed` and its number.
    """
    with tqdm(total=len(prompts), unit="prompt", disable=None) as bar:
        lengths = [len(prompt["input_ids"]) for prompt in prompts]
        for batch in length_batches(lengths, batch_size, batch_tokens):
            rows = Rows(
                model, [prompts[i]["input_ids"] for i in batch], pictures=_joined(prompts, batch)
            )
            pick = None
            if temperature:
                seeds = [(*seed, i) for i in batch]
                pick = sampler(temperature, seeds, max_new_tokens, top_p)
            yield batch, decode(rows, max_new_tokens, stop, pick)
            bar.update(len(batch))


def _joined(prompts: Sequence[dict], batch: Sequence[int]) -> dict[str, torch.Tensor]:
    """The pictures' tensors of a batch, in its order."""
    names = [name for name, value in prompts[batch[0]].items() if isinstance(value, torch.Tensor)]
    return {name: torch.cat([prompts[i][name] for i in batch]) for name in names}
