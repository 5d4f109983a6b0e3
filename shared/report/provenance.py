"""Where the numbers of a paper come from and what they cost, from the records of its steps."""

import json
from collections.abc import Callable
from typing import NamedTuple

from shared.report import formats


class Step(NamedTuple):
    name: str
    duration: str
    memory: str  # of the process, at most
    share: float  # of the paper's seconds, in percent
    tokens: str  # a second
    inputs: dict[str, str]  # file name → start of its SHA-256


class Fact(NamedTuple):
    """What some steps have in common, such as their commit; `steps` is empty if all share it."""

    text: str
    steps: list[str]


class Provenance(NamedTuple):
    duration: str  # of all steps
    steps: list[Step]
    commits: list[Fact]
    hardware: list[Fact]
    packages: list[Fact]
    settings: list[Fact]
    sources: tuple[list[str], list[list[list[str]]]]  # heading; rows of cells of lines

    @property
    def dirty(self) -> bool:
        return any(DIRTY in commit.text for commit in self.commits)


DIRTY = "with uncommitted changes"


def provenance(runs: list[dict], sources: list[dict]) -> Provenance:
    seconds = sum(run.get("seconds") or 0 for run in runs)
    return Provenance(
        duration=formats.duration(seconds or None),
        steps=[_step(run, seconds) for run in runs],
        commits=_facts(runs, _commit),
        hardware=_facts(runs, _hardware),
        packages=_facts(runs, _packages),
        settings=_facts(runs, _settings),
        sources=_sources(sources),
    )


def _step(run: dict, total: float) -> Step:
    seconds = run.get("seconds")
    return Step(
        name=run["step"],
        duration=formats.duration(seconds),
        memory=formats.memory(run.get("peak_mb")),
        share=100 * seconds / total if seconds else 0,
        tokens=formats.count(run.get("tokens_per_second")),
        inputs={name: digest[:12] for name, digest in (run.get("inputs") or {}).items()},
    )


def _facts(runs: list[dict], say: Callable[[dict], str]) -> list[Fact]:
    """Each different text once, with the steps it holds for; nothing for steps that say nothing."""
    steps: dict[str, list[str]] = {}
    for run in runs:
        if text := say(run):
            steps.setdefault(text, []).append(run["step"])
    return [Fact(text, names if len(names) < len(runs) else []) for text, names in steps.items()]


def _commit(run: dict) -> str:
    commit = (run.get("commit") or "not known")[:10]
    return f"{commit} {DIRTY}" if run.get("dirty") else commit


def _hardware(run: dict) -> str:
    """`Linux x86_64, python 3.11.2, 2 cores, 2 threads`."""
    hardware = run.get("hardware") or {}
    parts = [" ".join(hardware[name] for name in ("system", "machine") if name in hardware)]
    for name, value in hardware.items():
        if name in ("cores", "threads"):
            parts.append(f"{value} {name if value != 1 else name[:-1]}")
        elif name not in ("system", "machine"):
            parts.append(f"{name} {value}")
    return ", ".join(filter(None, parts))


def _packages(run: dict) -> str:
    return ", ".join(f"{name} {version}" for name, version in (run.get("packages") or {}).items())


def _settings(run: dict) -> str:
    settings = run.get("settings")
    return json.dumps(settings, indent=1, ensure_ascii=False) if settings else ""


def _sources(sources: list[dict]) -> tuple[list[str], list[list[list[str]]]]:
    """One row a source, with every key that any of them has; a cell is a list of lines."""
    head = list(dict.fromkeys(key for source in sources for key in source))
    return head, [[_lines(source.get(key)) for key in head] for source in sources]


def _lines(value: object) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {entry}" for key, entry in value.items()] or [formats.ABSENT]
    if isinstance(value, list):
        return [", ".join(map(str, value)) or formats.ABSENT]
    return [formats.ABSENT if value in (None, "") else str(value)]
