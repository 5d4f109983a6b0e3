"""Compare two runs of the same scale: what they were, their cells, and tests on their scores.

    python -m shared.checking.diff results/cpu /elsewhere/results/cpu
    python -m shared.checking.diff results/cpu/r_tuning /elsewhere/results/cpu/r_tuning

First the identities (commit, settings, seeds, data, inputs, packages, hardware), then cells and
the verdicts of claims, then paired tests on the examples that both scored, with Holm's correction
over those of a paper. Needs no model.

Exit status: 0 if all cells, verdicts and scores are the same (whatever the identities), 1 if some
differ or only one side has them, 2 if something can't be read (one line says what).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from shared.checking.diff import identities
from shared.checking.diff.numbers import Compared, compare_cells, compare_claims, named
from shared.checking.diff.paired import Test, tests
from shared.checking.diff.trees import Tree, find
from shared.errors import UserError, one_line_errors
from shared.report.formats import interval, number, p_value


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m shared.checking.diff",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("first", type=Path, help="results/<scale> or results/<scale>/<paper>")
    parser.add_argument("second", type=Path, help="the same of another run")
    arguments = parser.parse_args()
    first, second = find(arguments.first), find(arguments.second)
    common = [paper for paper in first if paper in second]
    if not common:
        papers = ", ".join(first), ", ".join(second)
        raise UserError(f"no paper in both: {papers[0]} in the first, {papers[1]} in the second")
    differs = first.keys() != second.keys()
    for paper in {**first, **second}:
        if paper in common:
            differs |= show(first[paper], second[paper])
        else:
            print(f"{paper}: only in the {'first' if paper in first else 'second'}\n")
    raise SystemExit(int(differs))


def show(first: Tree, second: Tree) -> bool:
    """Print how two runs of a paper differ; whether a cell, a verdict or a score does."""
    if first.scale != second.scale:
        raise UserError(
            f"{first.paper}: the first is of scale {first.scale}, the second of {second.scale}; "
            "expected two runs of one scale"
        )
    print(f"{first.paper} at {first.scale}", f"  first   {first.folder}", sep="\n")
    print(f"  second  {second.folder}")
    cells = compare_cells(first.cells, second.cells)
    claims = compare_claims(first.claims, second.claims)
    print("identities", *_identities(first, second), sep="\n")
    print(f"cells: {_counts(cells)}", *_cells(cells), sep="\n")
    print(f"verdicts of claims: {_counts(claims)}", *_claims(claims), sep="\n")
    found = []
    try:
        if first.scores and first.scores == second.scores:
            print("scores: the same files")
        else:
            found, same = tests(first.analysis(), second.analysis())
            print(*_tests(found, same), sep="\n")
    except UserError as error:
        print(f"no paired tests: {error}")
    print()
    return not (cells.all_same and claims.all_same and not found)


def _identities(first: Tree, second: Tree) -> Iterator[str]:
    found = identities.differences(first.runs, second.runs)
    common = first.runs.keys() & second.runs.keys()
    for each in found:
        steps = ", ".join(each.steps) if len(each.steps) < 4 else f"{len(each.steps)} steps"
        where = "" if len(each.steps) == len(common) else f"  ({steps})"
        yield f"  {each.what}: {each.first} | {each.second}{where}"
    differing = {each.kind for each in found}
    if same := [kind for kind in identities.KINDS if kind not in differing]:
        yield f"  the same: {', '.join(same)}"
    for side, runs in (("first", first.runs), ("second", second.runs)):
        if only := [step for step in runs if step not in common]:
            yield f"  steps only in the {side}: {', '.join(only)}"


def _cells(cells: Compared) -> Iterator[str]:
    for key, row in cells.differing.iterrows():
        sides = [row[side] for side in ("first", "second")]
        shown = " | ".join(_cell(side) for side in sides)
        yield f"  {named(key)}: {shown}  ({number(sides[1]['value'] - sides[0]['value'], 2, True)})"
    yield from _only(cells)


def _claims(claims: Compared) -> Iterator[str]:
    for key, row in claims.differing.iterrows():
        yield f"  {named(key)}: {row['first']['verdict']} | {row['second']['verdict']}"
    yield from _only(claims)


def _tests(found: list[Test], same: int) -> Iterator[str]:
    yield f"paired tests, second minus first: {same} with the same scores, {len(found)} with others"
    for test in sorted(found, key=lambda test: test.p):
        yield (
            f"  {named(test.what)}: {number(test.effect, 2, True)} {interval(*test.interval)}, "
            f"n {test.n:,}, p {p_value(test.p)}, after Holm {p_value(test.p_holm)}"
        )


def _only(compared: Compared) -> Iterator[str]:
    for side, names in (("first", compared.only_first), ("second", compared.only_second)):
        yield from (f"  {name}: only in the {side}" for name in names)


def _counts(compared: Compared) -> str:
    only = len(compared.only_first), len(compared.only_second)
    return (
        f"{compared.same} the same, {len(compared.differing)} differ, {only[0]} only in the first, "
        f"{only[1]} only in the second"
    )


def _cell(cell: pd.Series) -> str:
    shown = f"{number(cell['value'])} {interval(cell['ci_low'], cell['ci_high'])}".strip()
    return f"{shown}, n {cell['n']}"


if __name__ == "__main__":
    one_line_errors(main, status=2)
