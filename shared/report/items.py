"""Reported and reproduced in one table, in the shape of the paper's: below each row of the paper's
numbers stand ours."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.report.collect import Row
from shared.report.counts import NOT_PRINTED, PROTOCOLS
from shared.report.formats import ABSENT, decimals, interval, metric_name, number, parsed
from shared.report.shapes import PLACES, across, combinations

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


class Shown(NamedTuple):
    """One number as it stands in a table; `note` is the number of a footnote, 0 for none."""

    text: str = ABSENT
    interval: str = ""
    verdict: str = ""
    note: int = 0


class Line(NamedTuple):
    """The numbers of one source in one row of the paper's table. `kind`: paper, others or ours;
    `whose`: the model of ours that stands in for the row's."""

    kind: str
    label: str
    whose: str
    cells: list[Shown]
    note: int = 0


class Group(NamedTuple):
    """One row of the paper's table with what stands below it."""

    heads: list[str]
    lines: list[Line]

    @property
    def attempted(self) -> bool:
        return any(line.kind == "ours" for line in self.lines)


class Column(NamedTuple):
    heads: list[str]
    ours: str  # our data set in the place of the paper's, "" where it is the same


@dataclass
class ItemTable:
    """A table or figure of the paper; footnotes are numbered 1, 2, ..."""

    item: str
    common: list[str] = field(default_factory=list)  # what all cells have in common
    row_heads: list[str] = field(default_factory=list)  # what the heads of rows are
    columns: list[Column] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)  # as the data name them
    reported: int = 0
    attempted: int = 0

    @property
    def title(self) -> str:
        return item_title(self.item)

    @property
    def spans(self) -> list[tuple[str, int]]:
        """The upper heads of columns that have two, with how many columns each is above."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.heads[0]:
                found[-1] = (column.heads[0], found[-1][1] + 1)
            else:
                found.append((column.heads[0], 1))
        return found

    def note(self, text: str) -> int:
        """The number of the footnote with this text; equal texts share one."""
        if not text:
            return 0
        if text not in self.notes:
            self.notes.append(text)
        return self.notes.index(text) + 1


def item_title(item: str) -> str:
    """`table13_derived` → `Table 13, derived`; `gap_by_level` → `Gap by level`."""
    numbered = re.fullmatch(r"(table|figure|issue)(\d+)(.*)", item)
    if numbered:
        kind, digits, rest = numbered.groups()
        return f"{kind.capitalize()} {digits}{rest.replace('_', ', ', 1).replace('_', ' ')}"
    words = metric_name(item, "")
    return words[:1].upper() + words[1:]


def item_tables(
    comparison: list[Row], cells: list[Row] = (), words: Callable[[str], str] = str
) -> list[ItemTable]:
    """The tables of all items, in the order of `comparison`, names put into `words`.

    Numbers of others (source `secondary`) that fit into a table of the paper become lines there
    instead of a table of their own.
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
            tables.append(_Builder(item, rows, beside, coverage, words).table())
    return tables


