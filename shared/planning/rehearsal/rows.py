"""A few rows of each public data set in its published format, written for rehearsals.

`papers/<id>/rehearsal.py` has WRITERS: by the id of a source, or of a data set on the hub, or by
what a user puts in by hand, a function that gets a folder (it stands for a mirror, the repository,
or the user's own) and writes there what the real one has. All of it is invented and harmless. What
official files have of defects is in them too: a row given twice, a question of the training set in
the test set, an empty field.
"""

import csv
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from shared.errors import UserError

Writer = Callable[[Path], None]

PLACES = ("Aberdeen", "Bergen", "Cork", "Delft", "Evora", "Fulda", "Ghent", "Helsinki")
THINGS = ("bridge", "clock", "garden", "harbour", "library", "market", "museum", "tower")


def writers(paper: str) -> dict[str, Writer]:
    """Those of a paper that reads public data; none where it has no such module."""
    module = f"papers.{paper}.rehearsal"
    if importlib.util.find_spec(module) is None:
        return {}
    return importlib.import_module(module).WRITERS


def writer(paper: str, name: str) -> Writer:
    """Raises `UserError` if the paper wrote no rows for a source or data set that it reads."""
    if name not in (known := writers(paper)):
        raise UserError(
            f"{name}: no rows for the rehearsal of {paper}; add a writer to "
            f"papers/{paper}/rehearsal.py, which has {', '.join(known) or 'none'}"
        )
    return known[name]


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence], delimiter: str = ","
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=delimiter)
        out.writerow(columns)
        out.writerows(rows)
