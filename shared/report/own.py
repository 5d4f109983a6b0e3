"""What is ours alone: numbers that the paper does not report, and what stands in for its own."""

from collections.abc import Callable

from shared.report.collect import Row
from shared.report.counts import PROTOCOLS
from shared.report.formats import ABSENT, interval, metric_name, number, parsed


def own_rows(
    comparison: list[Row], cells: list[Row], words: Callable[[str], str] = str
) -> tuple[list[str], list[list[str]]]:
    """Numbers of ours that the paper does not report: heading and rows of one table.

    They are what `cells` has and `comparison` has not; a column for each protocol.
    """
    compared = {_key(row, row["our_model"], row["our_dataset"]) for row in comparison}
    protocols = [name for name in PROTOCOLS if any(row["protocol"] == name for row in cells)]
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in cells:
        if _key(row, row["model"], row["dataset"]) in compared:
            continue
        digits = 3 if not row["unit"] and abs(parsed(row["value"]) or 1) < 1 else 2
        text = f"{number(row['value'], digits)} {interval(row['ci_low'], row['ci_high'], digits)}"
        names = row["model"], words(row["dataset"])
        metric = metric_name(words(row["metric"]), row["unit"])
        key = *names, metric, words(row["method"])
        found.setdefault(key, {})[row["protocol"]] = text.strip()
    head = ["model", "data set", "metric", "method", *(name or "value" for name in protocols)]
    rows = [[*key, *(by.get(name, ABSENT) for name in protocols)] for key, by in found.items()]
    return head, rows


def stand_ins(comparison: list[Row]) -> list[tuple[str, str]]:
    """(ours, the paper's) for each model and data set of ours that is not the paper's own."""
    pairs = {}
    for kind in ("model", "dataset"):
        for row in comparison:
            ours = row[f"our_{kind}"]
            if ours and ours != row[kind]:
                pairs[ours, row[kind]] = None
    return list(pairs)


def _key(row: Row, model: str, dataset: str) -> tuple[str, ...]:
    return model, row["method"], dataset, row["metric"], row["protocol"]
