"""What two runs were: commit, settings, seeds, data, inputs, packages, hardware."""

from collections.abc import Iterator
from typing import NamedTuple

# In the order in which they are told.
KINDS = ("commit", "settings", "seed", "data", "input", "package", "hardware")
ABSENT = "absent"
SHOWN = 12  # characters of a checksum


class Difference(NamedTuple):
    """Something that the same steps of both sides have otherwise."""

    what: str
    first: str
    second: str
    steps: list[str]

    @property
    def kind(self) -> str:
        return self.what.split()[0]


def differences(first: dict[str, dict], second: dict[str, dict]) -> list[Difference]:
    """What the records of steps that both have differ in; equal differences are told once."""
    steps: dict[tuple[str, str, str], list[str]] = {}
    for step in first:
        if step in second:
            ours, theirs = dict(_facts(first[step])), dict(_facts(second[step]))
            for what in {**ours, **theirs}:
                sides = ours.get(what, ABSENT), theirs.get(what, ABSENT)
                if sides[0] != sides[1]:
                    steps.setdefault((what, *sides), []).append(step)
    found = [Difference(*key, names) for key, names in steps.items()]
    return sorted(found, key=lambda each: KINDS.index(each.kind))


def _facts(run: dict) -> Iterator[tuple[str, str]]:
    """(kind and name, value) of a record, values as text."""
    commit = str(run.get("commit"))[:SHOWN]
    yield "commit", f"{commit} with uncommitted changes" if run.get("dirty") else commit
    yield "seed", str(run.get("seed"))
    for name, value in _leaves(run.get("settings") or {}):
        yield f"settings {name}", value
    for source in run.get("sources") or []:
        for name, value in _leaves(source):
            if name != "id":
                yield f"data {source.get('id')}: {name}", _short(name, value)
    for name, digest in (run.get("inputs") or {}).items():
        yield f"input {name}", digest[:SHOWN]
    for name, value in (run.get("packages") or {}).items():
        yield f"package {name}", value
    for name, value in (run.get("hardware") or {}).items():
        yield f"hardware {name}", str(value)


def _leaves(values: dict, above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)


def _short(name: str, value: str) -> str:
    return value[:SHOWN] if name.startswith("sha256") else value
