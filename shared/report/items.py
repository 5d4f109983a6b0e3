"""Reported beside reproduced: one table for each table or figure of the paper."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from shared.report.collect import Row
from shared.report.counts import NOT_PRINTED, PROTOCOLS
from shared.report.formats import ABSENT, decimals, interval, metric_name, number, parsed

# Why a reported number is not one that the paper prints in its tables.
SOURCES = {
    "abstract": "from the paper's abstract",
    "figure": "read off a figure of the paper",
    "code": "from the released code",
    "secondary": "reported by others, not by the paper",
    "derived": "computed from other numbers of the paper, not printed by it",
}
PROTOCOL_NAMES = {"corrected": "as the paper says", "official": "as the released code does", "": ""}


UNKNOWN_DIGITS = {"%": 1, "": 3}  # decimals beside a cell of the paper whose number is not known


class OurColumn(NamedTuple):
    """One of our models under one protocol, in place of a model of the paper."""

    model: str
    our_model: str
    protocol: str

    @property
    def stand_in(self) -> bool:
        return self.our_model != self.model


class Shown(NamedTuple):
    """One number as it stands in a table; `note` is the number of a footnote, 0 for none."""

    text: str = ABSENT
    interval: str = ""
    verdict: str = ""
    note: int = 0


class ItemRow(NamedTuple):
    dataset: str
    our_dataset: str  # "" where it is the paper's own
    method: str
    metric: str
    reported: list[Shown]
    ours: list[Shown]


@dataclass
class ItemTable:
    """A table or figure of the paper: its numbers, ours, and footnotes (1, 2, ...)."""

    item: str
    metric: str  # "" where the rows differ in it
    models: list[Shown] = field(default_factory=list)  # headings of the reported columns
    ours: list[OurColumn] = field(default_factory=list)
    rows: list[ItemRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reported: int = 0
    attempted: int = 0

    @property
    def title(self) -> str:
        return item_title(self.item)

    @property
    def has_methods(self) -> bool:
        return any(row.method for row in self.rows)

    @property
    def order(self) -> list[tuple[str, int]]:
        """Number columns from left to right, as ("reported", place) or ("ours", place).

        Ours follow the model of the paper that they stand beside.
        """
        columns = []
        for place, model in enumerate(self.models):
            columns.append(("reported", place))
            columns += [
                ("ours", at) for at, ours in enumerate(self.ours) if ours.model == model.text
            ]
        return columns

    @property
    def by_dataset(self) -> list[list[ItemRow]]:
        """Neighbouring rows of one data set, together."""
        return [list(rows) for _, rows in groupby(self.rows, key=lambda row: row.dataset)]

    def note(self, text: str) -> int:
        """The number of the footnote with this text; equal texts share one."""
        if not text:
            return 0
        if text not in self.notes:
            self.notes.append(text)
        return self.notes.index(text) + 1


def item_title(item: str) -> str:
    """`table13_derived` → `Table 13, derived`; `gap_by_level` → `Gap by level`."""
    head, digits, rest = re.fullmatch(r"([a-z]*)(\d*)(.*)", item).groups()
    rest = rest.replace("_", ", ", 1) if digits else rest
    return f"{head.capitalize()} {digits}".strip() + rest.replace("_", " ")


def item_tables(comparison: list[Row], cells: list[Row] = ()) -> list[ItemTable]:
    """The tables of all items, in the order of `comparison`.

    Numbers of others (source `secondary`) that fit into a table of the paper become extra
    columns there instead of a table of their own.
    """
    by_item: dict[str, list[Row]] = {}
    for row in comparison:
        by_item.setdefault(row["item"], []).append(row)
    others = {
        item: host
        for item, rows in by_item.items()
        if all(row["source"] == "secondary" for row in rows)
        and (host := _host(item, by_item)) is not None
    }
    coverage = {_ours_key(row, row["model"], row["dataset"]): row["coverage"] for row in cells}
    tables = []
    for item, rows in by_item.items():
        if item not in others:
            beside = {other: by_item[other] for other, host in others.items() if host == item}
            tables.append(_table(item, rows, beside, coverage))
    return tables


def own_rows(comparison: list[Row], cells: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Numbers of ours that the paper does not report: heading and rows of one table.

    They are what `cells` has and `comparison` has not; a column for each protocol.
    """
    compared = {_numbers_key(row, row["our_model"], row["our_dataset"]) for row in comparison}
    protocols = [name for name in PROTOCOLS if any(row["protocol"] == name for row in cells)]
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in cells:
        if _numbers_key(row, row["model"], row["dataset"]) in compared:
            continue
        digits = 3 if not row["unit"] and abs(parsed(row["value"]) or 1) < 1 else 2
        text = f"{number(row['value'], digits)} {interval(row['ci_low'], row['ci_high'], digits)}"
        key = row["dataset"], metric_name(row["metric"], row["unit"]), row["method"]
        found.setdefault((row["model"], *key), {})[row["protocol"]] = text.strip()
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


