"""How long steps took when they last ran at this scale: their records say.

A clone holds the records of the committed run, so a first run has something to go by too.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

UNKNOWN = 10.0  # seconds of a step that has no record


def recorded(results: Path) -> dict[str, float]:
    """Seconds of each step, by the path of its record; what can't be read is left out."""
    found = {}
    for path in sorted(results.glob("*/runs/**/*.json")):
        try:
            found[str(path)] = float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def cheapest_first(papers: Sequence[str], took: Mapping[str, float]) -> list[str]:
    """The papers in the order of what they took; those without any record last, as they came."""
    seconds = dict.fromkeys(papers, 0.0)
    for record, own in took.items():
        paper = Path(record.partition("/runs/")[0]).name
        if paper in seconds:
            seconds[paper] += own
    return sorted(papers, key=lambda paper: seconds[paper] or float("inf"))


def raise_priority(rules: Iterable, by: int) -> None:
    """Let jobs of these rules run before others that could run too."""
    for rule in rules:
        rule.priority += by


def seconds_of(outputs: Iterable[str], took: Mapping[str, float]) -> float:
    """What a job is expected to take, by the record among its outputs."""
    return next((took[str(path)] for path in outputs if str(path) in took), UNKNOWN)
