"""What the steps of a paper left in `results/<scale>/<paper>/`, read for the report."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from shared import settings
from shared.files import read_csv, read_json
from shared.runner.records import read_runs
from shared.settings import Paper
from shared.workflow.config import DEFAULT_SCALE

Row = dict[str, str]

# Columns that the report reads; a file may have more.
COLUMNS = {
    "cells": "item model method dataset metric protocol value ci_low ci_high n coverage seeds unit",
    "claims": "id protocol kind ours verdict effect ci_low ci_high p p_adjusted test n units seeds "
    "part pairs_in_direction pairs reported_in_direction reported_pairs note text source",
    "comparison": "item model method dataset metric reported unit source protocol our_model "
    "our_dataset value ci_low ci_high n verdict reason",
    "audit": "check what printed recomputed agrees note",
}


@dataclass(frozen=True)
class Picture:
    name: str
    caption: str
    path: Path


@dataclass(frozen=True)
class Results:
    """All that is known of one paper at one scale. `missing` has one line for each absent file."""

    paper: Paper
    scale: str
    cells: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    comparison: list[Row] = field(default_factory=list)
    printed: list[Row] = field(default_factory=list)  # the paper's cells, if not compared yet
    audit: list[Row] = field(default_factory=list)
    figures: list[Picture] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)  # name, Markdown
    runs: list[dict] = field(default_factory=list)  # run.json of each step, with its "step"
    sources: list[dict] = field(default_factory=list)  # data sources and the routes taken
    missing: list[str] = field(default_factory=list)


def load_results(paper_id: str, results: Path, scale: str, model: str | None = None) -> Results:
    """Results of a paper from `results/<paper_id>`; what is absent is empty and in `missing`.

    `model` is the user's own model, if the run used one: it belongs to the command that is named.
    Raises `UserError` naming the file for one that can't be read.
    """
    paper = settings.load_paper(paper_id)
    folder = results / paper_id
    config = [f"scale={scale}"] if scale != DEFAULT_SCALE else []
    config += [f"model={model}"] if model else []
    rerun = " ".join([f"run `snakemake {paper_id}", *(["--config", *config] if config else [])])
    if not folder.is_dir():
        missing = [f"no results at scale {scale}: {rerun}`"]
        return Results(paper, scale, printed=_printed(paper_id), missing=missing)

    missing = []
    files = {name: folder / f"{name}.csv" for name in COLUMNS}
    found = {name: _table(path, COLUMNS[name]) for name, path in files.items() if path.is_file()}
    missing += [f"no {name}.csv: {rerun}`" for name in files if name not in found]

    figures = _figures(folder / "figures")
    tables = sorted((folder / "tables").glob("*.md"), key=natural)
    runs = _runs(folder)
    sources = [source for run in runs for source in run.get("sources", [])]
    for what, there in (
        ("figures/*.png", figures),
        ("tables/*.md", tables),
        ("runs/*.json", runs),
    ):
        if not there:
            missing.append(f"no {what}: {rerun}`")
    return Results(
        paper,
        scale,
        **found,
        printed=[] if "comparison" in found else _printed(paper_id),
        figures=figures,
        tables=[(path.stem, path.read_text(encoding="utf-8")) for path in tables],
        runs=runs,
        sources=sources,
        missing=missing,
    )


def natural(path: Path) -> tuple[bool, str, int]:
    """Sort key that puts table2 before table10, and names without a number last."""
    name, digits = re.fullmatch(r"(.*?)(\d*)", path.stem).groups()
    return not digits, name, int(digits or 0)


def _table(path: Path, columns: str) -> list[Row]:
    return [row for _, row in read_csv(path, columns.split(), others=True)]


def _printed(paper_id: str) -> list[Row]:
    """The cells of `reported.csv`, without a verdict."""
    path = settings.PAPERS / paper_id / "reported.csv"
    rows = _table(path, "item model method dataset metric source") if path.is_file() else []
    return [row | {"protocol": "", "verdict": "", "our_model": ""} for row in rows]


def _figures(folder: Path) -> list[Picture]:
    captions = (
        read_json(folder / "captions.json", dict) if (folder / "captions.json").is_file() else {}
    )
    paths = sorted(folder.glob("*.png"), key=natural)
    return [Picture(path.stem, captions.get(path.stem, ""), path) for path in paths]


def _runs(folder: Path) -> list[dict]:
    """The record of every step, with the step's name, in the order in which they finished."""
    runs = [{"step": step, **run} for step, run in read_runs(folder).items()]
    return sorted(runs, key=lambda record: str(record.get("finished")))