def _table(item: str, rows: list[Row], beside: dict[str, list[Row]], coverage: dict) -> ItemTable:
    metrics = _unique((row["metric"], row["unit"]) for row in rows)
    table = ItemTable(item, metric_name(*metrics[0]) if len(metrics) == 1 else "")
    printed = {(_row_key(row), row["model"]): row for row in rows}
    made = {(_row_key(row), _column(row)): row for row in rows if row["our_model"]}
    absent = {at: _reason(row) for at, row in printed.items() if not row["our_model"]}
    models = _unique(model for _, model in printed)

    columns = _unique(column for _, column in made)
    table.ours = sorted(columns, key=lambda c: (models.index(c.model), PROTOCOLS.index(c.protocol)))
    table.reported = sum(row["source"] not in NOT_PRINTED for row in printed.values())
    attempted = {(key, column.model) for key, column in made}
    table.attempted = sum(printed[at]["source"] not in NOT_PRINTED for at in attempted)

    reproduced = {column.model for column in table.ours}
    unexplained = set()  # models that nothing reproduces, for reasons that differ from row to row
    for model in models:
        reasons = {absent.get((key, name), "") for key, name in printed if name == model}
        explained = model not in reproduced and len(reasons) == 1
        if model not in reproduced and not explained:
            unexplained.add(model)
        note = table.note(reasons.pop()) if explained else 0
        table.models.append(Shown(model, note=note))
    others = [
        (other, name) for other in beside for name in _unique(r["model"] for r in beside[other])
    ]
    for other, model in others:
        note = table.note(f"{item_title(other)}: {SOURCES['secondary']}")
        table.models.append(Shown(f"{model}, {item_title(other).lower()}", note=note))
    found = {
        (other, _row_key(row), row["model"]): row["reported"]
        for other in beside
        for row in beside[other]
    }

    for key in _unique(key for key, _ in printed):
        here = {model: row for (at, model), row in printed.items() if at == key}
        ours = {column: row for (at, column), row in made.items() if at == key}
        known = [decimals(row["reported"]) for row in here.values() if row["reported"]]
        digits = max(known, default=UNKNOWN_DIGITS[next(iter(here.values()))["unit"]])
        reported = []
        for model in models:
            reason = absent.get((key, model), "") if model in unexplained else ""
            reported.append(_reported(table, here.get(model), reason))
        reported += [Shown(found.get((other, key, model), ABSENT)) for other, model in others]
        table.rows.append(
            ItemRow(
                dataset=key[0],
                our_dataset=_renamed(key[0], ours.values()),
                method=key[2],
                metric=metric_name(key[1], next(iter(here.values()))["unit"]),
                reported=reported,
                ours=[
                    _ours(table, ours[column], digits, coverage)
                    if column in ours
                    else Shown(note=table.note(absent.get((key, column.model), "")))
                    for column in table.ours
                ],
            )
        )
    return table


def _reported(table: ItemTable, row: Row | None, reason: str) -> Shown:
    if row is None:
        return Shown()
    remarks = filter(None, (reason, SOURCES.get(row["source"])))
    return Shown(row["reported"] or ABSENT, note=table.note("; ".join(remarks)))


def _ours(table: ItemTable, row: Row, digits: int, coverage: dict) -> Shown:
    remarks = [row["reason"]] if row["verdict"] in ("match", "compatible", "differs") else []
    scored = parsed(coverage.get(_ours_key(row, row["our_model"], row["our_dataset"])))
    if scored is not None and scored < 1:
        remarks.append(f"{scored:.1%} of the examples could be scored")
    return Shown(
        number(row["value"], digits),
        interval(row["ci_low"], row["ci_high"], digits),
        row["verdict"],
        table.note("; ".join(filter(None, remarks))),
    )


def _renamed(dataset: str, ours: Iterable[Row]) -> str:
    """Our data sets in the place of `dataset`, where they are not the paper's own."""
    names = _unique(row["our_dataset"] for row in ours)
    return ", ".join(name for name in names if name and name != dataset)


def _column(row: Row) -> OurColumn:
    return OurColumn(row["model"], row["our_model"], row["protocol"])


def _host(item: str, by_item: dict[str, list[Row]]) -> str | None:
    """The first other item that has every cell of `item`."""
    cells = {(_row_key(row), row["model"]) for row in by_item[item]}
    for other, rows in by_item.items():
        if other != item and cells <= {(_row_key(row), row["model"]) for row in rows}:
            return other
    return None


def _reason(row: Row) -> str:
    """Why there is no number of ours; what the source is says enough of a row not to be judged."""
    return "" if row["verdict"] == "not judged" else f"{row['verdict']}: {row['reason']}"


def _row_key(row: Row) -> tuple[str, str, str]:
    return row["dataset"], row["metric"], row["method"]


def _numbers_key(row: Row, model: str, dataset: str) -> tuple[str, ...]:
    return model, row["method"], dataset, row["metric"], row["protocol"]


def _ours_key(row: Row, model: str, dataset: str) -> tuple[str, ...]:
    return row["item"], *_numbers_key(row, model, dataset)


def _unique(values: Iterable) -> list:
    return list(dict.fromkeys(values))
