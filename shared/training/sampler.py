"""Sharing out an epoch over several processes (`shared.workflow.launch`) so that each step has the
batch that one process would have."""

from collections.abc import Callable, Iterator

from accelerate.data_loader import SeedableRandomSampler
from torch.utils.data import Sampler

from shared.training.examples import IGNORED


class EvenSampler(Sampler[int]):
    """The order in which one process would take `examples`, and then the number `examples`, of a
    blank, until the processes have equally many.

    Else accelerate would even them out with examples of the beginning, which would count twice.
    `epoch` tells the number of the epoch that begins: a sampler is not told by accelerate when
    training is resumed within an epoch.
    """

    def __init__(self, examples: int, multiple: int, epoch: Callable[[], int]):
        self.order = SeedableRandomSampler(range(examples))
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
