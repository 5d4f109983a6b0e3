"""Cells: the numbers of tables and figures, with interval, n and coverage, as in `cells.csv`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from shared.comparison.estimates import DRAWS, Estimate, estimate, has_columns
from shared.comparison.groups import Group
from shared.comparison.tables import read_table, typed, write_table
from shared.metrics.intervals import percentile_interval, wilson
from shared.metrics.metric import Metric
from shared.settings import StandIns

KEY = ["item", "model", "method", "dataset", "metric"]
COLUMNS = [*KEY, "protocol", "value", "ci_low", "ci_high", "n", "coverage", "seeds", "unit"]


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


def cells(
    groups: Sequence[Group],
    items: Sequence[Item],
    metrics: Mapping[str, Metric],
    draws: int = DRAWS,
    stand_ins: StandIns | None = None,
) -> pd.DataFrame:
    """All cells of all items: `COLUMNS`, rounded as they are written.

    value: mean over seeds of the metric. ci_low, ci_high: 95 % percentile bootstrap over examples
    (the same resample for all seeds) and seeds, or what the metric wants. n:
    examples in the denominator (mean over seeds); 0 gives a value of NaN. coverage: share of the
    examples that could be scored. seeds: how many have a value and were averaged.
    """
    rows = []
    for key, found in estimates(groups, items, metrics, draws, stand_ins or StandIns()):
        metric = metrics[key[4]]
        low, high = interval(found, metric)
        numbers = found.value, low, high, found.n, found.coverage, found.seeds
        rows.append((*key, *numbers, metric.unit))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def estimates(
    groups: Sequence[Group],
    items: Sequence[Item],
    metrics: Mapping[str, Metric],
    draws: int,
    stand_ins: StandIns,
) -> Iterator[tuple[tuple[str, ...], Estimate]]:
    """Each cell's key (item, model, method, dataset, metric, protocol) and its estimate."""
    wanted = [
        (item, group, name)
        for item in items
        for group in groups
        if item.has(group, stand_ins)
        for name in item.metrics
        if has_columns(group, metrics[name])
    ]
    # First in an order in which examples are resampled once for all groups that share them.
    for _, group, name in sorted(wanted, key=lambda cell: cell[1].fingerprint):
        estimate(group, metrics[name], draws)
    for item, group, name in wanted:
        key = (item.item, group.model, group.method, group.dataset, name, group.protocol)
        yield key, estimate(group, metrics[name], draws)


def interval(found: Estimate, metric: Metric) -> tuple[float, float]:
    """The 95 % interval of an estimate in the metric's unit, as the metric wants it; NaN: none."""
    if metric.interval == "none":
        return np.nan, np.nan
    if metric.interval == "bootstrap" or not found.n:
        return percentile_interval(found.draws)
    scale = 100 if metric.unit == "%" else 1
    low, high = wilson(found.value * found.n / scale, found.n)
    return scale * low, scale * high


def write_cells(frame: pd.DataFrame, path: str | Path) -> None:
    write_table(frame, path)


def read_cells(path: str | Path) -> pd.DataFrame:
    return read_table(path, COLUMNS)
