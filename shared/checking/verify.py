"""Recompute every committed number from the committed scores, without a model.

    python -m shared.checking.verify [results/<scale> results/<scale>/<paper> ...]

Without arguments: all results but those of smoke, of a rehearsal and of a user's own model. Exit
status 1 if a number differs or a file can't be read; the others are verified all the same.
"""

import argparse
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd

from shared.comparison import results
from shared.comparison.analysis import Analysis, load_analysis
from shared.comparison.cells import COLUMNS, read_cells
from shared.comparison.csv_files import equal
from shared.errors import UserError, one_line_errors
from shared.settings import ROOT, is_result

# The columns that say which row it is.
KEYS = {
    "cells": COLUMNS[:6],
    "claims": ["id", "protocol"],
    "comparison": [*COLUMNS[:6], "our_model", "our_dataset"],
    "audit": ["check", "what"],
}


def verify(analysis: Analysis, folder: str | Path) -> tuple[dict[str, int], list[str]]:
    """Rows of each file in a results folder, and a line for each number that differs."""
    folder = Path(folder)
    written = {"cells": read_cells(folder / "cells.csv"), **results.read(folder)}
    ours = results.our_cells(analysis)
    made = {"cells": ours, **results.frames(analysis, ours)}
    lines = []
    for name, keys in KEYS.items():
        lines += differences(written[name], made[name], keys, f"{folder.name}/{name}.csv")
    if not lines:  # tables are made of cells
        lines += _tables(folder, analysis.tables(written["cells"]))
    return {name: len(frame) for name, frame in written.items()}, lines


def differences(
    written: pd.DataFrame, made: pd.DataFrame, keys: list[str], where: str
) -> list[str]:
    """A line for each row that is there twice or on one side only, and each value that differs."""
    sides = [frame.set_index(keys) for frame in (written, made)]
    again = sides[0].index.duplicated()
    lines = [f"{where}: {_shown(key)}: twice in the file" for key in sides[0].index[again]]
    sides[0] = sides[0][~again]
    lines += [
        f"{where}: {_shown(key)}: {word}"
        for here, there, word in (
            (*sides, "in the file but not recomputed"),
            (*sides[::-1], "recomputed but not in the file"),
        )
        for key in here.index.difference(there.index, sort=False)
    ]
    common = sides[0].index.intersection(sides[1].index, sort=False)
    left, right = (side.loc[common] for side in sides)
    for name in left:
        for key, old, new in zip(common, left[name], right[name], strict=True):
            if not equal(name, old, new):
                lines.append(f"{where}: {_shown(key)}: {name} {old} in the file, {new} recomputed")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, help="of a scale, or of a paper in it")
    parser.add_argument("--model", help="your own model, if the runs used one")
    parser.add_argument("--stands-in-for", help="the paper's model that it stands for")
    arguments = parser.parse_args()
    folders = [each for path in arguments.results for each in _papers_in(path)] or _committed()
    one = partial(_said, model=arguments.model, stands_in_for=arguments.stands_in_for)
    if len(folders) > 1:
        largest_first = sorted(folders, key=_bytes_of_scores, reverse=True)
        with ProcessPoolExecutor() as processes:
            found = dict(zip(largest_first, processes.map(one, largest_first), strict=True))
        said = [found[folder] for folder in folders]
    else:
        said = [one(folders[0])]
    for lines, _ in said:
        print(*lines, sep="\n")
    raise SystemExit(int(any(failed for _, failed in said)))


def _bytes_of_scores(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "scores").rglob("*.parquet"))


def _said(folder: Path, model: str | None, stands_in_for: str | None) -> tuple[list[str], bool]:
    """What is said of one results folder, and whether something in it is wrong."""
    run, paper = folder.resolve().parts[-2:]
    try:
        analysis = load_analysis(paper, run.partition("+")[0], folder, model, stands_in_for)
        rows, lines = verify(analysis, folder)
    except UserError as error:
        return [f"error: {error}"], True
    different = f"{len(lines)} difference{'s' if len(lines) > 1 else ''}"
    verdict = different if lines else "all recomputed"
    counts = ", ".join(
        f"{rows[name]} {_plural(name)}" for name in ("cells", "claims", "comparison")
    )
    return [*lines, f"{run} {paper}: {counts}: {verdict}"], bool(lines)


def _papers_in(path: Path) -> list[Path]:
    """The folder of a paper's results itself, or those in the folder of a scale."""
    expected = "expected results/<scale> or results/<scale>/<paper>"
    if not path.is_dir():
        raise UserError(f"{path}: {'is a file' if path.exists() else 'no such folder'}; {expected}")
    if _holds_results(path):
        return [path]
    if not (found := sorted(filter(_holds_results, path.iterdir()))):
        raise UserError(f"{path}: holds no results; {expected}")
    return found


def _holds_results(folder: Path) -> bool:
    return any((folder / f"{name}.csv").exists() for name in KEYS) or (folder / "scores").is_dir()


def _committed() -> list[Path]:
    """Folders that have any of the files."""
    found = {file.parent for file in (ROOT / "results").glob("*/*/*.csv") if file.stem in KEYS}
    found = {f for f in found if is_result(f.parent.name)}
    if not found:
        raise UserError("results: no results/<scale>/<paper>/cells.csv to verify")
    return sorted(found)


def _tables(folder: Path, made: Mapping[str, str]) -> list[str]:
    """A line for each table that is not, as text, what the cells give."""
    files = {path.stem: path for path in (folder / "tables").glob("*.md")}
    lines = []
    for name in sorted({*files, *made}):
        where = f"{folder.name}/tables/{name}.md"
        if name not in files:
            lines.append(f"{where}: no such file, but the cells give that table")
        elif name not in made:
            lines.append(f"{where}: no table that the cells give")
        elif files[name].read_text(encoding="utf-8") != made[name]:
            lines.append(f"{where}: not the table that the cells give")
    return lines


def _shown(key: object) -> str:
    return " / ".join(filter(None, key)) if isinstance(key, tuple) else str(key)


def _plural(name: str) -> str:
    return "comparisons" if name == "comparison" else name


if __name__ == "__main__":
    one_line_errors(main)
