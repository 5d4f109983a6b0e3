"""All that can be said of our cells under one protocol: estimates by the paper's names."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shared.comparison.estimates import Estimate, estimate, has_columns
from shared.comparison.groups import Group
from shared.comparison.inference import Inference, counted, infer
from shared.comparison.items import Item
from shared.comparison.parts import Key, Part, Values
from shared.comparison.trainings import trainings
from shared.metrics.metric import Metric
from shared.settings import StandIns


def untrained(method: str) -> str:
    """The training behind a method of a paper that trains nothing."""
    return ""


@dataclass(frozen=True)
class Table:
    """Cells of all metrics for which a group has the columns; each is estimated when asked for.

    Models and data sets have the paper's names where ours stand in for them; the paper's own data
    set goes before its stand-in. `training` gives the training behind a method, "" for none.
    """

    groups: Sequence[Group]
    metrics: Mapping[str, Metric]
    stand_ins: StandIns
    training: Callable[[str], str] = untrained

    @cached_property
    def keys(self) -> Mapping[Key, tuple[Group, Metric]]:
        found: dict[Key, tuple[Group, Metric]] = {}
        own_first = sorted(self.groups, key=lambda g: g.dataset in self.stand_ins.datasets)
        order = {id(group): place for place, group in enumerate(self.groups)}
        for group in own_first:
            for name, metric in self.metrics.items():
                if has_columns(group, metric):
                    found.setdefault(self.key(group, name), (group, metric))
        return dict(sorted(found.items(), key=lambda entry: order[id(entry[1][0])]))

    def key(self, group: Group, metric: str) -> Key:
        dataset = self.stand_ins.datasets.get(group.dataset, group.dataset)
        model = self.stand_ins.models.get(group.model, group.model)
        return Key(metric, group.method, dataset, model)

    def __getitem__(self, key: Key) -> Estimate:
        return estimate(*self.keys[key])

    @cached_property
    def values(self) -> Values:
        """Key -> value; nothing is estimated before it is asked for."""
        return _Values(self, self.keys)

    def of_item(self, item: str, items: Sequence[Item]) -> Values:
        """The same of the cells that a table or figure has."""
        own = [one for one in items if one.item == item]
        keys = [
            key
            for key, (group, _) in self.keys.items()
            if any(key.metric in one.metrics and one.has(group, self.stand_ins) for one in own)
        ]
        return _Values(self, keys)

    def infer(self, part: Part, exact: bool = False) -> Inference:
        """How sure the lead of a part is, with the trainings behind its cells; `exact`: as of
        counts, where nothing is left to chance."""
        keys = part.keys
        found = [self[key] for key in keys]
        lead = part.lead(self.values)
        if any(self.keys[key][1].traits.clock for key in keys):
            return _untested(lead, "a clock that was read once says nothing of its error")
        if exact or all(each.exact for each in found):
            return counted(lead, part.fulfilled(self.values))
        level = lead == 0  # a margin or a factor may lie between equal ends
        if not part.against_number and level and (end := _same_end(found)) is not None:
            return _untested(lead, f"both sides stand at {'the highest value' if end else 0}")
        return self._infer(
            lambda values: part.lead(dict(zip(keys, values, strict=True))), keys, found
        )

    def interval(self, group: Group, metric: Metric) -> tuple[float, float]:
        """The 95 % interval of one cell."""
        found = estimate(group, metric)
        key = self.key(group, metric.name)
        low, high = self._infer(lambda values: values[0], [key], [found], testing=False).interval
        inside = found.top is None or np.isnan(low)
        return (low, high) if inside else (max(0.0, low), min(found.top, high))

    def _infer(
        self, lead: Callable, keys: Sequence[Key], found: Sequence[Estimate], testing=True
    ) -> Inference:
        trained = [self.keys[key][0].trained for key in keys]
        names = [
            self.training(key.method) if own else "" for key, own in zip(keys, trained, strict=True)
        ]
        runs = [name and f"{name} of {key.model}" for name, key in zip(names, keys, strict=True)]

        def alike(run: str, cells: list[int]) -> list[list[Estimate]]:
            return self._alike([keys[place] for place in cells])

        return infer(lead, found, trainings(found, runs, alike), testing=testing)

    def _alike(self, own: Sequence[Key]) -> list[list[Estimate]]:
        """The same cells of the other trainings of that model, where all cells are of one method
        that is a training itself, not a reading of one (a threshold, a majority of samples)."""
        methods = {key.method for key in own}
        if len(methods) > 1 or self.training(method := methods.pop()) != method:
            return []
        found = []
        for other in self._trained:
            theirs = [key._replace(method=other) for key in own]
            if other != method and all(key in self.keys for key in theirs):
                found.append([self[key] for key in theirs])
        return found

    @cached_property
    def _trained(self) -> list[str]:
        methods = dict.fromkeys(group.method for group in self.groups)
        return [method for method in methods if method and self.training(method) == method]


def _untested(lead: float, reason: str) -> Inference:
    return Inference(lead, (np.nan,) * 2, np.nan, np.nan, no_test=reason)


def _same_end(found: Sequence[Estimate]) -> float | None:
    """0 or the top where all shares stand there."""
    ends = {estimate.edge for estimate in found}
    return ends.pop() if len(ends) == 1 else None


class _Values(Mapping[Key, float]):
    def __init__(self, table: Table, keys: Collection[Key]):
        self.table, self.keys = table, keys

    def __getitem__(self, key: Key) -> float:
        return self.table[key].value

    def __iter__(self):
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)
