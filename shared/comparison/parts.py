"""An inequality over the cells that are there: one part for each thing its bare names stand for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import NamedTuple

from shared.comparison.language import (
    MODEL,
    PLACES,
    Arithmetic,
    Call,
    Cell,
    Expression,
    Inequality,
    Mean,
    Number,
    Term,
    cells,
    names,
    nodes,
)


class Key(NamedTuple):
    """Which cell."""

    metric: str
    method: str
    dataset: str
    model: str

    def __str__(self) -> str:
        named = (self.method, self.dataset and f"on {self.dataset}", self.model)
        return " ".join(filter(None, (self.metric, *named)))


# Key | Number | Arithmetic | Call | tuple of which the mean is taken, all of bound expressions
Side = Key | Number | Arithmetic | Call | tuple
Values = Mapping[Key, float]


@dataclass(frozen=True)
class Part:
    """`more` is claimed to be above `less`, of certain cells; `name` says which."""

    more: Side
    less: Side
    strict: bool
    name: str

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys([*_keys(self.more), *_keys(self.less)]))

    @property
    def against_number(self) -> bool:
        """Whether one side has no cell."""
        return not (list(_keys(self.more)) and list(_keys(self.less)))

    def lead(self, values: Values) -> float:
        """By how much the claimed inequality is fulfilled; below zero it is broken."""
        return value(self.more, values) - value(self.less, values)

    def fulfilled(self, values: Values) -> bool:
        lead = self.lead(values)
        return lead > 0 if self.strict else lead >= -1e-9  # 0.95 - 0.05 is a little below 0.9

    def shown(self, values: Values) -> str:
        """`ParaRel ID: R-Tuning 79.61 against Vanilla 83.16`."""
        own = [_differing(side, other) for side, other in self._sides]
        numbers = [f"{value(side, values):.4g}" for side, _ in self._sides]
        texts = [f"{name} {number}".strip() for name, number in zip(own, numbers, strict=True)]
        return f"{self.name}: ".removeprefix(": ") + " against ".join(texts)

    @property
    def _sides(self) -> tuple[tuple[Side, Side], tuple[Side, Side]]:
        return (self.more, self.less), (self.less, self.more)


@dataclass(frozen=True)
class Scope:
    """What bare names may stand for.

    `keys`: the cells that are there. `where`: values of a name; `without`: values it never takes.
    `ranges`: names of a place (method, dataset) to which names that are not in `where` are limited.
    `averages`: data sets that are printed means of others, which no bare name stands for.
    """

    keys: Collection[Key]
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranges: Mapping[str, Collection[str]] = field(default_factory=dict)
    averages: Collection[str] = ()

    def values(self, name: str, among: Sequence[Cell], binding: Mapping[str, str]) -> list[str]:
        """What a bare name stands for in some cells, in the order in which the cells are there."""
        banned = set(self.without.get(name, ()))
        if name in self.where:
            return [one for one in self.where[name] if one not in banned]
        found: list[str] = []
        for cell in among:
            for place, term in zip(PLACES, cell.terms, strict=True):
                if not (term.bare and term.text == name):
                    continue
                banned |= _quoted(among, place)
                if place == "dataset":
                    banned |= set(self.averages)
                fitting = [key for key in self.by_metric(cell.metric) if _fits(key, cell, binding)]
                there = dict.fromkeys(getattr(key, place) for key in fitting)
                limit = self.ranges.get(place) or there
                found += [one for one in there if one in limit]
        return [one for one in dict.fromkeys(found) if one not in banned]

    def by_metric(self, metric: str) -> list[Key]:
        return self._by_metric.get(metric, [])

    @cached_property
    def _by_metric(self) -> dict[str, list[Key]]:
        found: dict[str, list[Key]] = {}
        for key in self.keys:
            found.setdefault(key.metric, []).append(key)
        return found


def parts(inequality: Inequality, scope: Scope) -> tuple[list[Part], list[str]]:
    """A part for each value of the names outside of means, and the names of absent cells."""
    inside = {n for node in nodes(inequality) if isinstance(node, Mean) for n in node.over}
    used_outside = set(_names_outside(inequality.more)) | set(_names_outside(inequality.less))
    outer = [name for name in names(inequality) if name not in inside or name in used_outside]
    among = cells(inequality)
    candidates = {name: scope.values(name, among, {}) for name in outer}
    made, lacking, left_out = [], [], []
    known = set(scope.keys)
    for chosen in product(*candidates.values()):
        binding = dict(zip(outer, chosen, strict=True))
        own = [one for name, one in binding.items() if name != MODEL]
        if len(set(own)) < len(own):  # two names never stand for the same thing
            continue
        expand = _Expansion(scope, binding, inequality)
        more, less = (expand(side, binding) for side in (inequality.more, inequality.less))
        absent = [key for key in (*_keys(more), *_keys(less)) if key not in known]
        if absent or expand.empty:
            lacking.append((binding, [*map(str, absent), *expand.empty]))
        else:
            made.append((binding, Part(more, less, inequality.strict, "")))
            left_out += map(str, expand.left_out)
    # A model without one side (an engine that was only measured) is no gap in what was compared.
    there = {binding.get(MODEL) for binding, _ in made}
    missing = [text for b, texts in lacking if not made or b.get(MODEL) in there for text in texts]
    missing += left_out
    if not made and not missing:
        nothing = [cell for cell in among if not _any(cell, scope)]
        missing += [str(_pattern(cell)) for cell in nothing or among]
    missing += [f"data set {one}" for one in _unmet(outer, candidates, among, scope)]
    shown = [name for name in outer if len({binding[name] for binding, _ in made}) > 1]
    named = [
        replace(part, name=", ".join(binding[name] for name in shown if binding[name]))
        for binding, part in made
    ]
    return named, list(dict.fromkeys(missing))


def value(side: Side, values: Values) -> float:
    match side:
        case Key():
            return values[side]
        case Number(number):
            return number
        case Arithmetic(operator, left, right):
            one, other = value(left, values), value(right, values)
            return _reckon(operator, one, other)
        case Call(function, arguments):
            found = [value(argument, values) for argument in arguments]
            return abs(found[0]) if function == "abs" else {"min": min, "max": max}[function](found)
        case tuple():
            return sum(value(one, values) for one in side) / len(side)
    raise TypeError(side)


def _reckon(operator: str, one: float, other: float) -> float:
    if operator == "/":
        return one / other if other else float("nan")
    return {"+": one + other, "-": one - other, "*": one * other}[operator]


class _Expansion:
    """Cells become keys, means the tuples of what is averaged.

    empty: means of nothing. left_out: cells that a mean over listed values is taken without.
    """

    def __init__(self, scope: Scope, binding: Mapping[str, str], inequality: Inequality):
        self.scope, self.known = scope, set(scope.keys)
        self.empty: list[str] = []
        self.left_out: list[Key] = []
        means = [node for node in nodes(inequality) if isinstance(node, Mean)]
        self.combinations = {mean: list(self._of(mean, binding)) for mean in dict.fromkeys(means)}
        # A name that several means range over takes in each what it takes in all of them.
        for name in dict.fromkeys(name for mean in means for name in mean.over):
            sharing = [mean for mean in self.combinations if name in mean.over]
            each = ({one[name] for one in self.combinations[mean]} for mean in sharing)
            common = set.intersection(*each)
            for mean in sharing:
                kept = [one for one in self.combinations[mean] if one[name] in common]
                self.combinations[mean] = kept

    def __call__(self, part: Expression, binding: Mapping[str, str]) -> Side:
        match part:
            case Cell():
                return _key(part, binding)
            case Arithmetic(operator, left, right):
                return Arithmetic(operator, self(left, binding), self(right, binding))
            case Call(function, arguments):
                return Call(function, tuple(self(one, binding) for one in arguments))
            case Mean(inside, _):
                averaged = tuple(self(inside, binding | c) for c in self.combinations[part])
                if not averaged:
                    self.empty += [str(_pattern(cell)) for cell in cells(inside)]
                return averaged
        return part

    def _of(self, mean: Mean, binding: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """The values of a mean's names for which all cells are there."""
        among = cells(mean.inside)
        candidates = [self.scope.values(name, among, binding) for name in mean.over]
        for chosen in product(*candidates):
            one = dict(zip(mean.over, chosen, strict=True))
            absent = [
                key for cell in among if (key := _key(cell, {**binding, **one})) not in self.known
            ]
            if not absent:
                yield one
            elif any(name in self.scope.where for name in mean.over):
                self.left_out += absent


