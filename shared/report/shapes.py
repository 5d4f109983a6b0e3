"""The shape of a table: which of model, method, data set and metric go from left to right."""

from collections.abc import Sequence

from shared.report.collect import Row

PLACES = ("model", "method", "dataset", "metric")
MOST = 16  # columns


def across(rows: Sequence[Row]) -> tuple[str, ...]:
    """The places whose values head the columns, as papers print their tables: methods below each
    other and data sets beside each other; with one method only, data sets below each other."""

    def count(*places: str) -> int:
        return len({tuple(row[place] for place in places) for row in rows})

    several = count("model", "method") > 1
    if several and count("dataset", "metric") <= MOST:
        return "dataset", "metric"
    if several and count("dataset") <= MOST:
        return ("dataset",)
    for place in ("method", "model"):
        if count(place) > 1 and count(place, "metric") <= MOST:
            return place, "metric"
    return ("metric",)


def combinations(rows: Sequence[Row], places: Sequence[str]) -> list[tuple[str, ...]]:
    """Those of the places' values that occur, sorted place by place as they first occur."""
    order = {place: _unique(row[place] for row in rows) for place in places}
    found = _unique(tuple(row[place] for place in places) for row in rows)
    ranks = [{value: at for at, value in enumerate(order[place])} for place in places]
    return sorted(
        found, key=lambda each: [rank[value] for rank, value in zip(ranks, each, strict=True)]
    )


def _unique(values) -> list:
    return list(dict.fromkeys(values))
