"""What the comparison needs to know of a metric's function besides its values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

Function = TypeVar("Function", bound=Callable)


@dataclass(frozen=True)
class Traits:
    """share: it lies between 0 and 1. sums: it is a sum over a sum: of values over their number
    (`mean`), or of one column over another (`ratio`). members: which of its columns, of 0 and 1, is
    the denominator. exact: it counts everything there is, so that nothing is left to chance. clock:
    it was read from a clock, whose error a run does not show. jumps: one example more or less can
    change it by much (a median)."""

    share: bool = False
    sums: Literal["mean", "ratio"] | None = None
    members: int | None = None
    exact: bool = False
    clock: bool = False
    jumps: bool = False


def traits(**given: object) -> Callable[[Function], Function]:
    """Mark a metric's function; one that is not marked has none of these."""

    def mark(function: Function) -> Function:
        function.traits = Traits(**given)
        return function

    return mark
