"""The order of an epoch, and sharing it out over several processes (`shared.workflow.launch`) so
that each step has the batch that one process would have."""

from collections.abc import Callable, Iterator, Sequence

import torch
from accelerate.data_loader import SeedableRandomSampler
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from shared.training.examples import IGNORED


class LengthSampler(Sampler[int]):
    """A random order in which the examples of a batch have about the same length.

    lengths: of every example, in tokens. batch: examples of an optimiser step.
    """

    def __init__(self, lengths: Sequence[int], batch: int):
        self.lengths, self.batch = lengths, batch
        self.initial_seed, self.epoch = torch.random.initial_seed(), 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        drawn = torch.Generator().manual_seed(self.initial_seed + self.epoch)
        yield from get_length_grouped_indices(self.lengths, self.batch, generator=drawn)

    def __len__(self) -> int:
        return len(self.lengths)


Order = SeedableRandomSampler | LengthSampler


class EvenSampler(Sampler[int]):
    """The order in which one process would take `examples` (by default a random one), and then the
    number `examples`, of a blank, until the processes have equally many.

    Else accelerate would even them out with examples of the beginning, which would count twice.
    `epoch` tells the number of the epoch that begins: a sampler is not told by accelerate when
    training is resumed within an epoch.
    """

    def __init__(
        self, examples: int, multiple: int, epoch: Callable[[], int], order: Order | None = None
    ):
        self.order = order or SeedableRandomSampler(range(examples))
        self.epoch = epoch
        self.blanks = -examples % multiple

    def __iter__(self) -> Iterator[int]:
        self.order.set_epoch(self.epoch())
        yield from self.order
        yield from [len(self.order)] * self.blanks

    def __len__(self) -> int:
        return len(self.order) + self.blanks


def blank(example: dict) -> dict:
    """An example from which nothing is learnt: a copy without labels."""
    unlabelled = [IGNORED] * len(example["input_ids"])
    return example | {name: unlabelled for name in ("labels", "others") if name in example}