def _keys(side: Side) -> Iterator[Key]:
    match side:
        case Key():
            yield side
        case Arithmetic(_, left, right):
            yield from (*_keys(left), *_keys(right))
        case Call(_, arguments):
            for one in arguments:
                yield from _keys(one)
        case tuple():
            for one in side:
                yield from _keys(one)


def _names_outside(part: Expression) -> Iterator[str]:
    """Names of cells that are in no mean over them."""

    def walk(node: Expression, averaged: frozenset[str]) -> Iterator[str]:
        match node:
            case Cell():
                yield from (n for t in node.terms for n in t.names if n not in averaged)
            case Mean(inside, over):
                yield from walk(inside, averaged | set(over))
            case Arithmetic(_, left, right):
                yield from (*walk(left, averaged), *walk(right, averaged))
            case Call(_, arguments):
                for one in arguments:
                    yield from walk(one, averaged)

    return walk(part, frozenset())


def _key(cell: Cell, binding: Mapping[str, str]) -> Key:
    return Key(cell.metric, *(_filled(term, binding) for term in cell.terms))


def _filled(term: Term, binding: Mapping[str, str]) -> str:
    if term.bare:
        return binding[term.text]
    text = term.text
    for name in term.names:
        text = text.replace(f"{{{name}}}", binding[name])
    return text


