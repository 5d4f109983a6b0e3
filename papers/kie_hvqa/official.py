"""The authors' test set, `kie_hocr.jsonl` and its pictures, from a folder or the hub.

Two things are known to be wrong with it: some nested answers are not JSON, and the pictures that
rows call `./images/...` lie in `./data/`. A row that can't be used is left out and counted.
"""

import sys
from pathlib import Path

import pandas as pd

from papers.kie_hvqa.notation import parse_truth, write_answer
from shared.data.fetch.hub import local_folder
from shared.data.fetch.wanted import pinned
from shared.data.ledger import Ledger
from shared.data.pictures import open_picture
from shared.errors import UserError
from shared.files import read_jsonl

FILE = "kie_hocr.jsonl"
NAME = "KIE-HVQA"  # its rows do not say which subset they belong to


def read_official(place: str, ledger: Ledger) -> pd.DataFrame:
    """The usable rows, as `papers.kie_hvqa.data` writes them.

    Raises `UserError` if the folder or revision is not there, or no row can be used.
    """
    folder, revision, route = _located(place)
    kept, left_out = [], 0
    for number, row in enumerate(read_jsonl(folder / FILE), start=1):
        try:
            kept.append(_read(row, folder, f"{FILE}:{number}", f"official/{number:05d}"))
        except UserError as error:
            left_out += 1
            print(f"left out: {error}", file=sys.stderr)
    if not kept:
        raise UserError(f"{folder / FILE}: none of its {left_out} rows can be used")
    more = {"route": route, "files": [folder / FILE], "left_out": left_out}
    ledger.add(NAME, revision=revision, licence="CC BY 4.0", **more)
    ledger.used(NAME, {"test": len(kept)})
    return pd.DataFrame(kept)


def _located(place: str) -> tuple[Path, str, str]:
    if (Path(place) / FILE).is_file():
        return Path(place), "a folder of the user's", "folder"
    repository = next(pinned(place), None)
    if repository is None:
        raise UserError(
            f"official: {place} has no {FILE}; expected the authors' folder, or a hub id "
            "with its revision: ORG/NAME@<40 hex digits>"
        )
    return local_folder(repository), repository.revision, "hub"


def _read(row: dict, folder: Path, where: str, name: str) -> dict:
    missing = [key for key in ("image", "problem", "answer") if not isinstance(row.get(key), str)]
    if missing:
        raise UserError(f"{where}: no text in {', '.join(missing)}; found: {', '.join(row)}")
    answer = parse_truth(row["answer"], where)
    path = folder / row["image"]
    if not path.is_file():
        path = folder / "data" / Path(*Path(row["image"]).parts[1:])
    try:
        open_picture(path)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return {
        "id": name,
        "subset": "",
        "dataset": NAME,
        "question": row["problem"].replace("<image>", "").strip(),
        "image": path.read_bytes(),
        "tags": "",  # which characters were hidden is not in the rows
        "answer": write_answer(answer),
        "kinds": [],
        "strengths": [],
    }
