"""The questions of a task as the data step wrote them."""

from pathlib import Path

from shared.files import read_json, read_jsonl

UNANSWERABLE_FILE = "unanswerable.jsonl"


def read_questions(data: Path, task: str, unanswerable: bool = False) -> list[dict]:
    """Of one task, and perhaps those that may have no answer; `before` is the text that stands
    before a question (few-shot demonstrations of its relation).

    data: the folder that `papers.r_tuning.data` wrote.
    """
    before = read_json(data / f"{task}.prefixes.json")
    rows = read_jsonl(data / f"{task}.jsonl", filled=True)
    if unanswerable:
        rows += read_jsonl(data / UNANSWERABLE_FILE)
    return [{**row, "before": before.get(row["relation"], "")} for row in rows]