def _fits(key: Key, cell: Cell, binding: Mapping[str, str]) -> bool:
    """Whether a key may be this cell, whatever its unbound names stand for."""
    if key.metric != cell.metric:
        return False
    return all(
        getattr(key, place) == _filled(term, binding)
        for place, term in zip(PLACES, cell.terms, strict=True)
        if all(name in binding for name in term.names)
    )


def _any(cell: Cell, scope: Scope) -> bool:
    return any(_fits(key, cell, {}) for key in scope.by_metric(cell.metric))


def _unmet(
    outer: Sequence[str], candidates: Mapping, among: Sequence[Cell], scope: Scope
) -> list[str]:
    """Data sets that a bare name should range over and that no cell has."""
    free = {t.text for t in (cell.terms[1] for cell in among) if t.bare} - set(scope.where)
    wanted = set(scope.ranges.get("dataset", ())) - set(scope.averages)
    wanted -= _quoted(among, "dataset")
    found = {one for name in outer if name in free for one in candidates[name]}
    return sorted(wanted - found) if free & set(outer) else []


def _pattern(cell: Cell) -> Key:
    """The cell with what it names in quotes."""
    return Key(cell.metric, *("" if term.bare else term.text for term in cell.terms))


def _quoted(among: Sequence[Cell], place: str) -> set[str]:
    return {
        cell.terms[PLACES.index(place)].text
        for cell in among
        if not cell.terms[PLACES.index(place)].bare
    }


def _differing(side: Side, other: Side) -> str:
    """In which words a cell differs from the one it is compared with; nothing for sums."""
    if not isinstance(side, Key):
        return ""
    if not isinstance(other, Key):
        return side.method or side.dataset
    places = [
        place for place in (*PLACES, "metric") if getattr(side, place) != getattr(other, place)
    ]
    return " ".join(filter(None, (getattr(side, place) for place in places)))
