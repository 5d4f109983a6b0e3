"""The paper's cells beside ours: `comparison.csv`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from shared.comparison.csv_files import typed
from shared.comparison.printed import KEY, OWN
from shared.comparison.reported import half_unit
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.settings import Paper, StandIns, Unavailable, as_printed

COLUMNS = [
    *KEY,
    *("reported", "unit", "source", "protocol", "our_model", "our_dataset"),
    *("value", "ci_low", "ci_high", "n", "verdict", "reason"),
]
NO_CELL = ("", "", "", np.nan, np.nan, np.nan, pd.NA)
ROUNDING = 1e-9  # 93.235 - 93.23 is a little more than 0.005 in binary


def compare(
    paper: Paper, scale: str, stand_ins: StandIns, reported: pd.DataFrame, cells: pd.DataFrame
) -> pd.DataFrame:
    """A row for each reported cell and each of our cells that stands beside it.

    Our models and data sets are taken for the paper's as `stand_ins` says. A reported cell without
    a cell of ours has one row with the reason. A cell that the paper does not print is left out.
    """
    ours = cells.assign(
        our_model=cells["model"],
        our_dataset=cells["dataset"],
        model=cells["model"].replace(stand_ins.models),
        dataset=cells["dataset"].replace(stand_ins.datasets),
    )
    beside: dict[tuple[str, ...], list] = {}
    for cell in ours.itertuples():
        beside.setdefault(tuple(getattr(cell, name) for name in KEY), []).append(cell)
    rows = []
    for printed in reported.itertuples():
        key = tuple(getattr(printed, name) for name in KEY)
        start = (*key, printed.value, printed.unit, printed.source)
        for cell in beside.get(key, ()):
            judged = _judge(printed, cell, paper)
            numbers = (cell.value, cell.ci_low, cell.ci_high, cell.n)
            rows.append(
                (*start, cell.protocol, cell.our_model, cell.our_dataset, *numbers, *judged)
            )
        if key not in beside:
            rows.append((*start, *NO_CELL, *_why_absent(printed, paper.unavailable, scale, ours)))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def check_units(reported: pd.DataFrame, metrics: Mapping[str, Metric]) -> None:
    """Raise `UserError` where the paper prints a metric in another unit than ours has."""
    for row in reported.itertuples():
        if row.metric in metrics and row.unit != metrics[row.metric].unit:
            raise UserError(
                f"reported.csv: {row.item} gives {row.metric} in unit '{row.unit}'; "
                f"expected '{metrics[row.metric].unit}', the unit of the metric"
            )


def _judge(printed, cell, paper: Paper) -> tuple[str, str]:
    """Verdict and reason of a cell of ours beside a printed one."""
    if printed.source not in OWN:
        return "not judged", _not_own(printed)
    if not printed.value:
        return "blocked", printed.note
    swapped = [
        f"{ours} for {theirs}"
        for ours, theirs in ((cell.our_model, cell.model), (cell.our_dataset, cell.dataset))
        if ours != theirs
    ]
    if swapped:
        return "stand-in", ", ".join(swapped)
    if np.isnan(cell.value):
        return "differs", "ours has no value: its denominator is empty"
    off = cell.value - printed.number
    if abs(off) <= half_unit(printed.value) + ROUNDING:
        return "match", "equal to the printed digits"
    for tolerance in paper.tolerances:
        same = (tolerance.item, tolerance.metric) == (printed.item, printed.metric)
        if same and abs(off) <= tolerance.within + ROUNDING:
            return "match", f"off by {off:+.4g}, within {tolerance.within:g}: {tolerance.reason}"
    if printed.item in paper.recounts:
        return "differs", f"off by {off:+.4g}: a recount has no error of sampling"
    if cell.ci_low <= printed.number <= cell.ci_high:
        return "compatible", f"off by {off:+.4g}, inside our 95 % interval"
    return "differs", f"off by {off:+.4g}"


def _why_absent(
    printed, unavailable: Sequence[Unavailable], scale: str, ours: pd.DataFrame
) -> tuple[str, str]:
    """Verdict and reason of a printed cell without one of ours."""
    if printed.source not in OWN:
        return "not judged", _not_own(printed)
    for entry in unavailable:
        if entry.covers(printed, as_printed(scale)):
            return entry.verdict, entry.reason
    for name, missing in (
        ("model", "no run of {}, nor of a stand-in for it"),
        ("dataset", "no run on {}, nor on a stand-in for it"),
        ("method", "{} was not run with this model on this data set"),
        ("metric", "{} was not computed"),
    ):
        ours = ours[ours[name] == getattr(printed, name)]
        if ours.empty:
            return "not attempted", missing.format(getattr(printed, name) or "a run without method")
    return "not attempted", f"not among our cells of {printed.item}"


def _not_own(printed) -> str:
    return f"{printed.source}: not the paper's own number"
