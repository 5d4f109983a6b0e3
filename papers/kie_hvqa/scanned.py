"""Training rows from public scans, their characters spoiled by the same rule as drawn ones."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from papers.kie_hvqa.settings import Spoiling
from papers.kie_hvqa.spoiling import row_of
from shared.data.documents import Field, crop
from shared.data.ledger import Ledger
from shared.data.pictures import open_picture
from shared.data.scans import READERS, Scan
from shared.errors import UserError


def scanned_rows(
    places: Mapping[str, str], size: int, spoiling: Spoiling, seed: int, ledger: Ledger
) -> pd.DataFrame:
    """`size` rows, about as many of each source: a random field of each scan in turn, so that a
    scan comes twice only after all others. places: source → its folder.

    Raises `UserError` if a source has no usable field.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number, (source, folder) in enumerate(places.items()):
        try:
            scans = [scan for scan in READERS[source](Path(folder)) if scan.fields]
        except FileNotFoundError as error:
            missing = f"{error.filename}: no such file"
            raise UserError(f"{missing}; expected the files of {source}") from None
        wanted = size // len(places) + (number < size % len(places))
        made = _rows(source, scans, wanted, spoiling, rng)
        if not made and wanted:
            raise UserError(f"{folder}: found no field with a box; expected the files of {source}")
        ledger.add(source, revision="a folder of the user's", licence="not known", route="folder")
        ledger.used(source, {"reinforcement": len(made)})
        rows += made
    return pd.DataFrame(rows)


def _rows(
    source: str, scans: list[Scan], wanted: int, spoiling: Spoiling, rng: np.random.Generator
) -> list[dict]:
    rows, usable = [], True
    while len(rows) < wanted and usable:
        usable = False
        for scan in (scans[i] for i in rng.permutation(len(scans))):
            if len(rows) == wanted:
                break
            pixels = np.asarray(open_picture(scan.path))
            fields = [field for field in scan.fields if _within(pixels, field)]
            if not fields:
                continue
            field = fields[rng.integers(len(fields))]
            row = row_of(pixels, field, f"What is the {field.name}?", spoiling, rng)
            name = f"reinforcement/{source}/{len(rows):05d}"
            rows.append(row | {"id": name, "subset": source, "dataset": source})
            usable = True
    return rows


def _within(pixels: np.ndarray, field: Field) -> bool:
    """Whether every character's box has pixels: some boxes were drawn beyond the edge."""
    return all(crop(pixels, box).size for box in field.boxes) and min(min(field.boxes)) >= 0
