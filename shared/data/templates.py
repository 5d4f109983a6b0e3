"""Texts made from templates with wide slots, such as "Name the capital of {country}."."""

import math
import random
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.errors import UserError

_SLOT = re.compile(r"{(\w+)}")


class Filled(NamedTuple):
    """A template with something in each of its slots."""

    template: str  # its name
    text: str
    fillers: dict[str, str]


def fill(
    name: str, template: str, slots: Mapping[str, Sequence[str]], count: int | None, seed: int
) -> list[Filled]:
    """`count` different fillings of one template in random order; None: all there are.

    slots: what may stand in each slot, by the slot's name; others are not looked at. With the
    same seed and slots a smaller count gives the beginning of a larger one. Raises `UserError` if
    a slot is unknown, or if there are fewer fillings than asked for.
    """
    wanted = list(dict.fromkeys(_SLOT.findall(template)))
    if unknown := [slot for slot in wanted if slot not in slots]:
        known = ", ".join(slots)
        raise UserError(f"template {name}: unknown slot {{{unknown[0]}}}; slots: {known}")
    choices = [list(dict.fromkeys(slots[slot])) for slot in wanted]
    total = math.prod(map(len, choices))
    count = total if count is None else count
    if count > total:
        raise UserError(f"template {name}: {count} fillings wanted, there are only {total}")
    order = list(range(total))
    random.Random(f"{seed} {name}").shuffle(order)
    return [_filling(name, template, wanted, choices, number) for number in order[:count]]


def _filling(
    name: str, template: str, wanted: list[str], choices: list[list[str]], number: int
) -> Filled:
    """The filling of a number: its digits, each slot being a place, say which filler to take."""
    fillers = {}
    for slot, among in zip(wanted, choices, strict=True):
        number, place = divmod(number, len(among))
        fillers[slot] = among[place]
    return Filled(name, _SLOT.sub(lambda match: fillers[match[1]], template), fillers)
