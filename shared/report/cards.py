"""The first screen: a card for each paper, and every claim's effect on one scale."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.plots.words import Words
from shared.report.claims import ClaimRow, ClaimView
from shared.report.collect import Results, Row
from shared.report.counts import CLAIM_VERDICTS, KINDS, kind_counts, protocols
from shared.report.items import PROTOCOL_NAMES
from shared.report.reasons import Reasons

KIND_NAMES = {
    "replicated": "new runs",
    "re-analysed": "the authors' data, counted again",
    "arithmetic": "arithmetic",
}
SPAN = 100  # points on each side of zero


class Bar(NamedTuple):
    """The verdicts on claims of one kind: (verdict, count), those that occur."""

    name: str
    parts: list[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parts)

    @property
    def text(self) -> str:
        """`1 holds, 4 inconclusive`."""
        return ", ".join(f"{count} {verdict}" for verdict, count in self.parts)


class Card(NamedTuple):
    sentence: str
    bars: list[Bar]
    why: list[str]  # what kept claims undecided
    ours: Bar  # claims that are this project's


def card(results: Results, words: Words) -> Card:
    counts = kind_counts(results.claims)
    bars = [Bar(KIND_NAMES[kind], _parts(counts[kind])) for kind in KINDS]
    first = next(iter(protocols(results.claims)), "")
    own: list[Row] = [row for row in results.claims if row["protocol"] == first and not row["ours"]]
    return Card(
        sentence=results.paper.replicated.get(results.scale) or _counted(bars),
        bars=[bar for bar in bars if bar.parts],
        why=Reasons(results, words).undecided(own),
        ours=Bar("claims of ours", _parts(counts["ours"])),
    )


class Strip(NamedTuple):
    """Where a claim's effect lies on the axis, in per cent of its width from the left. `low` and
    `high` are None without an interval; `beyond`: it goes on past an end; `reading`: which one, if
    not the first."""

    claim: ClaimView
    row: ClaimRow
    reading: str
    value: float
    low: float | None
    high: float | None
    paper: tuple[float, float] | None
    beyond: bool


def strips(claims: Sequence[ClaimView]) -> list[Strip]:
    """The claims that have an effect, by the first of their readings that has one."""
    found = []
    for claim in claims:
        row = next((row for row in claim.rows if row.effect), None)
        if row is None:
            continue
        effect = row.effect
        ends = (effect.value, effect.low, effect.high, *(effect.paper or ()))
        found.append(
            Strip(
                claim,
                row,
                "" if row == claim.first else PROTOCOL_NAMES[row.protocol],
                *(None if end is None else _place(end) for end in ends[:3]),
                paper=effect.paper and tuple(map(_place, effect.paper)),
                beyond=any(end is not None and abs(end) > SPAN for end in ends),
            )
        )
    return found


def _place(points: float) -> float:
    return round(50 + 50 * max(-SPAN, min(SPAN, points)) / SPAN, 2)


def _parts(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(verdict, counts[verdict]) for verdict in CLAIM_VERDICTS if counts[verdict]]


def _counted(bars: Sequence[Bar]) -> str:
    """A sentence for a paper that has none of its own."""
    total = sum(bar.total for bar in bars)
    if not total:
        return "There are no results yet."
    held = sum(count for bar in bars for verdict, count in bar.parts if verdict == "holds")
    failed = sum(count for bar in bars for verdict, count in bar.parts if verdict == "fails")
    return f"Of {total} claims {held or 'none'} held here, and {failed or 'none'} failed."
