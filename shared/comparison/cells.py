"""Cells: the numbers of tables and figures, with interval, n and coverage, as in `cells.csv`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shared.comparison.csv_files import read_table, typed
from shared.comparison.estimates import estimate, has_columns
from shared.comparison.groups import Group
from shared.comparison.items import Item
from shared.comparison.printed import KEY
from shared.comparison.table import Table, untrained
from shared.metrics.metric import Metric
from shared.settings import StandIns

COLUMNS = [*KEY, "protocol", "value", "ci_low", "ci_high", "n", "coverage", "seeds", "unit"]


def cells(
    groups: Sequence[Group],
    items: Sequence[Item],
    metrics: Mapping[str, Metric],
    stand_ins: StandIns | None = None,
    training: Callable[[str], str] = untrained,
) -> pd.DataFrame:
    """All cells of all items: `COLUMNS`, rounded as they are written.

    value: mean over seeds of the metric. ci_low, ci_high: 95 % interval over units and seeds
    (`inference`); NaN for a count of what is there, and where nothing varies. n: examples in the
    denominator (mean over seeds); 0 gives a value of NaN. coverage: share of the examples that
    could be scored. seeds: how many have a value and were averaged.
    """
    stand_ins = stand_ins or StandIns()
    protocols = dict.fromkeys(group.protocol for group in groups)
    tables = {
        protocol: Table([g for g in groups if g.protocol == protocol], metrics, stand_ins, training)
        for protocol in protocols
    }
    known: dict[tuple[int, str], tuple] = {}
    rows = []
    for item in items:
        for group in groups:
            for name in item.metrics if item.has(group, stand_ins) else ():
                metric = metrics[name]
                if not has_columns(group, metric):
                    continue
                if (id(group), name) not in known:
                    known[id(group), name] = _numbers(group, metric, tables[group.protocol])
                key = (item.item, group.model, group.method, group.dataset, name, group.protocol)
                rows.append((*key, *known[id(group), name], metric.unit))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def _numbers(group: Group, metric: Metric, table: Table) -> tuple:
    found = estimate(group, metric)
    none = metric.traits.exact or not found.n
    low, high = (np.nan, np.nan) if none else table.interval(group, metric)
    return found.value, low, high, found.n, found.coverage, found.seeds


def left_out(cells: pd.DataFrame) -> str | None:
    """What to say of examples without a score (NaN), which a cell leaves out; None: there are
    none."""
    few = cells[cells["coverage"] < 1]
    if few.empty:
        return None
    least = few.loc[few["coverage"].idxmin()]
    of = ", ".join(filter(None, (least["model"], least["method"], least["dataset"])))
    return (
        f"{len(few)} of {len(cells)} cells leave out examples that have no score (`coverage`); "
        f"fewest are left in {least['metric']} of {of}: {least['coverage']:.1%}"
    )


def read_cells(path: str | Path) -> pd.DataFrame:
    return read_table(path, COLUMNS)
