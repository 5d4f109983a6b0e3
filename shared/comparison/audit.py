"""The paper against itself: `audit.csv`. Needs no model and no scores."""

import math
from collections.abc import Iterator
from decimal import Decimal

import pandas as pd

from shared.comparison.cells import KEY
from shared.comparison.claims import Functions, on_reported
from shared.comparison.reported import exact_half_unit, own_numbers
from shared.settings import Average, Paper, Same

COLUMNS = ["check", "what", "printed", "recomputed", "agrees", "note"]


def audit(paper: Paper, reported: pd.DataFrame, functions: Functions | None = None) -> pd.DataFrame:
    """Averages, items that must agree, totals, and each claim on the paper's own numbers.

    `agrees` is yes, no, or unknown where a number for the check is missing.
    """
    own = own_numbers(reported)
    rows = []
    for average in paper.audit.averages:
        rows += _averages(average, own)
    rows += [_same(same, own) for same in paper.audit.same]
    for total in paper.audit.totals:
        summed = math.fsum(total.parts)
        agrees = math.isclose(summed, total.printed, rel_tol=1e-12)
        note = "" if agrees else f"off by {total.printed - summed:g}"
        what = f"{total.what} ({total.source})"
        numbers = (f"{total.printed:.12g}", f"{summed:.12g}")
        rows.append(("total", what, *numbers, _word(agrees), note))
    for claim in paper.claims:
        found = on_reported(claim, reported, paper.audit.averages, functions)
        agrees = _word(found.in_direction == found.total) if found.total else "unknown"
        count = f"{found.in_direction} of {found.total}" if found.total else ""
        rows.append(("claim", f"{claim.id}: {claim.text}", "", count, agrees, found.note))
    return pd.DataFrame(rows, columns=COLUMNS).astype(str)


def _averages(average: Average, own: pd.DataFrame) -> Iterator[tuple]:
    """A printed mean agrees if it is within half a unit of its digits of the mean of the parts."""
    cells = own[(own["item"] == average.item) & (own["metric"] == average.metric)]
    for (model, method), group in cells.groupby(["model", "method"], sort=False):
        values = dict(zip(group["dataset"], group["value"], strict=True))
        printed = values.get(average.printed)
        if printed is None:
            continue
        named = (average.item, model, method, average.printed, average.metric)
        what = " / ".join(filter(None, named))
        absent = [name for name in average.over if name not in values]
        if absent:
            yield "average", what, printed, "", "unknown", f"not printed: {', '.join(absent)}"
            continue
        parts = [values[name] for name in average.over]
        mean = sum(map(Decimal, parts)) / len(parts)
        off, allowed = abs(Decimal(printed) - mean), exact_half_unit(printed)
        # What rounding the parts themselves could have moved the mean by, at most.
        margin = sum(map(exact_half_unit, parts)) / len(parts)
        note = f"off by {off:.2g}; half a unit is {allowed}"
        if allowed < off <= allowed + margin:
            note += f"; rounding of the parts (up to {margin:.2g}) could explain it"
        decimals = 2 + len(printed.partition(".")[2])
        recomputed, agrees = f"{mean:.{decimals}f}", off <= allowed
        yield "average", what, printed, recomputed, _word(agrees), "" if agrees else note


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
