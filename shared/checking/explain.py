"""Where a number comes from: the cell, its function, the score files, the runs that made them.

    python -m shared.checking.explain results/cpu/r_tuning table1 R-Tuning "Facts ID" ap

The words after the folder choose cells: each is an item, a model, a method, a data set, a metric
or a protocol.
"""

import argparse
import importlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shared.comparison import results
from shared.comparison.analysis import Analysis, load_analysis
from shared.comparison.cells import COLUMNS, read_cells
from shared.comparison.groups import Group
from shared.comparison.scores import read_scores
from shared.errors import UserError, one_line_errors
from shared.files import read_json
from shared.metrics.metric import Metric
from shared.settings import ROOT

KEYS = COLUMNS[:6]  # what names a cell
MOST = 12  # cells that are explained at once


def explain(
    folder: Path, words: Sequence[str], model: str | None = None, stands_in_for: str | None = None
) -> Iterator[str]:
    """Lines on each cell that all words name. Raises `UserError` if none is, or too many are.

    model, stands_in_for: as the run was given them, if it was of a model of the user's own.
    """
    cells = chosen(read_cells(folder / "cells.csv"), words)
    run, paper = folder.resolve().parts[-2:]
    analysis = load_analysis(paper, run.partition("+")[0], folder, model, stands_in_for)
    groups = importlib.import_module(f"papers.{paper}.analyze").groups
    compared = results.read(folder)["comparison"]
    scores = {
        path: read_scores(path, ["id"]) for path in sorted((folder / "scores").rglob("*.pa*"))
    }
    for _, cell in cells.iterrows():
        yield f"{paper}, {run}: " + ", ".join(str(cell[name]) for name in KEYS if cell[name])
        interval = f" [{cell.ci_low}, {cell.ci_high}]" if cell.ci_low == cell.ci_low else ""
        yield f"  ours      {cell.value}{interval} {cell.unit}, n {cell.n}, {cell.seeds} seeds"
        yield from _printed(compared, cell)
        metric = analysis.metrics[cell.metric]
        yield f"  function  {_function(metric)}"
        yield f"  meaning   {_place(groups)} makes {', '.join(metric.needs)}"
        for path in _files(analysis, scores, cell, metric):
            yield f"  scores    {path.relative_to(folder)}"
            yield from _made(folder, path)


def chosen(cells: pd.DataFrame, words: Sequence[str]) -> pd.DataFrame:
    """The rows of which each word is one of the names."""
    for word in words:
        has = np.any([cells[name].astype(str).str.lower() == word.lower() for name in KEYS], axis=0)
        if not has.any():
            names = dict.fromkeys(str(name) for key in KEYS for name in cells[key] if name)
            raise UserError(f"'{word}': no cell left with it; there are {', '.join(names)}")
        cells = cells[has]
    if len(cells) > MOST:
        raise UserError(f"{len(cells)} cells; expected at most {MOST}: say more of their names")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="results/<scale>/<paper>")
    parser.add_argument("names", nargs="+", help="of cells: item, method, data set, metric, …")
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--stands-in-for", help="the paper's model that it stands for")
    arguments = parser.parse_args()
    own = arguments.model, arguments.stands_in_for
    for line in explain(arguments.results, arguments.names, *own):
        print(line)


def _printed(compared: pd.DataFrame, cell: pd.Series) -> Iterator[str]:
    same = (compared["our_model"] == cell.model) & (compared["our_dataset"] == cell.dataset)
    for name in ("item", "method", "metric", "protocol"):
        same &= compared[name] == cell[name]
    for _, row in compared[same].iterrows():
        yield f"  printed   {row.reported} ({row.model}, {row.dataset}): {row.verdict}"


def _function(metric: Metric) -> str:
    return f"{metric.function.__name__}({', '.join(metric.needs)}), {_place(metric.function)}"


def _place(function: object) -> str:
    function = inspect.unwrap(function)
    path = Path(inspect.getsourcefile(function)).relative_to(ROOT)
    return f"{path}:{inspect.getsourcelines(function)[1]}"


def _files(
    analysis: Analysis, scores: Mapping[Path, pd.DataFrame], cell: pd.Series, metric: Metric
) -> list[Path]:
    """The files that hold the rows of a cell's group, under any of its seeds."""
    (group,) = (
        each
        for each in analysis.groups
        if (each.model, each.method, each.dataset) == (cell.model, cell.method, cell.dataset)
        and each.protocol in (cell.protocol, "")
        and set(metric.needs) <= set(each.columns)
    )
    return [path for path, rows in scores.items() if _holds(rows, group, metric)]


def _holds(scores: pd.DataFrame, group: Group, metric: Metric) -> bool:
    """Whether a file has the examples of a group, and in each column that the metric needs and the
    file has, the values of one of its seeds."""
    rows = scores.drop_duplicates("id").set_index("id")
    if not pd.Index(group.ids).isin(rows.index).all():
        return False
    rows = rows.loc[group.ids]
    there = [name for name in metric.needs if name in rows]
    values = {name: pd.to_numeric(rows[name], errors="coerce").to_numpy(float) for name in there}
    return any(
        all(np.allclose(values[name], of[name].astype(float), equal_nan=True) for name in there)
        for of in map(group.of_seed, range(len(group.seeds)))
    )


def _made(folder: Path, path: Path) -> Iterator[str]:
    """The run whose output a file is, by the command that its record keeps."""
    for record in sorted((folder / "runs").rglob("*.json")):
        run = read_json(record, dict)
        out = run["command"][run["command"].index("--out") + 1] if "--out" in run["command"] else ""
        if Path(*Path(out).parts[2:]) == Path(folder.name) / path.relative_to(folder):
            seed = f"seed {run['seed']}, " * (run["seed"] is not None)
            dirty = " and changes" * bool(run["dirty"])
            when = f"{run['finished'][:10]}, {run['seconds']:.0f} s"
            commit = f"commit {run['commit'][:9]}" if run["commit"] else "no commit known"
            yield f"            {record.relative_to(folder)}: {seed}{commit}{dirty}, {when}"


if __name__ == "__main__":
    one_line_errors(main)
