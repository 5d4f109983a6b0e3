"""Which cells a table or figure has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.comparison.groups import Group
from shared.settings import StandIns


@dataclass(frozen=True)
class Item:
    """Which cells a table or figure has: `metrics` of `methods` on `datasets` of `models`.

    `datasets` and `models` may be the paper's names, which also stand for their stand-ins, or names
    of ours; None: every one. A group without the columns that a metric needs has no such cell.
    """

    item: str
    metrics: Sequence[str]
    methods: Sequence[str]
    datasets: Sequence[str] | None = None
    models: Sequence[str] | None = None

    def has(self, group: Group, stand_ins: StandIns) -> bool:
        return (
            group.method in self.methods
            and _listed(group.dataset, stand_ins.datasets, self.datasets)
            and _listed(group.model, stand_ins.models, self.models)
        )


def _listed(name: str, stand_ins: Mapping[str, str], names: Sequence[str] | None) -> bool:
    """Whether a name or what it stands in for is among `names`; None: any is."""
    return names is None or not {name, stand_ins.get(name)}.isdisjoint(names)
