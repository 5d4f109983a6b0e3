"""Verdicts on a paper's claims: `claims.csv`."""

import math

import pandas as pd

from shared.comparison.analysis import Analysis
from shared.comparison.claims import on_cells, on_groups, on_reported, sign, wanted_datasets
from shared.comparison.findings import Finding
from shared.comparison.tables import typed
from shared.errors import UserError
from shared.metrics.significance import holm
from shared.settings import Claim

COLUMNS = [
    *("id", "protocol", "verdict", "effect", "ci_low", "ci_high", "p", "p_holm", "test", "n"),
    *("pairs_in_direction", "pairs", "reported_in_direction", "reported_pairs"),
    *("note", "text", "source"),
]
LEVEL = 0.05
# To see an effect at the 5 % level in 80 % of repetitions, it must be 1.96 + 0.84 = 2.8 standard
# errors; half a 95 % interval is 1.96 of them.
POWER = 2.8 / 1.96
MOST = 1_000_000  # examples beyond which saying a number is no advice


def verdicts(analysis: Analysis) -> pd.DataFrame:
    """A row for each claim and protocol. Holm's correction is over the claims of a protocol."""
    check_claims(analysis)
    rows = []
    for protocol in sorted({group.protocol for group in analysis.groups}) or [""]:
        findings = [_on_ours(claim, analysis, protocol) for claim in analysis.paper.claims]
        corrected = holm([finding.p for finding in findings])
        for claim, finding, p_holm in zip(analysis.paper.claims, findings, corrected, strict=True):
            rows.append(_row(claim, protocol, finding, p_holm, analysis))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def verdict(finding: Finding, direction: int, p_holm: float) -> tuple[str, str]:
    """`holds`, `fails`, `inconclusive` or `blocked`, and why if it is one of the last two.

    With an interval: holds or fails if it excludes zero and p after Holm is below 5 %. By count
    alone: holds if all go in the direction, fails if none does.
    """
    if finding.total == 0:
        return "blocked", ""  # the finding's own note says what is missing
    if math.isnan(finding.effect):
        if finding.in_direction in (0, finding.total):
            return ("holds" if finding.in_direction else "fails"), ""
        return "inconclusive", "some go one way and some the other"
    low, high = finding.interval
    if not (low > 0 or high < 0):
        return "inconclusive", f"the interval spans zero; {settling(finding)}"
    if p_holm >= LEVEL:
        return (
            "inconclusive",
            "the interval excludes zero, but p after Holm's correction is not low",
        )
    return ("holds" if direction * finding.effect > 0 else "fails"), ""


def settling(finding: Finding) -> str:
    """How many examples (with seeds in proportion) would settle it if the effect is as seen."""
    low, high = finding.interval
    if finding.effect == 0 or math.isnan(low):
        return "no number of examples can be named"
    needed = finding.n * (POWER * (high - low) / 2 / finding.effect) ** 2
    if needed > MOST:
        return f"more than {MOST:,} examples would be needed"
    step = 10 ** max(0, math.floor(math.log10(max(needed, 1))) - 1)  # two leading digits
    return f"about {math.ceil(needed / step) * step:,} examples would settle an effect of this size"


def check_claims(analysis: Analysis) -> None:
    """Raise `UserError` for the first claim that names something that does not exist."""
    reported, groups, items = analysis.reported, analysis.groups, analysis.items
    stand_ins = analysis.stand_ins.datasets
    known = {
        "item": {*reported["item"], *(item.item for item in items)},
        "metric": {*reported["metric"], *analysis.metrics},
        "method": {
            *reported["method"],
            *(group.method for group in groups),
            *(method for item in items for method in item.methods),
        },
        "dataset": {
            *reported["dataset"],
            *(group.dataset for group in groups),
            *(dataset for item in items for dataset in item.datasets or ()),
            *stand_ins,
            *stand_ins.values(),
        },
        "function": set(analysis.functions),
    }
    seen = set()
    for claim in analysis.paper.claims:
        where = f"claim '{claim.id}' of {analysis.paper.id}"
        if claim.id in seen:
            raise UserError(f"{where}: id given twice; expected each id once")
        seen.add(claim.id)
        if not claim.function and not (claim.metric and claim.method is not None and claim.than):
            raise UserError(f"{where}: expected metric, method and than, or a function")
        named = [
            ("item", claim.item),
            ("metric", claim.metric),
            ("function", claim.function),
            *(("method", name) for name in (claim.method, *claim.than)),
            *(("dataset", name) for name in claim.datasets or ()),
        ]
        for kind, name in named:
            if name is not None and name not in known[kind]:
                expected = ", ".join(sorted(filter(None, known[kind]))) or "none is defined"
                raise UserError(f"{where}: unknown {kind} '{name}'; expected one of: {expected}")


def _on_ours(claim: Claim, analysis: Analysis, protocol: str) -> Finding:
    a = analysis
    if claim.function:
        return on_cells(
            claim, a.groups, a.items, a.metrics, protocol, a.functions, a.stand_ins, a.draws
        )
    of_item = [item.datasets for item in a.items if item.item == claim.item and item.datasets]
    wanted = wanted_datasets(claim, a.reported, a.paper.audit.averages)
    wanted = wanted or {name for datasets in of_item for name in datasets}
    return on_groups(claim, a.groups, a.metrics, protocol, wanted or None, a.stand_ins, a.draws)


def _row(claim: Claim, protocol: str, finding: Finding, p_holm: float, analysis: Analysis) -> tuple:
    paper = on_reported(claim, analysis.reported, analysis.paper.audit.averages, analysis.functions)
    word, reason = verdict(finding, sign(claim), p_holm)
    return (
        *(claim.id, protocol, word, finding.effect, *finding.interval, finding.p, p_holm),
        *(finding.test if finding.total else "", finding.n, finding.in_direction, finding.total),
        *(paper.in_direction, paper.total, "; ".join(filter(None, [reason, finding.note]))),
        *(claim.text, claim.source),
    )
