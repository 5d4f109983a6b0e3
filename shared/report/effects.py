"""Effects of claims on one scale, ours and the paper's own.

An effect is the lead of what is claimed to be higher; below zero the claim goes the other way. Its
standard form is in points, hundredths of the metric's full scale: 61 against 55 per cent, and 0.61
against 0.55, are six points. A metric without a full scale (a perplexity, a length) gives the
difference in per cent of the larger side.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared import settings
from shared.comparison.claims import Names, bind, inequalities
from shared.comparison.language import cells
from shared.comparison.parts import Part, Values, value
from shared.comparison.reported import read_reported
from shared.report.collect import Results, Row
from shared.report.formats import interval, number, parsed
from shared.settings import Claim

Scales = Mapping[str, float | None]  # metric → its highest value, None where it has none


class Effect(NamedTuple):
    """In points, or `relative`: in per cent of the larger side. `paper`: the smallest and the
    largest lead in the paper's own numbers."""

    value: float
    low: float | None
    high: float | None
    paper: tuple[float, float] | None = None
    relative: bool = False

    @property
    def unit(self) -> str:
        return " %" if self.relative else " points"

    @property
    def text(self) -> str:
        """`−3.6 points [−13.0, 2.5]`."""
        shown = number(self.value, 1, signed=True) + self.unit
        return f"{shown} {interval(self.low, self.high, 1)}".strip()

    @property
    def papers(self) -> str:
        """`+0.3 to +16.9 points`."""
        if not self.paper:
            return ""
        ends = dict.fromkeys(number(end, 1, signed=True) for end in self.paper)
        return " to ".join(ends) + self.unit


def effects(results: Results) -> dict[tuple[str, str], Effect]:
    """(claim, protocol) → its effect, of the claims that have one."""
    scales = full_scales([*results.comparison, *results.printed, *results.cells])
    known = {claim.id: claim for claim in results.paper.claims}
    leads = paper_leads(results, scales)
    found = {}
    for row in results.claims:
        effect = parsed(row["effect"])
        if effect is None or row["verdict"] == "not testable":
            continue
        metrics = metrics_of(known[row["id"]]) if row["id"] in known else []
        named = [metric for metric in metrics if row["part"].startswith(f"{metric},")] or metrics
        scale = scales.get(named[0]) if named else 100.0
        times = _points(scale, _sides(row["part"]))
        low, high = (parsed(row[name]) for name in ("ci_low", "ci_high"))
        found[row["id"], row["protocol"]] = Effect(
            effect * times,
            None if low is None else low * times,
            None if high is None else high * times,
            leads.get(row["id"]),
            scale is None,
        )
    return found


def paper_leads(results: Results, scales: Scales) -> dict[str, tuple[float, float]]:
    """Claim → the smallest and the largest lead of its parts in the numbers that the paper prints,
    in points; nothing for a claim that these do not decide."""
    path = settings.PAPERS / results.paper.id / "reported.csv"
    if not path.is_file():
        return {}
    names = Names(read_reported(path), (), results.paper.audit.averages)
    found = {}
    for claim in results.paper.claims:
        if not claim.holds:
            continue
        own = names.own(claim.item)
        leads = [_lead(part, own, scales) for part in bind(claim, own, names, {}).parts]
        if leads:
            found[claim.id] = min(leads), max(leads)
    return found


def metrics_of(claim: Claim) -> list[str]:
    """The metrics whose cells a claim compares."""
    if not claim.holds:
        return []
    return list(dict.fromkeys(c.metric for one in inequalities(claim) for c in cells(one)))


def full_scales(rows: Iterable[Row]) -> dict[str, float | None]:
    """The full scale of each metric: 100 of per cents, 1 of what lies between 0 and 1."""
    found: dict[str, float | None] = {}
    for row in rows:
        metric = row["metric"]
        if row.get("unit") == "%":
            found[metric] = 100.0
            continue
        numbers = map(parsed, (row.get("value"), row.get("reported")))
        if any(number is not None and not 0 <= number <= 1 for number in numbers):
            found[metric] = None
        found.setdefault(metric, 1.0)
    return found


def _lead(part: Part, own: Values, scales: Scales) -> float:
    sides = value(part.more, own), value(part.less, own)
    return part.lead(own) * _points(scales.get(part.keys[0].metric), sides)


def _points(scale: float | None, sides: tuple[float, float]) -> float:
    """What turns a difference into points."""
    return 100 / (scale or max(map(abs, sides)) or 1)


def _sides(part: str) -> tuple[float, float]:
    """The two numbers of `Old: New 61.2 against Old 55`; zeros where there are none."""
    number = r"(-?\d[\d.]*(?:e[+-]?\d+)?)"
    found = re.search(rf"(?:^|\s){number} against (?:.* )?{number}$", part)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)
