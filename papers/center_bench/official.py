"""The authors' sentences and questions, as their two files hold them, with their slips.

A file maps "complexity_1" to "complexity_6" to {"sentences": [...], "total_questions": n, ...}; a
sentence has its events (`structure`), its nouns and, under each noun, six questions.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError, model_validator

from papers.center_bench import questions
from papers.center_bench.grammar import LEVELS, middle
from papers.center_bench.questions import TYPES
from shared.errors import UserError
from shared.files import read_json, read_jsonl
from shared.settings import Strict
from shared.settings.plain import first

SOURCE = "CenterBench"
FILE_OF = {
    "plausible": "centerbench/plausible_subset.json",
    "implausible": "centerbench/implausible_subset.json",
}
ITEMS = "released.jsonl"  # in the folder of the data
LEVEL_KEYS = {f"complexity_{level}": level for level in LEVELS}

Record = TypeVar("Record", bound=BaseModel)


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


class _Level(BaseModel):
    sentences: list[dict]
    total_questions: int


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
    levels = read_json(path, dict)
    if unknown := sorted(set(levels) - set(LEVEL_KEYS)):
        expected = ", ".join(LEVEL_KEYS)
        raise UserError(f"{path}: unknown level {', '.join(unknown)}; expected {expected}")
    items = []
    for key, content in levels.items():
        level = LEVEL_KEYS[key]
        found = _checked(_Level, f"{path}: level {level}", content)
        of_all = {"subset": subset, "level": level, "printed_total": found.total_questions}
        items += [
            _checked(Item, f"{path}: level {level}, sentence {n}", {**raw, **of_all, "number": n})
            for n, raw in enumerate(found.sentences, start=1)
        ]
    return sorted(items, key=lambda item: item.level)


def read_items(data: Path) -> list[Item]:
    """What the data step kept in its folder."""
    return [Item.model_validate(row) for row in read_jsonl(data / ITEMS)]


def _checked(kind: type[Record], where: str, raw: object) -> Record:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{where}: {first(error, raw)}") from None


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
