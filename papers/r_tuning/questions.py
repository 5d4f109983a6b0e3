"""The questions of a task as the data step wrote them."""

from pathlib import Path
from typing import NamedTuple

from shared.files import read_json, read_jsonl

UNANSWERABLE_FILE = "unanswerable.jsonl"


class Questions(NamedTuple):
    rows: list[dict]
    prefixes: dict[str, str]  # text before the questions of a relation


def read_questions(data: Path, task: str, unanswerable: bool = False) -> Questions:
    """Of one task, and perhaps those that may have no answer.

    data: the folder that `papers.r_tuning.data` wrote.
    """
    rows = read_jsonl(data / f"{task}.jsonl")
    if unanswerable:
        rows += read_jsonl(data / UNANSWERABLE_FILE)
    return Questions(rows, read_json(data / f"{task}.prefixes.json"))
