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
    before: tuple[int, ...] = ()  # tokens that the processor puts around those, as InternVL's does
    after: tuple[int, ...] = ()


def see(processor: ProcessorMixin, picture: Image.Image) -> Seen:
    """Prepare a picture as the model's own processor does."""
    text = {"text": [processor.image_token], "add_special_tokens": False}
    made = processor(images=[picture], return_tensors="pt", **text)
    ids = made["input_ids"][0].tolist()
    places = [place for place, token in enumerate(ids) if token == processor.image_token_id]
    around = (tuple(ids[: places[0]]), tuple(ids[places[-1] + 1 :]))
    kept = ("pixel_values", "image_grid_thw")
    return Seen({name: made[name] for name in kept if name in made}, len(places), *around)


def looking(processor: ProcessorMixin) -> Callable[[str | Path], Seen]:
    """A function that prepares a picture file, and each only once."""
    return cache(lambda path: see(processor, open_picture(path)))


class OnDemand(Sequence):
    """`make(row)` of each row, made each time that it is asked for and never kept: the pixels of
    some hundred photographs are more than a machine holds."""

    def __init__(self, rows: Sequence, make: Callable):
        self.rows, self.make = rows, make

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int):
        return self.make(self.rows[index])


def with_pictures(
    example: dict[str, list[int]], pictures: Sequence[Seen], image_token: int
) -> dict[str, list[int] | torch.Tensor]:
    """A tokenised text whose image tokens, one a picture, make room for the pictures.

    example: `input_ids`, and lists of the same length such as `labels`; of a repeated token, every
    copy gets the token's own entry.
    """
    rest = iter(pictures)
    pieces = [
        _tokens(next(rest), token) if token == image_token else [token]
        for token in example["input_ids"]
    ]
    wide = {
        key: [value for value, piece in zip(values, pieces, strict=True) for _ in piece]
        for key, values in example.items()
    }
    wide["input_ids"] = [token for piece in pieces for token in piece]
    tensors = joined(pictures)
    if "image_grid_thw" in tensors:  # Qwen's models want to know which tokens are pictures
        wide["mm_token_type_ids"] = [int(token == image_token) for token in wide["input_ids"]]
    return wide | tensors


def joined(pictures: Sequence[Seen]) -> dict[str, torch.Tensor]:
    """Their tensors, one picture after the other; those of a single one are not copied, so that all
    texts about it share them."""
    if len(pictures) == 1:
        return pictures[0].tensors
    names = pictures[0].tensors if pictures else ()
    return {name: torch.cat([seen.tensors[name] for seen in pictures]) for name in names}


def _tokens(seen: Seen, image_token: int) -> list[int]:
    return [*seen.before, *[image_token] * seen.tokens, *seen.after]
