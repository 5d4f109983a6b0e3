"""Levenshtein's distance, and one cheapest way to turn a text into another."""

from collections.abc import Callable, Sequence

import numpy as np

# Cost of reading `made` where `wanted` stands; None on either side: nothing is there.
Cost = Callable[[object, object], float]


def unit_cost(wanted: object, made: object) -> float:
    return float(wanted != made)


def distance(wanted: Sequence, made: Sequence) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein 1966)."""
    return round(_costs(wanted, made, unit_cost)[-1, -1])


def align(wanted: Sequence, made: Sequence, cost: Cost = unit_cost) -> list[tuple]:
    """Pairs (wanted, made) in order, None for what has no partner, of the least total cost.

    Among equally cheap ways: from the end, partners before gaps, then what is left out before
    what is put in.
    """
    table = _costs(wanted, made, cost)
    row, column = len(wanted), len(made)
    pairs = []
    while row or column:
        left, right = wanted[row - 1] if row else None, made[column - 1] if column else None
        here = table[row, column]
        if row and column and np.isclose(here, table[row - 1, column - 1] + cost(left, right)):
            row, column = row - 1, column - 1
            pairs.append((left, right))
        elif row and np.isclose(here, table[row - 1, column] + cost(left, None)):
            row -= 1
            pairs.append((left, None))
        else:
            column -= 1
            pairs.append((None, right))
    return pairs[::-1]


def _costs(wanted: Sequence, made: Sequence, cost: Cost) -> np.ndarray:
    """Least cost (wanted + 1, made + 1) between the beginnings of the two texts."""
    table = np.zeros((len(wanted) + 1, len(made) + 1))
    table[1:, 0] = np.cumsum([cost(each, None) for each in wanted])
    table[0, 1:] = np.cumsum([cost(None, each) for each in made])
    for row, left in enumerate(wanted, start=1):
        for column, right in enumerate(made, start=1):
            table[row, column] = min(
                table[row - 1, column - 1] + cost(left, right),
                table[row - 1, column] + cost(left, None),
                table[row, column - 1] + cost(None, right),
            )
    return table
