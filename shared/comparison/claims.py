"""A claim of `paper.yaml`, read as inequalities and bound to the cells that are there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from shared.comparison.items import Item
from shared.comparison.language import Inequality, cells, parse
from shared.comparison.parts import Key, Part, Scope, Values, parts
from shared.comparison.reported import own_numbers
from shared.errors import UserError
from shared.settings import Claim, StandIns
from shared.settings.records import Average

MOST = 5  # of a list in a note


@dataclass(frozen=True)
class Reading:
    """What a claim's function makes of the cells that are there: an inequality, as in `holds`."""

    holds: str
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)


# Given the values of cells (the paper's or ours) by key; text says what is missing.
Functions = Mapping[str, Callable[[Values], Reading | str]]


@dataclass(frozen=True)
class Bound:
    """The parts of each inequality of a claim, and what is missing. `whole`: each has a part."""

    parts: Sequence[Part]
    missing: Sequence[str] = ()
    whole: bool = True


class Printed(NamedTuple):
    """A row of reported.csv."""

    item: str
    metric: str
    method: str
    dataset: str
    model: str


@dataclass(frozen=True, eq=False)
class Names:
    """What limits the bare names of a paper's claims."""

    reported: pd.DataFrame
    items: Sequence[Item] = ()
    averages: Sequence[Average] = ()
    stand_ins: StandIns = field(default_factory=StandIns)

    def ranges(self, claim: Claim, inequalities: Sequence[Inequality]) -> dict[str, set[str]]:
        """The data sets and methods that the claim's item prints for its metrics, or where it
        prints none, those that it has here."""
        if claim.item is None:
            return {}
        metrics = {cell.metric for one in inequalities for cell in cells(one)}
        printed = [key for key in self.printed if key.item == claim.item and key.metric in metrics]
        if printed:
            return {place: {getattr(k, place) for k in printed} for place in ("method", "dataset")}
        own = [i for i in self.items if i.item == claim.item and metrics & set(i.metrics)]
        found = {"method": {name for item in own for name in item.methods}}
        if own and all(item.datasets is not None for item in own):
            named = {name for item in own for name in item.datasets}
            found["dataset"] = named | {self.stand_ins.datasets.get(n, n) for n in named}
        return found

    @cached_property
    def printed(self) -> list[Printed]:
        return _rows(self.reported)

    def own(self, item: str | None) -> dict[Key, float]:
        """The paper's own numbers, of an item or of all; of several prints of a cell the first."""
        found: dict[Key, float] = {}
        for row, number in self._own:
            if item in (None, row.item):
                found.setdefault(Key(*row[1:]), number)
        return found

    @cached_property
    def _own(self) -> list[tuple[Printed, float]]:
        rows = own_numbers(self.reported)
        return list(zip(_rows(rows), map(float, rows["number"]), strict=True))

    def averaged(self, claim: Claim) -> set[str]:
        """Data sets that are printed means of others."""
        return {one.printed for one in self.averages if claim.item in (None, one.item)}


def inequalities(claim: Claim, text: str | None = None) -> list[Inequality]:
    """Of `holds`, or of another text of the claim. `UserError` names the claim."""
    return parse(text or claim.holds or "", f"claim '{claim.id}'")


def bind(claim: Claim, keys: Values, names: Names, functions: Functions) -> Bound:
    """The parts of a claim over the cells in `keys`, whose values are asked for by functions only.

    Where a claim has nothing to compare, `instead` names what is read in place of its names.
    """
    if claim.blocked:
        return Bound((), (claim.blocked,), whole=False)
    holds, where = claim.holds, claim.where
    if claim.function:
        reading = functions[claim.function](keys)
        if isinstance(reading, str):
            return Bound((), (reading,), whole=False)
        holds, where = reading.holds, reading.where
    first = _bind(claim, holds, where, keys, names)
    if first.whole or not claim.instead:
        return first
    second = _bind(claim, _instead(claim, holds), _instead(claim, where), keys, names)
    return second if second.whole else first


