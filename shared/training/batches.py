"""Examples of unequal length in one batch."""

from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from shared.training.examples import IGNORED

TRUNK = "trunk"  # of an example: what `shared.training.trunk` computed of it


def right_padded(examples: Sequence[dict[str, Sequence]]) -> dict[str, torch.Tensor]:
    """A batch (rows, longest), padded on the right, where causal attention never looks back to:
    no mask is needed. Tensors, which belong to pictures, are joined one after the other, and left
    out where no example of the batch has one."""
    width = max(len(example["input_ids"]) for example in examples)
    fill = {"labels": IGNORED, "others": IGNORED}

    def join(key: str) -> torch.Tensor:
        values = [example[key] for example in examples]
        if key == TRUNK:
            return pad_sequence(values, batch_first=True)
        if isinstance(values[0], torch.Tensor):
            return torch.cat(values)
        return torch.tensor([[*v, *[fill.get(key, 0)] * (width - len(v))] for v in values])

    joined = {key: join(key) for key in examples[0]}
    return {key: values for key, values in joined.items() if len(values)}
