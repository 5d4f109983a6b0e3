"""The authors' sentences and questions, as their two files hold them, with their slips.

A file maps "complexity_1" to "complexity_6" to {"sentences": [...], "total_questions": n, ...}; a
sentence has its events (`structure`), its nouns and, under each noun, six questions.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError, model_validator

from papers.center_bench import questions
from papers.center_bench.grammar import LEVELS, middle
from papers.center_bench.questions import TYPES
from shared.errors import UserError
from shared.files import read_jsonl, write_jsonl
from shared.settings import Strict

SOURCE = "CenterBench"
FILE_OF = {
    "plausible": "centerbench/plausible_subset.json",
    "implausible": "centerbench/implausible_subset.json",
}
ITEMS = "released.jsonl"  # in the folder of the data
LEVEL_KEYS = {f"complexity_{level}": level for level in LEVELS}


class Event(Strict):
    subject: str
    action: str
    object: str | None

    @property
    def acted(self) -> str:
        return f"{self.action} the {self.object}" if self.object else self.action


class Question(Strict):
    question: str
    answer: str
    type: Literal[TYPES]
    difficulty: str
    entity: str  # whom it claims to be about; once not the noun it stands under
    is_middle_entity: bool


class Item(Strict):
    """One sentence with its questions, and where it stands."""

    subset: str
    level: int
    number: int  # from 1, in its level
    printed_total: int  # of questions of the level, as the file states it
    id: str
    sentence: str
    structure: list[Event]  # the last event first
    middle_entity: str
    all_entities: list[str]
    questions_by_entity: dict[str, list[Question]]
    total_questions: int

    @model_validator(mode="after")
    def _complete(self) -> "Item":
        entities, size = set(self.questions_by_entity), self.level + 1
        if len(entities) != size:
            raise ValueError(f"questions_by_entity: expected {size} nouns, found {len(entities)}")
        for entity, asked in self.questions_by_entity.items():
            if sorted(each.type for each in asked) != sorted(TYPES):
                raise ValueError(f"questions_by_entity.{entity}: expected one of each type")
        if sorted(event.subject for event in self.structure) != sorted(entities):
            raise ValueError("structure: expected one event for each noun")
        self._nouns()
        return self

    @property
    def sentence_id(self) -> str:
        return f"official/{self.subset}/L{self.level}/{self.number:02d}"

    @property
    def middle(self) -> str:
        """The noun in the centre by the authors' rule, wherever the flags are."""
        return middle(self._nouns())

    def _nouns(self) -> tuple[str, ...]:
        """In the order of the sentence. A noun may be short for a phrase: man, "delivery man"."""
        phrases = re.split(r"\s+that\s+the\s+", self.sentence.lower().removeprefix("the "))
        left, found = list(self.questions_by_entity), []
        for phrase in phrases[:-1]:
            own = [noun for noun in left if f" {phrase}".endswith(f" {noun}")]
            if not own:
                raise ValueError(f"sentence: no questions about {phrase!r}")
            found.append(own[0])
            left.remove(own[0])
        if len(left) != 1 or f" {left[0]} " not in f" {phrases[-1]}":
            raise ValueError(f"sentence: {' and '.join(left)} not found as its last noun")
        return (*found, left[0])


def read(path: Path, subset: str) -> list[Item]:
    """The sentences of a file. Raises `UserError` naming file, level and sentence."""
    try:
        levels = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of JSON or of UTF-8
        raise UserError(f"{path}: not JSON ({error})") from None
    if not isinstance(levels, dict) or not set(levels) <= set(LEVEL_KEYS):
        found = ", ".join(sorted(set(levels) - set(LEVEL_KEYS))) if isinstance(levels, dict) else ""
        raise UserError(
            f"{path}: unknown level {found or 'names'}; expected {', '.join(LEVEL_KEYS)}"
        )
    items = []
    for key, level in LEVEL_KEYS.items():
        content = levels.get(key, {"sentences": [], "total_questions": 0})
        place = {"subset": subset, "level": level}
        if not (
            isinstance(content, dict)
            and isinstance(content.get("sentences"), list)
            and "total_questions" in content
        ):
            raise UserError(
                f"{path}: level {level}: expected a list of sentences and total_questions"
            )
        for number, raw in enumerate(content["sentences"], start=1):
            place |= {"number": number, "printed_total": content["total_questions"]}
            items.append(_item(f"{path}: level {level}, sentence {number}", raw, place))
    return items


def write_items(items: Iterable[Item], data: Path) -> None:
    """Keep the sentences in the folder of the data, for `read_items`."""
    write_jsonl(data / ITEMS, (item.model_dump() for item in items))


def read_items(data: Path) -> list[Item]:
    return [Item.model_validate(row) for row in read_jsonl(data / ITEMS)]


def _item(where: str, raw: object, place: dict) -> Item:
    if not isinstance(raw, dict):
        raise UserError(f"{where}: expected a record, found {str(raw)[:80]!r}")
    try:
        return Item.model_validate(raw | place)
    except ValidationError as error:
        first = error.errors()[0]
        key = "".join(f"{part}." for part in first["loc"]).removesuffix(".")
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{where}: {key}{': ' if key else ''}{message}") from None


def records(items: Iterable[Item]) -> list[dict]:
    """The questions as rows of `official.jsonl`: texts, flags and nouns as they are in the file.

    A question counts as one about the noun it stands under, also where it names another.
    """
    return [
        record
        for item in items
        for record in questions.records(
            SOURCE,
            item.subset,
            item.level,
            item.sentence_id,
            item.sentence_id,
            item.sentence,
            (
                questions.Question(
                    noun, each.type, each.question, each.answer, each.is_middle_entity
                )
                for noun, asked in item.questions_by_entity.items()
                for each in asked
            ),
        )
    ]
