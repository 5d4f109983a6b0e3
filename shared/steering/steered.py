"""Activation steering: vectors added to the residual stream while a model runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from shared.errors import UserError
from shared.models.blocks import decoder_blocks
from shared.steering.vectors import Vectors


@contextmanager
def steered(model: nn.Module, vectors: Vectors, strength: float = 1.0) -> Iterator[None]:
    """Within the block, `strength` times `vectors[l]` is added to the output of block l.

    At every token that is run, of prompts and replies alike, so a key-value cache made within the
    block holds steered states: don't mix it with one made outside. Works on any decoder, in
    batches and with adapters, and steps on what is there: blocks inside blocks add up.

    Raises `UserError` if a block does not exist, or the vectors are of a model of another width.
    """
    blocks = decoder_blocks(model)
    check_vectors(vectors, len(blocks), model.config.hidden_size)
    handles = []
    for number, vector in vectors.items():
        weight = next(blocks[number].parameters())
        added = (strength * vector).to(weight.device, weight.dtype)
        # before hooks that are there already, such as those with which Transformers records states
        handles.append(blocks[number].register_forward_hook(_adding(added), prepend=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def check_vectors(vectors: Vectors, blocks: int, hidden: int) -> None:
    for number, vector in vectors.items():
        if not 0 <= number < blocks:
            raise UserError(
                f"steering vectors: found block {number}; expected 0 to {blocks - 1}, "
                "the blocks of this model"
            )
        if vector.shape != (hidden,):
            raise UserError(
                f"steering vectors: found {tuple(vector.shape)} numbers for block {number}; "
                f"expected ({hidden},): they belong to another model"
            )


def _adding(added: torch.Tensor):
    def hook(module: nn.Module, arguments: tuple, output):
        if isinstance(output, tuple):  # some architectures also return a cache or attentions
            return (output[0] + added, *output[1:])
        return output + added

    return hook
