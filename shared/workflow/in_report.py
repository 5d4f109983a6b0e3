"""How Snakemake's own report shows tables and figures, for `report(...)` in the shared rules."""

import sys
from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError
from shared.files import read_json
from shared.settings import ROOT

CAPTIONS = ROOT / "shared" / "report" / "captions"


def table_in_report(name: str) -> dict[str, object]:
    """For `report(...)` of a table of the comparison: how Snakemake's own report shows it."""
    return {
        "caption": str(CAPTIONS / f"{name}.rst"),
        "category": "{paper}",
        "subcategory": "tables",
        "labels": {"table": name},
    }


def figures_in_report() -> dict[str, object]:
    """For `report(directory(...))` of a paper's figures: how Snakemake's own report shows them."""

    def labels(wildcards: object, output: Sequence[str]) -> dict[str, str]:
        try:
            captions = read_json(Path(output[0], "captions.json"), dict)
        except UserError as error:
            sys.exit(f"error: {error}")
        return {"figure": wildcards.figure, "shows": captions.get(wildcards.figure, "")}

    return {
        "patterns": ["{figure}.png"],
        "caption": str(CAPTIONS / "figure.rst"),
        "category": "{paper}",
        "subcategory": "figures",
        "labels": labels,
    }
