"""Claims as the report shows them: each once, with a row for each protocol it was judged under."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from shared.plots.words import Words
from shared.report import formats
from shared.report.collect import Results, Row
from shared.report.counts import protocols
from shared.report.effects import Effect, effects, metrics_of
from shared.report.items import PROTOCOL_NAMES
from shared.report.reasons import UNDECIDED, Reasons
from shared.settings import Claim


class ClaimRow(NamedTuple):
    """A claim under one protocol. `effect` is None where there is none to show."""

    protocol: str
    verdict: str
    effect: Effect | None
    raw: str  # the effect and its interval in the metric's own unit
    n: str
    p: str
    p_adjusted: str
    pairs: str
    test: str
    part: str
    note: str


class ClaimView(NamedTuple):
    id: str
    text: str
    source: str
    ours: bool
    kind: str
    reported: str  # "10 of 12"
    reason: str  # of the first row
    short: str  # what kept it undecided, in a few words; "" for what is decided
    rows: list[ClaimRow]
    tables: list[str]  # items in which its numbers stand
    figures: list[str]  # that show it

    @property
    def first(self) -> ClaimRow:
        """The row of the reading nearest to the paper's text."""
        return self.rows[0]

    @property
    def others(self) -> list[tuple[str, ClaimRow]]:
        """The other readings, with what they are called."""
        return [(PROTOCOL_NAMES[row.protocol], row) for row in self.rows[1:]]

    @property
    def blocked(self) -> bool:
        return all(row.verdict == "blocked" for row in self.rows)


def claim_views(results: Results, words: Words) -> list[ClaimView]:
    """All claims in the paper's order; the corrected reading is the first row of each."""
    reasons, found = Reasons(results, words), effects(results)
    known = {claim.id: claim for claim in results.paper.claims}
    order = protocols(results.claims)
    pictures = [picture.name for picture in results.figures]
    by_claim: dict[str, list[Row]] = {}
    for row in sorted(results.claims, key=lambda row: order.index(row["protocol"])):
        by_claim.setdefault(row["id"], []).append(row)
    metrics = _metrics_by_item(results)
    views = []
    for name, rows in by_claim.items():
        first, claim = rows[0], known.get(name)
        views.append(
            ClaimView(
                id=name,
                text=first["text"],
                source=first["source"],
                ours=bool(first["ours"]),
                kind=first["kind"],
                reported=formats.share(first["reported_in_direction"], first["reported_pairs"]),
                reason=reasons.line(first),
                short=reasons.short(first) if first["verdict"] in UNDECIDED else "",
                rows=[_row(row, found.get((name, row["protocol"])), words) for row in rows],
                tables=_tables(first["source"], claim, metrics),
                figures=_figures(claim, results.paper.figures, pictures),
            )
        )
    return views


def _row(row: Row, effect: Effect | None, words: Words) -> ClaimRow:
    digits = formats.effect_digits(row["effect"], row["ci_low"], row["ci_high"])
    interval = formats.interval(row["ci_low"], row["ci_high"], digits)
    return ClaimRow(
        protocol=row["protocol"],
        verdict=row["verdict"],
        effect=effect,
        raw=f"{formats.number(row['effect'], digits, signed=True)} {interval}".strip(),
        n=formats.count(row["n"]) if row["n"] != "0" else formats.ABSENT,
        p=formats.p_value(row["p"]),
        p_adjusted=formats.p_value(row["p_adjusted"]),
        pairs=formats.share(row["pairs_in_direction"], row["pairs"]),
        test=row["test"],
        part=words(row["part"]),
        note=re.sub(r"\bunit(s?)\b", r"example\1", words(row["note"])),
    )


def _metrics_by_item(results: Results) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in [*results.comparison, *results.printed]:
        found.setdefault(row["item"], set()).add(row["metric"])
    for name, _ in results.tables:
        found.setdefault(name, set())
    return found


def _tables(source: str, claim: Claim | None, metrics: Mapping[str, set[str]]) -> list[str]:
    """The tables that a claim's source names, or that it is about, else the first with its
    metrics."""
    named = [f"{kind.lower()}{n}" for kind, n in re.findall(r"(Table|Figure) (\d+)", source)]
    if claim and claim.item:
        named.insert(0, claim.item)
    found = [name for name in dict.fromkeys(named) if name in metrics]
    if found or claim is None:
        return found
    compared = set(metrics_of(claim))
    return [item for item, its in metrics.items() if its & compared][:1]


def _figures(
    claim: Claim | None, shown: Mapping[str, list[str]], pictures: Collection[str]
) -> list[str]:
    """The figures that show a claim, as paper.yaml says, else the one of its table."""
    if claim is None:
        return []
    found = [name for name, starts in shown.items() if any(map(claim.begins, starts))]
    found = found or [claim.item or ""]
    return [name for name in found if name in pictures]
