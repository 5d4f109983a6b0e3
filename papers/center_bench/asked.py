"""The questions that a scale asks, from the folder of the data."""

from collections.abc import Mapping
from pathlib import Path

from papers.center_bench.settings import Part
from shared.files import read_jsonl

FILE_OF = {"Generated": "generated.jsonl", "CenterBench": "official.jsonl"}  # by source


def asked_questions(data: Path, asked: Mapping[str, Part]) -> list[dict]:
    """Of each source the first sentences of a subset and level, and perhaps only the questions
    about their middle entity."""
    return [
        question
        for source, part in asked.items()
        for question in read_jsonl(data / FILE_OF[source])
        if int(question["sentence_id"].rpartition("/")[2]) <= part.sentences
        and (question["middle"] or not part.middle_only)
    ]
