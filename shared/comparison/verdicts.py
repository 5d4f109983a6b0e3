"""Verdicts on a paper's claims: `claims.csv`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shared.comparison import claims
from shared.comparison.analysis import Analysis
from shared.comparison.claims import Bound, listed
from shared.comparison.csv_files import typed
from shared.comparison.decisions import (
    Outcome,
    outcome,
    settling,
    threshold,
    word,
)
from shared.comparison.inference import LEVEL, Inference
from shared.comparison.parts import Part, Values
from shared.comparison.table import Table
from shared.errors import UserError
from shared.metrics.significance import benjamini_hochberg
from shared.settings import Claim

COLUMNS = [
    *("id", "protocol", "kind", "ours", "verdict", "effect", "ci_low", "ci_high"),
    *("p", "p_adjusted", "test", "n", "units", "seeds", "part"),
    *("pairs_in_direction", "pairs", "reported_in_direction", "reported_pairs"),
    *("note", "text", "source"),
]
AS_CORRECTED = "as corrected"  # under `official`, of a claim that both protocols read alike


@dataclass(frozen=True)
class Judged:
    """A claim on our cells before the correction for all claims of the protocol."""

    claim: Claim
    bound: Bound
    found: Sequence[Inference]  # of the parts
    outcome: Outcome
    values: Values
    untestable: str = ""  # the condition of the claim that our cells do not meet
    beyond: str = ""  # why it can't be shown at this scale


def verdicts(analysis: Analysis) -> pd.DataFrame:
    """A row for each claim and protocol. The correction is over the paper's own claims that were
    tested under a protocol; ours stand outside of it."""
    check_claims(analysis)
    rows = []
    for protocol in sorted({group.protocol for group in analysis.groups}) or [""]:
        table = analysis.table(protocol)
        judged = [judge(claim, table, analysis) for claim in analysis.paper.claims]
        p = [np.nan if one.claim.ours else one.outcome.p for one in judged]
        for place, (one, corrected) in enumerate(zip(judged, benjamini_hochberg(p), strict=True)):
            adjusted = one.outcome.p if one.claim.ours else corrected
            allowed = LEVEL if one.claim.ours else threshold(p, place)
            rows.append(_row(one, protocol, adjusted, allowed, analysis))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def judge(claim: Claim, table: Table, analysis: Analysis) -> Judged:
    values = table.values
    own = table.of_item(claim.item, analysis.items) if claim.item else values
    bound = claims.bind(claim, own, analysis.names, analysis.functions)
    if not bound.parts:
        return Judged(claim, bound, [], Outcome(-1), values)
    if broken := _condition(claim, values, analysis):
        return Judged(claim, bound, [], Outcome(-1), values, broken)
    exact = claim.kind == "arithmetic"
    found = [table.infer(part, exact) for part in bound.parts]
    beyond = claim.untestable.get(analysis.scale, "") if bound.whole else ""
    return Judged(
        claim, bound, found, outcome(found, bound.whole and not beyond), values, beyond=beyond
    )


def check_claims(analysis: Analysis) -> None:
    """Raise `UserError` for the first claim that names something that does not exist."""
    reported, groups, items = analysis.reported, analysis.groups, analysis.items
    stand_ins = analysis.stand_ins
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
            *stand_ins.datasets,
            *stand_ins.datasets.values(),
        },
        "model": {
            *reported["model"],
            *(group.model for group in groups),
            *stand_ins.models,
            *stand_ins.models.values(),
            # a claim may leave out a model that only another scale has
            *(name for scale in analysis.paper.scales.values() for name in scale.get("models", {})),
        },
    }
    seen = set()
    for claim in analysis.paper.claims:
        where = f"claim '{claim.id}' of {analysis.paper.id}"
        if claim.id in seen:
            raise UserError(f"{where}: id given twice; expected each id once")
        seen.add(claim.id)
        claims.check(claim, where, known, analysis.functions)


def _condition(claim: Claim, values: Values, analysis: Analysis) -> str:
    """Which part of the claim's `only_if` our values do not meet."""
    if not claim.only_if:
        return ""
    condition = claim.model_copy(update={"holds": claim.only_if, "function": None})
    bound = claims.bind(condition, values, analysis.names, {})
    if not bound.whole:
        return f"says something only if {claim.only_if}; cells are missing for that"
    broken = [part.shown(values) for part in bound.parts if not part.fulfilled(values)]
    return f"says something only if {claim.only_if}; here {listed(broken)}" if broken else ""


def _row(one: Judged, protocol: str, adjusted: float, allowed: float, analysis: Analysis) -> tuple:
    verdict = "not testable" if one.untestable else word(one.outcome, adjusted)
    if one.claim.alike and protocol == "official" and verdict == "blocked":
        verdict = AS_CORRECTED
    if one.beyond and verdict == "blocked":
        verdict = "not testable"
    right, total, _ = analysis.on_reported(one.claim)
    fulfilled = [part.fulfilled(one.values) for part in one.bound.parts]
    numbers = (np.nan, np.nan, np.nan, np.nan, np.nan, "", 0, 0, 0, "")
    if verdict not in ("blocked", AS_CORRECTED) and not one.untestable:
        part, found = one.bound.parts[one.outcome.weakest], one.found[one.outcome.weakest]
        examples = max(analysis.table(protocol)[key].n for key in part.keys)
        numbers = (
            *(found.lead, *found.interval, one.outcome.p, adjusted),
            *(_test(found), examples, found.units, found.seeds, part.shown(one.values)),
        )
    return (
        *(one.claim.id, protocol, one.claim.kind, "yes" if one.claim.ours else "", verdict),
        *(*numbers, sum(fulfilled), len(fulfilled), right, total),
        *("; ".join(filter(None, _notes(one, verdict, adjusted, allowed))),),
        *(one.claim.text, one.claim.source),
    )


def _notes(one: Judged, verdict: str, adjusted: float, allowed: float) -> list[str]:
    notes = [one.untestable, one.beyond]
    if verdict == "inconclusive":
        found = one.found[one.outcome.weakest]
        if found.interval[0] > 0 or found.interval[1] < 0:
            notes.append("the interval excludes zero, but p after the correction is not low")
        notes.append(settling(found, allowed))
    if verdict == "one run":
        notes.append("one seed of a training says nothing of its noise")
    if one.found:
        broken = [_broken(p, f, one) for p, f in zip(one.bound.parts, one.found, strict=True)]
        if any(broken):
            notes.append(f"not: {listed(list(filter(None, broken)))}")
        for reason in dict.fromkeys(each.no_test for each in one.found if each.no_test):
            parts = zip(one.bound.parts, one.found, strict=True)
            named = [part.shown(one.values) for part, each in parts if each.no_test == reason]
            notes.append(f"{reason}: {listed(named)}")
    if one.bound.missing and verdict != AS_CORRECTED:
        missing = listed(one.bound.missing)
        notes.append(missing if missing.startswith("needs") else f"missing: {missing}")
    return notes


def _broken(part: Part, found: Inference, one: Judged) -> str:
    return "" if found.no_test or part.fulfilled(one.values) else part.shown(one.values)


def _test(found: Inference) -> str:
    if found.no_test:
        return ""
    if found.exact:
        return "exact"
    return "t, units and seeds" if found.seeds > 1 else "t, units"