class _Builder:
    """Sorts the rows of one item into groups and columns."""

    def __init__(self, item, rows: list[Row], beside, coverage, words):
        self.rows, self.beside, self.coverage, self.words = rows, beside, coverage, words
        self.across = across(rows)
        self.down = [place for place in ("metric", *PLACES[:3]) if place not in self.across]
        self.places = combinations(rows, self.across)
        metrics = list(dict.fromkeys(row["metric"] for row in rows))
        self.units = {row["metric"]: row["unit"] for row in rows}
        self.result = ItemTable(item, metrics=metrics)
        self.constant = {p for p in PLACES if len({row[p] for row in rows}) == 1}

    def table(self) -> ItemTable:
        table, rows = self.result, self.rows
        printed = {_key(row): row for row in rows if row["source"] not in NOT_PRINTED}
        table.reported = len(printed)
        table.attempted = len({_key(r) for r in rows if r["our_model"]} & set(printed))
        heads = [place for place in self.down if place not in self.constant]
        table.row_heads = heads or self.down[:1]
        varied = [place for place in self.across if place not in self.constant]
        shown = varied or self.across[-1:]
        once = [p for p in ("metric", *PLACES[:3]) if p in self.constant - {*heads, *shown}]
        table.common = list(filter(None, dict.fromkeys(self.name(p, rows[0][p]) for p in once)))
        for place in self.places:
            named = dict(zip(self.across, place, strict=True))
            own = [row for row in rows if _at(row, self.across) == place]
            ours = self.renamed(own) if "dataset" in self.across else ""
            table.columns.append(Column([self.name(p, named[p]) for p in shown], ours))
        for place in combinations(rows, self.down):
            own = [row for row in rows if _at(row, self.down) == place]
            named = dict(zip(self.down, place, strict=True))
            texts = [self.name(p, named[p]) for p in table.row_heads]
            ours = self.renamed(own) if "dataset" in self.down else ""
            texts += [f"ours: {ours}"] if ours else []
            table.groups.append(Group(texts, self.lines(own)))
        return table

    def name(self, place: str, value: str) -> str:
        known = self.words(value)
        if place == "metric":
            plain = known if known != value.replace("_", " ") else value
            return metric_name(plain, self.units.get(value, ""))
        return known

    def renamed(self, rows: Iterable[Row]) -> str:
        """Our data sets in the place of the paper's, where they are others."""
        pairs = dict.fromkeys((row["our_dataset"], row["dataset"]) for row in rows)
        return ", ".join(self.words(ours) for ours, theirs in pairs if ours and ours != theirs)

    def lines(self, rows: list[Row]) -> list[Line]:
        """What the paper prints in a row of its table, ours, and what others say."""
        table = self.result
        printed = {_at(row, self.across): row for row in rows}
        made = {(_at(row, self.across), row["protocol"]): row for row in rows if row["our_model"]}
        missing = {at: _reason(row) for at, row in printed.items() if not row["our_model"]}
        reasons = set(missing.values())
        shared = len(reasons) == 1 and not made
        cells = [
            self.printed(printed.get(at), "" if shared or made else missing.get(at, ""))
            for at in self.places
        ]
        note = table.note(reasons.pop()) if shared else 0
        lines = [Line("paper", "paper", "", cells, note)]
        digits = self.digits(rows)
        for protocol in [p for p in PROTOCOLS if any(found == p for _, found in made)]:
            own = {at: row for (at, found), row in made.items() if found == protocol}
            shown = [
                self.ours(own[at], digits[own[at]["metric"]])
                if at in own
                else Shown(ABSENT if at in printed else "", note=table.note(missing.get(at, "")))
                for at in self.places
            ]
            label = ", ".join(filter(None, ("ours", protocol and PROTOCOL_NAMES[protocol])))
            several = {p for p in PROTOCOLS if any(found == p for _, found in made)} != {protocol}
            lines.append(Line("ours", label if several else "ours", _whose(own.values()), shown))
        return lines + self.of_others(rows)

    def of_others(self, rows: list[Row]) -> list[Line]:
        """Numbers of others for the same cells."""
        lines = []
        for other, theirs in self.beside.items():
            known = {_key(row): row["reported"] for row in theirs}
            found = {_at(r, self.across): known[_key(r)] for r in rows if _key(r) in known}
            if found:
                note = self.result.note(f"{item_title(other)}: {SOURCES['secondary']}")
                cells = [Shown(found.get(at, ABSENT)) for at in self.places]
                lines.append(Line("others", item_title(other).lower(), "", cells, note))
        return lines

    def digits(self, rows: list[Row]) -> dict[str, int]:
        """Decimals by metric: as many as the paper prints."""
        found: dict[str, int] = {}
        for row in rows:
            if row["reported"]:
                found[row["metric"]] = max(found.get(row["metric"], 0), decimals(row["reported"]))
        return {m: found.get(m, UNKNOWN_DIGITS[unit]) for m, unit in self.units.items()}

    def printed(self, row: Row | None, reason: str) -> Shown:
        if row is None:
            return Shown("")
        remarks = filter(None, (reason, SOURCES.get(row["source"])))
        return Shown(row["reported"] or ABSENT, note=self.result.note("; ".join(remarks)))

    def ours(self, row: Row, digits: int) -> Shown:
        remarks = [row["reason"]] if row["verdict"] in ("match", "compatible", "differs") else []
        key = _ours_key(row, row["our_model"], row["our_dataset"])
        scored = parsed(self.coverage.get(key))
        if scored is not None and scored < 1:
            remarks.append(f"{scored:.1%} of the examples could be scored")
        return Shown(
            number(row["value"], digits),
            interval(row["ci_low"], row["ci_high"], digits),
            row["verdict"],
            self.result.note("; ".join(filter(None, remarks))),
        )


def _whose(rows: Iterable[Row]) -> str:
    """`stand-in tiny`; nothing for the paper's own model."""
    pairs = dict.fromkeys((row["our_model"], row["model"]) for row in rows)
    return ", ".join(f"stand-in {ours}" for ours, theirs in pairs if ours != theirs)


def _host(item: str, by_item: dict[str, list[Row]]) -> str | None:
    """The first other item that has every cell of `item`."""
    cells = set(map(_key, by_item[item]))
    for other, rows in by_item.items():
        if other != item and cells <= set(map(_key, rows)):
            return other
    return None


def _reason(row: Row) -> str:
    """Why there is no number of ours; what the source is says enough of a row not to be judged."""
    return "" if row["verdict"] == "not judged" else f"{row['verdict']}: {row['reason']}"


def _at(row: Row, places: Sequence[str]) -> tuple[str, ...]:
    return tuple(row[place] for place in places)


def _key(row: Row) -> tuple[str, ...]:
    return _at(row, PLACES)


def _ours_key(row: Row, model: str, dataset: str) -> tuple[str, ...]:
    return row["item"], model, row["method"], dataset, row["metric"], row["protocol"]
