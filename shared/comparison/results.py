"""All that compares one paper with our scores, in the files in which a result folder keeps it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from shared.comparison import audit, cells, compare, verdicts
from shared.comparison.analysis import Analysis
from shared.comparison.csv_files import read_table, write_table
from shared.files import atomic

# File of a results folder -> its columns
COLUMNS = {
    "claims": verdicts.COLUMNS,
    "comparison": compare.COLUMNS,
    "audit": audit.COLUMNS,
}


def frames(analysis: Analysis, our_cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """claims, comparison and audit of a paper, given our cells."""
    a = analysis
    compare.check_units(a.reported, a.metrics)
    return {
        "claims": verdicts.verdicts(a),
        "comparison": compare.compare(a.paper, a.scale, a.stand_ins, a.reported, our_cells),
        "audit": audit.audit(a.paper, a.names, a.functions),
    }


def our_cells(analysis: Analysis) -> pd.DataFrame:
    a = analysis
    return cells.cells(a.groups, a.items, a.metrics, a.stand_ins, a.training)


def write(made: Mapping[str, pd.DataFrame], folder: str | Path) -> None:
    for name, frame in made.items():
        write_table(frame, Path(folder) / f"{name}.csv")


def write_tables(tables: Mapping[str, str], folder: Path) -> None:
    """Markdown by name, each a file of the folder."""
    with atomic(folder) as temporary:
        temporary.mkdir()
        for name, table in tables.items():
            (temporary / f"{name}.md").write_text(table, encoding="utf-8")


def read(folder: str | Path) -> dict[str, pd.DataFrame]:
    return {name: read_table(Path(folder) / f"{name}.csv", COLUMNS[name]) for name in COLUMNS}
