"""Results folders that are to be compared, and the records of the steps that made them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from shared.comparison import verdicts
from shared.comparison.analysis import Analysis, load_analysis
from shared.comparison.cells import read_cells
from shared.comparison.csv_files import read_table
from shared.errors import UserError
from shared.files import sha256
from shared.runner.records import read_runs
from shared.settings import paper_ids


@dataclass(frozen=True)
class Tree:
    """The results of one paper."""

    folder: Path
    runs: dict[str, dict]  # step → its record

    @property
    def paper(self) -> str:
        return self.folder.name

    @property
    def scale(self) -> str:
        """As the steps were told on their command line."""
        for run in self.runs.values():
            command = run.get("command", [])
            if "--scale" in command[:-1]:
                return command[command.index("--scale") + 1]
        raise UserError(f"{self.folder}/runs: no record names a scale; expected `--scale`")

    @cached_property
    def cells(self) -> pd.DataFrame:
        return read_cells(self.folder / "cells.csv")

    @cached_property
    def claims(self) -> pd.DataFrame:
        return read_table(self.folder / "claims.csv", verdicts.COLUMNS)

    @property
    def scores(self) -> str:
        """Checksum of all score files, or nothing where there are none."""
        folder = self.folder / "scores"
        return sha256(folder) if folder.is_dir() else ""

    def analysis(self) -> Analysis:
        """By this checkout's code, with the settings of each model that the analysis recorded."""
        recorded = self.runs.get("analyze", {}).get("settings")
        return load_analysis(self.paper, self.scale, self.folder, recorded=recorded)


def find(path: Path) -> dict[str, Tree]:
    """The trees in results/<scale> or results/<scale>/<paper>, by paper.

    Raises `UserError` for another folder, and for one without records.
    """
    path = path.resolve()
    ids = paper_ids()
    folders = [path] if path.name in ids else [path / name for name in ids]
    found = {f.name: Tree(f, _runs(f)) for f in folders if (f / "cells.csv").is_file()}
    if not found:
        raise UserError(
            f"{path}: no results there; expected a folder like results/<scale> or "
            "results/<scale>/<paper>, with a cells.csv for each paper"
        )
    return found


def _runs(folder: Path) -> dict[str, dict]:
    if runs := read_runs(folder):
        return runs
    raise UserError(f"{folder}/runs: no records; expected runs/*.json, one for each step")
