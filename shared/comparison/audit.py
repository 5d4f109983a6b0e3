"""The paper against itself: `audit.csv`. Needs no model and no scores."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import pandas as pd

from shared.comparison.claims import Functions, Names, on_reported
from shared.comparison.printed import KEY
from shared.comparison.reported import exact_half_unit, half_unit, own_numbers
from shared.settings import Paper
from shared.settings.records import Average, Distinct, MetricMean, Same

COLUMNS = ["check", "what", "printed", "recomputed", "agrees", "note"]


def audit(paper: Paper, names: Names, functions: Functions) -> pd.DataFrame:
    """Averages, items that must agree or differ, totals, and each claim on the paper's own numbers.

    `agrees` is yes, no, or unknown where a number for the check is missing.
    """
    own = own_numbers(names.reported)
    rows = []
    for average in paper.audit.averages:
        rows += _averages(average, own)
    for mean in paper.audit.metric_means:
        rows += _metric_means(mean, own)
    rows += [_distinct(distinct, own) for distinct in paper.audit.distinct]
    rows += [_same(same, own) for same in paper.audit.same]
    for total in paper.audit.totals:
        summed = math.fsum(total.parts)
        numbers = (f"{total.printed:.12g}", f"{summed:.12g}")
        agrees = abs(total.printed - summed) <= half_unit(numbers[0]) * (1 + 1e-9)
        note = "" if agrees else f"off by {total.printed - summed:g}"
        what = f"{total.what} ({total.source})"
        rows.append(("total", what, *numbers, _word(agrees), note))
    for claim in paper.claims:
        right, total, note = on_reported(claim, names, functions)
        agrees = _word(right == total) if total else "unknown"
        count = f"{right} of {total}" if total else ""
        rows.append(("claim", f"{claim.id}: {claim.text}", "", count, agrees, note))
    return pd.DataFrame(rows, columns=COLUMNS).astype(str)


def _averages(average: Average, own: pd.DataFrame) -> Iterator[tuple]:
    """Printed means over data sets."""
    cells = own[(own["item"] == average.item) & (own["metric"] == average.metric)]
    for (model, method), group in cells.groupby(["model", "method"], sort=False):
        named = (average.item, model, method, average.printed, average.metric)
        what = " / ".join(filter(None, named))
        values = dict(zip(group["dataset"], group["value"], strict=True))
        yield from _mean("average", what, values, average.printed, average.over, average.weights)


def _metric_means(mean: MetricMean, own: pd.DataFrame) -> Iterator[tuple]:
    """Printed means over metrics of one model, method and data set."""
    cells = own[own["item"] == mean.item]
    for key, group in cells.groupby(["model", "method", "dataset"], sort=False):
        what = " / ".join(filter(None, (mean.item, *key, mean.printed)))
        values = dict(zip(group["metric"], group["value"], strict=True))
        yield from _mean("metric mean", what, values, mean.printed, mean.over)


def _mean(
    check: str,
    what: str,
    values: Mapping[str, str],
    name: str,
    over: Sequence[str],
    weights: Sequence[float] | None = None,
) -> Iterator[tuple]:
    """A printed mean agrees if it is within half a unit of its digits of the mean of the parts.

    `values` are printed; `name` is that of the mean. Nothing if it is not printed.
    """
    printed = values.get(name)
    if printed is None:
        return
    absent = [part for part in over if part not in values]
    if absent:
        yield check, what, printed, "", "unknown", f"not printed: {', '.join(absent)}"
        return
    parts = [values[part] for part in over]
    shares = [Decimal(str(weight)) for weight in weights or [1] * len(parts)]
    mean = _weighted(map(Decimal, parts), shares)
    off, allowed = abs(Decimal(printed) - mean), exact_half_unit(printed)
    # What rounding the parts themselves could have moved the mean by, at most.
    margin = _weighted(map(exact_half_unit, parts), shares)
    note = f"off by {off:.2g}; half a unit is {allowed}"
    if allowed < off <= allowed + margin:
        note += f"; rounding of the parts (up to {margin:.2g}) could explain it"
    decimals = 2 + len(printed.partition(".")[2])
    recomputed, agrees = f"{mean:.{decimals}f}", off <= allowed
    yield check, what, printed, recomputed, _word(agrees), "" if agrees else note


def _weighted(values: Iterable[Decimal], weights: Sequence[Decimal]) -> Decimal:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)


def _distinct(distinct: Distinct, own: pd.DataFrame) -> tuple:
    """Cells of one data set and metric that different rows of an item share."""
    cells = own[own["item"] == distinct.item]
    repeats, total = [], 0
    for (dataset, metric), group in cells.groupby(["dataset", "metric"], sort=False):
        total += len(group)
        for value, rows in group.groupby("value", sort=False):
            if len(rows) > 1:
                names = " and ".join(rows["model"] + " " + rows["method"])
                repeats.append(f"{dataset} {metric} {value}: {names}")
    found = f"{len(repeats)} numbers printed twice, of {total} cells"
    return ("distinct", distinct.item, "", found, _word(not repeats), "; ".join(repeats))


def _same(same: Same, own: pd.DataFrame) -> tuple:
    """Cells of two items with equal model, method, data set and metric."""
    first, second = (own[own["item"] == item].set_index(KEY[1:])["value"] for item in same.items)
    both = first.index.intersection(second.index)
    differing = [key for key in both if Decimal(first[key]) != Decimal(second[key])]
    exceptions = [
        f"{' / '.join(filter(None, key))}: {first[key]}, {second[key]}" for key in differing
    ]
    return (
        "same",
        " and ".join(same.items),
        "",
        f"{len(both) - len(differing)} of {len(both)} cells equal",
        _word(not differing) if len(both) else "unknown",
        "; ".join(exceptions),
    )


def _word(agrees: bool) -> str:
    return "yes" if agrees else "no"
