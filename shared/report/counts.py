"""How many cells and claims got which verdict: the status matrix, and summary.json."""

from collections import Counter
from collections.abc import Iterable

from shared.report.collect import Results, Row

CELL_VERDICTS = (
    "match",
    "compatible",
    "differs",
    "stand-in",
    "unknown",
    "blocked",
    "not attempted",
)
CLAIM_VERDICTS = ("holds", "fails", "inconclusive", "one run", "not testable", "blocked")
# Where the numbers behind a claim come from: new runs, the authors' published labels or data, sums.
KINDS = ("replicated", "re-analysed", "arithmetic")
ATTEMPTED = ("match", "compatible", "differs", "stand-in", "unknown")

# A cell counts once, by the reading nearest to the paper's text; "" is a cell of no protocol.
PROTOCOLS = ("corrected", "official", "")

# What these give is not printed by the paper, so it is no cell of the paper.
NOT_PRINTED = ("derived", "secondary")


def cell_key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("item", "model", "method", "dataset", "metric"))


def cell_verdict(row: Row) -> str:
    """The verdict of a row, `unknown` where ours stands beside a number that could not be read."""
    unread = row["verdict"] == "blocked" and row["our_model"]
    return "unknown" if unread else row["verdict"]


def protocols(rows: Iterable[Row]) -> list[str]:
    """The protocols of some rows, the corrected reading first."""
    found = {row["protocol"] for row in rows}
    return [protocol for protocol in PROTOCOLS if protocol in found]


def cell_counts(comparison: list[Row]) -> dict[str, int]:
    """Cells the paper prints, those attempted, and one count a verdict."""
    verdicts: dict[tuple[str, ...], str] = {}
    for protocol in PROTOCOLS:
        for row in comparison:
            if row["protocol"] == protocol and row["source"] not in NOT_PRINTED:
                verdicts.setdefault(cell_key(row), cell_verdict(row))
    found = Counter(verdicts.values())
    counts = {"reported": len(verdicts), "attempted": sum(found[name] for name in ATTEMPTED)}
    return counts | {name: found[name] for name in CELL_VERDICTS}


def claim_counts(claims: list[Row]) -> dict[str, dict[str, int]]:
    """Protocol → one count a verdict of the paper's own claims, the corrected reading first."""
    own = [row for row in claims if not row["ours"]]
    return {
        protocol: _verdicts(row for row in own if row["protocol"] == protocol)
        for protocol in protocols(claims)
    }


def kind_counts(claims: list[Row]) -> dict[str, dict[str, int]]:
    """Kind → one count a verdict of the paper's own claims, and those that are ours as `ours`; each
    claim once, by the corrected reading where there is one."""
    first = next(iter(protocols(claims)), "")
    rows = [row for row in claims if row["protocol"] == first]
    own = [row for row in rows if not row["ours"]]
    found = {kind: _verdicts(row for row in own if row["kind"] == kind) for kind in KINDS}
    return found | {"ours": _verdicts(row for row in rows if row["ours"])}


def _verdicts(rows: Iterable[Row]) -> dict[str, int]:
    found = Counter(row["verdict"] for row in rows)
    return {name: found[name] for name in CLAIM_VERDICTS}


def paper_counts(results: Results) -> dict:
    """`run`: whether there are results at all; `cells`, `claims` and `kinds` as above."""
    return {
        "run": bool(results.comparison),
        "cells": cell_counts(results.comparison or results.printed),
        "claims": claim_counts(results.claims),
        "kinds": kind_counts(results.claims),
    }


def total_counts(papers: list[Results]) -> dict:
    """Sums over papers of cells and of claims, of which each counts once as cells do."""
    cells, claims = Counter(), Counter()
    kinds = {name: Counter() for name in (*KINDS, "ours")}
    for results in papers:
        counts = paper_counts(results)
        cells.update(counts["cells"])
        claims.update(next(iter(counts["claims"].values()), {}))
        for name, found in counts["kinds"].items():
            kinds[name].update(found)
    return {
        "papers": len(papers),
        "run": sum(bool(results.comparison) for results in papers),
        "cells": {name: cells[name] for name in ("reported", "attempted", *CELL_VERDICTS)},
        "claims": {name: claims[name] for name in CLAIM_VERDICTS},
        "kinds": {
            kind: {name: found[name] for name in CLAIM_VERDICTS} for kind, found in kinds.items()
        },
    }


def seconds(papers: Iterable[Results]) -> float:
    """Of all steps, one after the other."""
    return sum(run.get("seconds") or 0 for results in papers for run in results.runs)


def summary(scale: str, papers: list[Results]) -> dict:
    """What other pages are made from: the README's status table, the badge."""
    return {
        "scale": scale,
        "total": total_counts(papers) | {"seconds": round(seconds(papers), 1)},
        "papers": {results.paper.id: _paper(results) for results in papers},
    }


def _paper(results: Results) -> dict:
    verdicts: dict[str, dict[str, str]] = {}
    for row in results.claims:
        verdicts.setdefault(row["id"], {})[row["protocol"]] = row["verdict"]
    return {
        "title": results.paper.title,
        "name": results.paper.name,
        "replicated": results.paper.replicated.get(results.scale, ""),
        "figure": main_figure(results),
        **paper_counts(results),
        "verdicts": verdicts,
        "audit": dict(Counter(row["agrees"] for row in arithmetic(results.audit))),
        "seconds": round(seconds([results]), 1),
        "commits": sorted({run["commit"] for run in results.runs if run.get("commit")}),
        "dirty": any(run.get("dirty") for run in results.runs),
        "missing": results.missing,
    }


def main_figure(results: Results) -> str:
    """The first figure that paper.yaml names and that was drawn, else the first; "" without any."""
    drawn = [picture.name for picture in results.figures]
    named = [name for name in results.paper.figures if name in drawn]
    return next(iter([*named, *drawn]), "")


def arithmetic(audit: list[Row]) -> list[Row]:
    """The checks of averages, repeated tables and totals; the others are claims."""
    return [row for row in audit if row["check"] != "claim"]
