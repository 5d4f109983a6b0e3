"""The three parts of OCRBench (Liu et al. 2024) that Table 2 counts right answers of.

Read from a folder with the data set's own Parquet file, whose columns are dataset, question,
question_type, answer (a list of texts, each of which is right) and image.
"""

import json
from pathlib import Path

import pandas as pd

from papers.kie_hvqa.settings import OCRBENCH
from shared.comparison.scores import read_scores
from shared.data.ledger import Ledger
from shared.errors import UserError

FILE = "test-*.parquet"
COLUMNS = ("question", "question_type", "answer", "image")


def read_ocrbench(folder: str, ledger: Ledger) -> pd.DataFrame:
    """The questions of the three parts, as `papers.kie_hvqa.data` writes them; `answer` is a JSON
    list. Raises `UserError` if the file is not there, or has no question of a part."""
    paths = sorted(Path(folder).rglob(FILE))
    if len(paths) != 1:
        raise UserError(f"ocrbench: {folder} has {len(paths)} files {FILE}; expected one")
    found = read_scores(paths[0], COLUMNS)
    rows = [
        {
            "id": f"undegraded/ocrbench/{number:04d}",
            "subset": "",
            "dataset": OCRBENCH[row["question_type"]],
            "question": row["question"],
            "image": row["image"]["bytes"],
            "tags": "",
            "answer": json.dumps(list(row["answer"]), ensure_ascii=False),
            "kinds": [],
            "strengths": [],
        }
        for number, row in enumerate(found.to_dict("records"))
        if row["question_type"] in OCRBENCH
    ]
    counts = {name: sum(row["dataset"] == name for row in rows) for name in OCRBENCH.values()}
    if not all(counts.values()):
        raise UserError(f"{paths[0]}: found {counts}; expected questions of each part")
    more = {"route": "folder", "files": paths}
    ledger.add("OCRBench", revision="a folder of the user's", licence="MIT", **more)
    ledger.used("OCRBench", counts)
    return pd.DataFrame(rows)


def is_right(reply: str, answers: str) -> bool:
    """Whether a reply holds one of the answers (a JSON list), as OCRBench's own code counts it: in
    any case, without the spaces at the ends and with line breaks as spaces."""
    said = _plain(reply)
    return any(_plain(answer) in said for answer in json.loads(answers))


def _plain(text: str) -> str:
    return text.lower().strip().replace("\n", " ")