def on_reported(claim: Claim, names: Names, functions: Functions) -> tuple[int, int, str]:
    """How many parts the paper's own numbers fulfil, of how many, and the exceptions.

    Numbers that are derived or another's are left out. Where several items print a cell and the
    claim names none, the first counts.
    """
    values = names.own(claim.item)
    bound = bind(claim, values, names, functions)
    if not bound.parts:
        return 0, 0, "the paper's numbers for it are not known"
    broken = [part.shown(values) for part in bound.parts if not part.fulfilled(values)]
    note = f"except {listed(broken)}" if broken else ""
    return len(bound.parts) - len(broken), len(bound.parts), note


def listed(names: Sequence[str], most: int = MOST) -> str:
    """The names, without repeats and not too many."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def check(claim: Claim, where: str, known: Mapping[str, set[str]], functions: Functions) -> None:
    """Raise a `UserError` that lists what exists if the claim names something that does not.

    `known`: names by metric, method, dataset, model, item.
    """
    given = [n for n in ("holds", "function", "blocked") if getattr(claim, n)]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise UserError(f"{where}: found {found}; expected one of holds, function, blocked")
    if claim.item:
        _known("item", claim.item, known["item"], where)
    if claim.function:
        _known("function", claim.function, set(functions), where)
    texts = [text for text in (claim.holds, claim.only_if) if text]
    found = [one for text in texts for one in parse(text, where)]
    used: dict[str, set[str]] = {}
    for cell in (cell for one in found for cell in cells(one)):
        _known("metric", cell.metric, known["metric"], where)
        for place, term in zip(("method", "dataset", "model"), cell.terms, strict=True):
            for name in term.names:
                used.setdefault(name, set()).update({place} if term.bare else ())
            if not term.names:
                _known(place, term.text, known[place], where)
            elif not term.bare:
                for name in term.names:
                    for one in claim.where.get(name, ()):
                        filled = term.text.replace(f"{{{name}}}", one)
                        if "{" not in filled:
                            _known(place, filled, known[place], where)
    limits = {**claim.where, **claim.without}
    if claim.holds:
        for name in (*limits, *claim.at_least):
            if name not in used:
                _known("name", name, set(used), where)
    for name, values in limits.items():
        for place in used.get(name, ()):
            for one in values:
                _known(place, one, known[place], where)


def _rows(reported: pd.DataFrame) -> list[Printed]:
    return list(map(Printed, *(reported[name] for name in Printed._fields)))


def _bind(claim: Claim, holds: str, where: Mapping, keys: Values, names: Names) -> Bound:
    claimed = inequalities(claim, holds)
    scope = Scope(keys, where, claim.without, names.ranges(claim, claimed), names.averaged(claim))
    found, missing, whole = [], [], True
    several = len({cell.metric for one in claimed for cell in cells(one)}) > 1
    for one in claimed:
        own, absent = parts(one, scope)
        metrics = dict.fromkeys(cell.metric for cell in cells(one))
        if several and len(metrics) == 1:
            own = [replace(p, name=", ".join(filter(None, (*metrics, p.name)))) for p in own]
        found += own
        missing += absent
        whole &= bool(own)
    missing = list(dict.fromkeys(missing))
    for name, least in claim.at_least.items():
        there = {getattr(key, name) for part in found for key in part.keys if hasattr(key, name)}
        if found and len(there) < least:
            return Bound((), (f"needs at least {least} different {name}s",), whole=False)
    return Bound(found, missing, whole)


def _instead(claim: Claim, read):
    if isinstance(read, str):
        for name, other in claim.instead.items():
            read = read.replace(name, other)
        return read
    return {name: [_instead(claim, one) for one in values] for name, values in read.items()}


def _known(kind: str, name: str, known: set[str], where: str) -> None:
    if name not in known:
        expected = ", ".join(sorted(filter(None, known))) or "none is defined"
        raise UserError(f"{where}: unknown {kind} '{name}'; expected one of: {expected}")
