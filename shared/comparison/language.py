"""The language of claims: inequalities between cells, such as

    ap["R-Tuning", d] > ap["Vanilla", d]

`metric[method, dataset]` or `metric[method, dataset, model]` is a cell; a bare name ranges over all
that have cells, and so does the model where it is not named. Text is read with `ast` and nothing is
ever run: comparisons, chains, `and`, arithmetic, numbers, `min max abs`, and `mean(...)`, which
averages over the names inside it (`mean(..., d)` over d alone). A quoted name may hold a bare one
in braces: "CoCoNot original, {kind}".
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.errors import UserError

PLACES = ("method", "dataset", "model")
MODEL = "model"  # the bare name that stands for the model of a cell that names none
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
COMPARISONS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}
ALLOWED = "cells, numbers, + - * /, min, max, mean, abs, comparisons and `and`"


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Term:
    """What stands in one place of a cell: a name in quotes, or a bare one."""

    text: str
    bare: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The bare names in it."""
        return (self.text,) if self.bare else tuple(re.findall(r"\{(\w+)\}", self.text))


@dataclass(frozen=True)
class Cell:
    metric: str
    terms: tuple[Term, Term, Term]  # method, dataset, model


@dataclass(frozen=True)
class Arithmetic:
    operator: str  # + - * /
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Call:
    function: str  # min, max, abs
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Mean:
    inside: "Expression"
    over: tuple[str, ...]


Expression = Number | Cell | Arithmetic | Call | Mean


@dataclass(frozen=True)
class Inequality:
    """`more` is claimed to be above `less`, or at least as high if not `strict`."""

    more: Expression
    less: Expression
    strict: bool


def parse(text: str, where: str) -> list[Inequality]:
    """The inequalities that must all be true, each between two neighbours of a chain.

    What is above a maximum is above each of its parts, and |x| <= m is x <= m and -x <= m: such
    inequalities are split, so that each part is judged by itself (for |x| <= m these are the two
    one-sided tests of equivalence). `where` begins the message of a `UserError`.
    """
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise UserError(f"{where}: {error.msg} in '{text.strip()}'") from None
    found = [part for one in _conjuncts(body, where) for part in _split(one)]
    if not any(cells(part) for part in found):
        raise UserError(f"{where}: no cell in '{text.strip()}'; expected metric[method, dataset]")
    return found


def nodes(part: Expression | Inequality) -> Iterator[Expression]:
    """An expression and all expressions inside it, or those of both sides."""
    if isinstance(part, Inequality):
        inner = (part.more, part.less)
    else:
        yield part
        match part:
            case Arithmetic(_, left, right):
                inner = (left, right)
            case Call(_, arguments):
                inner = arguments
            case Mean(inside, _):
                inner = (inside,)
            case _:
                inner = ()
    for one in inner:
        yield from nodes(one)


def cells(part: Expression | Inequality) -> list[Cell]:
    return [node for node in nodes(part) if isinstance(node, Cell)]


def names(part: Expression | Inequality) -> tuple[str, ...]:
    """The bare names in it, in order."""
    found = (name for cell in cells(part) for term in cell.terms for name in term.names)
    return tuple(dict.fromkeys(found))


def _conjuncts(node: ast.expr, where: str) -> Iterator[Inequality]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _conjuncts(value, where)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            sides = [_expression(side, where) for side in (left, *comparators)]
            for operator, one, other in zip(operators, sides, sides[1:], strict=False):
                word = COMPARISONS.get(type(operator))
                if word is None:
                    _refuse(node, where)
                more, less = (one, other) if word.startswith(">") else (other, one)
                yield Inequality(more, less, strict="=" not in word)
        case _:
            _refuse(node, where)


def _expression(node: ast.expr, where: str) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Number(float(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _minus(_expression(operand, where))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            sides = (_expression(side, where) for side in (left, right))
            return Arithmetic(OPERATORS[type(operator)], *sides)
        case ast.Call(func=ast.Name(id="mean"), args=[inside, *over], keywords=[]):
            return _mean(inside, over, where)
        case ast.Call(func=ast.Name(id="abs"), args=[inside], keywords=[]):
            return Call("abs", (_expression(inside, where),))
        case ast.Call(
            func=ast.Name(id="min" | "max" as name), args=[_, _, *_] as args, keywords=[]
        ):
            return Call(name, tuple(_expression(argument, where) for argument in args))
        case ast.Subscript(
            value=ast.Name(id=metric), slice=ast.Tuple(elts=[_, _, *rest] as places)
        ):
            if len(rest) < 2:
                terms = [_term(place, where) for place in places]
                terms += [Term(MODEL, True)] * (3 - len(terms))
                return Cell(metric, tuple(terms))
    return _refuse(node, where)


def _mean(inside: ast.expr, over: list[ast.expr], where: str) -> Mean:
    expression = _expression(inside, where)
    wanted = tuple(name.id for name in over if isinstance(name, ast.Name))
    if len(wanted) < len(over):
        raise UserError(f"{where}: mean({ast.unparse(inside)}, ...): expected bare names after it")
    wanted = wanted or tuple(name for name in names(expression) if name != MODEL)
    absent = [name for name in wanted if name not in names(expression)]
    if absent or not wanted:
        expected = ", ".join(absent) or "a bare name"
        raise UserError(f"{where}: mean({ast.unparse(inside)}): expected {expected} inside it")
    return Mean(expression, wanted)


def _term(node: ast.expr, where: str) -> Term:
    match node:
        case ast.Constant(value=str() as text):
            return Term(text, False)
        case ast.Name(id=name):
            return Term(name, True)
    return _refuse(node, where)


def _minus(expression: Expression) -> Expression:
    if isinstance(expression, Number):
        return Number(-expression.value)
    return Arithmetic("-", Number(0.0), expression)


def _split(one: Inequality) -> Iterator[Inequality]:
    match one:
        case Inequality(more=Call("min", arguments)):
            split = [Inequality(part, one.less, one.strict) for part in arguments]
        case Inequality(less=Call("max", arguments)):
            split = [Inequality(one.more, part, one.strict) for part in arguments]
        case Inequality(less=Call("abs", (inside,))):
            both = (inside, _minus(inside))
            split = [Inequality(one.more, part, one.strict) for part in both]
        case _:
            yield one
            return
    for part in split:
        yield from _split(part)


def _refuse(node: ast.expr, where: str):
    raise UserError(f"{where}: can't read '{ast.unparse(node)}'; a claim may hold {ALLOWED}")
