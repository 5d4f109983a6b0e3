"""A picture as a vision-language model takes it: tensors, and a token for each of its parts."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from transformers import ProcessorMixin

from shared.data.pictures import open_picture


class Seen(NamedTuple):
    """A prepared picture. tensors: its inputs to the model, the first dimension being pictures
    (or, with Qwen's models, patches), so that a batch is their concatenation."""

    tensors: dict[str, torch.Tensor]
    tokens: int  # that stand for the picture in the text


def see(processor: ProcessorMixin, picture: Image.Image) -> Seen:
    """Prepare a picture as the model's own processor does."""
    made = processor(images=[picture], text=[processor.image_token], return_tensors="pt")
    tokens = int((made["input_ids"] == processor.image_token_id).sum())
    kept = ("pixel_values", "image_grid_thw")
    return Seen({name: made[name] for name in kept if name in made}, tokens)


def looking(processor: ProcessorMixin) -> Callable[[str | Path], Seen]:
    """A function that prepares a picture file, and each only once."""
    return cache(lambda path: see(processor, open_picture(path)))


def features(values: torch.Tensor) -> Seen:
    """Features (tokens, size) of an encoder that was run before (`shared.models.feature_tower`)."""
    return Seen({"pixel_values": values[None]}, len(values))


def with_pictures(
    example: dict[str, list[int]], pictures: Sequence[Seen], image_token: int
) -> dict[str, list[int] | torch.Tensor]:
    """A tokenised text whose image tokens, one a picture, make room for the pictures.

    example: `input_ids`, and lists of the same length such as `labels`; of a repeated token, every
    copy gets the token's own entry.
    """
    rest = iter(pictures)
    times = [next(rest).tokens if token == image_token else 1 for token in example["input_ids"]]
    wide = {
        key: [value for value, count in zip(values, times, strict=True) for _ in range(count)]
        for key, values in example.items()
    }
    names = pictures[0].tensors if pictures else ()
    tensors = {name: torch.cat([seen.tensors[name] for seen in pictures]) for name in names}
    if "image_grid_thw" in tensors:  # Qwen's models want to know which tokens are pictures
        wide["mm_token_type_ids"] = [int(token == image_token) for token in wide["input_ids"]]
    return wide | tensors
