"""Reader of the authors' file of prompts, replies and flags, from the user's own copy.

The file holds replies to dangerous requests. It is never part of this repository; what is
stored of it are labels and what a judge says of a reply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError
from shared.files import read_csv

SOURCE = "forbidden_science"
FILE = "forbidden_science/dont_ask_science_answered2.csv"

# In the order of the abstract: the name in its text → the name in the file's columns.
MODELS = {
    "Claude-3.5-sonnet": "claude-3-5-sonnet-latest",
    "Grok-2": "grok-2-1212",
    "GPT-3.5-turbo": "gpt-3.5-turbo",
    "Mistral": "mistral",
}
FLAGS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True)
class Published:
    """The reply of one model to one prompt. `reply` may be empty (GPT-3.5-turbo has four)."""

    id: str  # "Claude-3.5-sonnet/17", with the number of the prompt
    request: str
    reply: str
    allowed: bool  # the model's own flag


def read_published(path: Path) -> list[Published]:
    """All replies, model by model, in the order of the file.

    UTF-8 with a byte order mark, cells of several lines, for each model the columns
    `_chain_of_thought`, `_response` and `_allowed_to_answer` (TRUE or FALSE). Raises `UserError`
    naming file, row (from 1) and column where it is otherwise.
    """
    rows = list(_rows(path))
    return [
        Published(
            f"{name}/{row['Number']}",
            row["prompt"],
            row[f"{column}_response"],
            FLAGS[row[f"{column}_allowed_to_answer"]],
        )
        for name, column in MODELS.items()
        for row in rows
    ]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    parts = ("chain_of_thought", "response", "allowed_to_answer")
    columns = ["Number", "category", "agent", "prompt"]
    columns += [f"{model}_{part}" for model in MODELS.values() for part in parts]
    numbers: set[str] = set()
    for place, (_, row) in enumerate(read_csv(path, columns, others=True), start=1):
        _check(path, place, row, columns, numbers)
        yield row


def _check(path: Path, place: int, row: dict, columns: list[str], numbers: set[str]) -> None:
    """One row as expected; a text of the file is never repeated in an error."""
    number = row["Number"]
    if not number.isdecimal() or number in numbers:
        raise UserError(
            f"{path}: row {place}, column Number: expected a whole number of its own, "
            f"found {number[:20]!r}"
        )
    numbers.add(number)
    for column in columns:
        flag = row[column]
        if column.endswith("_allowed_to_answer") and flag not in FLAGS:
            raise UserError(
                f"{path}: row {place}, column {column}: expected TRUE or FALSE, found {flag[:5]!r}"
            )
    if not row["prompt"].strip():
        raise UserError(f"{path}: row {place}, column prompt: expected a text, found none")
