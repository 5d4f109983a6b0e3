"""Which cells a table or figure has."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.comparison.groups import Group
from shared.settings import StandIns


@dataclass(frozen=True)
class Item:
    """Which cells a table or figure has: `metrics` of `methods` on `datasets`.

    `datasets` may be the paper's names, which also stand for their stand-ins, or names of ours;
    None: every dataset. A group without the columns that a metric needs has no such cell.
    """

    item: str
    metrics: Sequence[str]
    methods: Sequence[str]
    datasets: Sequence[str] | None = None

    def has(self, group: Group, stand_ins: StandIns) -> bool:
        names = {group.dataset, stand_ins.datasets.get(group.dataset)}
        on_dataset = self.datasets is None or not names.isdisjoint(self.datasets)
        return group.method in self.methods and on_dataset
