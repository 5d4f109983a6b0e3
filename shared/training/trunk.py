"""The trunk of a model: the blocks below the first that is trained, computed once a text.

With adapters from some block on, what comes out of the blocks below is the same in every epoch. So
it is computed before training and kept in memory; a step then runs the blocks above alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from transformers import PreTrainedModel

from shared.models.batching import length_batches
from shared.models.blocks import decoder_blocks
from shared.models.devices import own_device, world_size
from shared.runner.progress import bar
from shared.training.batches import TRUNK, right_padded
from shared.training.settings import Training

MOST_BYTES = 2**29  # of what is kept for one training
LEARNT = ("labels", "others")


def trunk_depth(
    model: PreTrainedModel, settings: Training, lengths: Sequence[int], passes: float
) -> int:
    """Blocks of the trunk; 0 where its output can't be reused, or is not.

    It can't where anything before the first trained block is trained too (such as the embeddings
    of new tokens) or draws by chance (dropout). It is not where a text passes through the model
    only once, where all texts together (`lengths`, in tokens) would take more than `MOST_BYTES`,
    in bfloat16, on a GPU, or with several processes.
    """
    size = 4 * model.config.get_text_config().hidden_size * sum(lengths)
    apart = own_device() != "cpu" or world_size() > 1 or settings.precision != "fp32"
    if passes <= 1 or size > MOST_BYTES or apart or _drops(model.config.to_dict()):
        return 0
    blocks = decoder_blocks(model)
    trained = {id(weight) for weight in model.parameters() if weight.requires_grad}
    within = [[id(weight) for weight in block.parameters()] for block in blocks]
    if trained - {weight for block in within for weight in block}:
        return 0
    return next(i for i, block in enumerate(within) if trained.intersection(block))


@torch.no_grad()
def with_trunk(
    model: PreTrainedModel, depth: int, examples: Sequence[dict], max_tokens: int
) -> list[dict]:
    """The examples, each with the trunk's output (tokens, hidden) in place of its pictures.

    max_tokens: of a batch. All batches are the same when a training is resumed, so what comes out
    is too.
    """
    lengths = [len(example["input_ids"]) for example in examples]
    made: list[dict] = [{} for _ in examples]
    blocks, caught = decoder_blocks(model), []
    handle = blocks[depth - 1].register_forward_hook(lambda *passed: caught.append(passed[-1]))
    try:
        with _instead(blocks[depth:], lambda hidden, *_, **__: hidden):
            batches = length_batches(lengths, len(lengths), max_tokens)
            for batch in bar(batches, desc="trunk", unit="batch"):
                whole = [examples[i] for i in batch]
                read = [{k: v for k, v in each.items() if k not in LEARNT} for each in whole]
                model(**right_padded(read), use_cache=False, logits_to_keep=1)
                for i, each, hidden in zip(batch, whole, caught.pop(), strict=True):
                    made[i] = {k: v for k, v in each.items() if k != "pixel_values"}
                    made[i][TRUNK] = hidden[: lengths[i]].clone()
    finally:
        handle.remove()
    return made


@contextmanager
def trunk_of(
    model: PreTrainedModel, depth: int, inputs: dict[str, torch.Tensor]
) -> Iterator[dict[str, torch.Tensor]]:
    """The model's inputs; within the block its trunk says what it said of them before."""
    if not depth:
        yield inputs
        return
    said = inputs[TRUNK]
    with _instead(decoder_blocks(model)[:depth], lambda *_, **__: said):
        yield {name: value for name, value in inputs.items() if name != TRUNK}


@contextmanager
def _instead(blocks: Sequence[nn.Module], forward: Callable) -> Iterator[None]:
    """Within the block, `forward` in place of each block's own."""
    for block in blocks:
        block.forward = forward
    try:
        yield
    finally:
        for block in blocks:
            del block.forward


def _drops(config: dict) -> bool:
    """Whether a model's configuration, or that of one of its parts, has any dropout."""
    return any(
        _drops(value) if isinstance(value, dict) else "drop" in str(name) and bool(value)
        for name, value in config.items()
    )
