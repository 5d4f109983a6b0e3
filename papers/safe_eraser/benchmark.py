"""The benchmark's files as records: a forbidden picture, a benign one, and what is asked of them.

`all_train.json` and `all_val.json` are lists of records, as the authors release them: a forbidden
picture, a benign one, four requests with the answer to each picture, and four harmless questions on
the forbidden one. The generated benchmark has the same form.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from papers.safe_eraser.settings import Settings
from shared.comparison.scores import read_scores
from shared.data.pictures import open_picture
from shared.errors import UserError
from shared.files import read_json, read_jsonl

SPLITS = {"train": "all_train.json", "val": "all_val.json"}
CATEGORIES = ("HateSpeech", "IllegalActivity", "Privacy", "Sex", "Violence", "Weapon")
RETAIN = {
    "UnharmPair_text1": "concept",
    "UnharmPair_text2": "concept",
    "UnharmPair_image1": "image",
    "UnharmPair_image2": "image",
}
# (set, split) -> the data set, as tables call it
DATASETS = {
    ("forget", "train"): "Efficacy",
    ("forget", "val"): "Generality",
    ("decouple", "val"): "Decoupled",
    ("retain", "val"): "Retain",
}
TARGETS = "Targets"  # retain, train: only vanilla is asked, since the official protocol learns it


@dataclass(frozen=True)
class Question:
    """A question about one picture, such as "val/0007/forget2".

    set: "forget", "decouple", "retain" or "specificity". answer: the gold one. prediction: what the
    model before unlearning said; None where the file does not say. category: of harm. level: of
    retain, "concept" or "image".
    """

    id: str
    set: str
    picture: str  # its path
    question: str
    answer: str
    prediction: str | None = None
    category: str = ""
    level: str = ""


class Request(NamedTuple):
    """A generic request: on the forbidden picture, and on the benign one (its twin)."""

    forget: Question
    decouple: Question


class Record(NamedTuple):
    split: str  # "train" or "val"
    requests: list[Request]
    retained: list[Question]  # harmless ones, on the forbidden picture

    @property
    def questions(self) -> list[Question]:
        return [*(question for request in self.requests for question in request), *self.retained]


def read(folder: Path) -> list[Record]:
    """All records of a benchmark folder. Raises `UserError` naming file and record where a field is
    missing."""
    return [each for split, name in SPLITS.items() for each in _read(folder, split, folder / name)]


def records(settings: Settings, data: Path) -> list[Record]:
    """The records of a scale: of the user's copy of the authors' files, or generated ones."""
    return read(data if settings.generated else Path(settings.benchmark))


def read_specificity(name: str, path: Path) -> list[Question]:
    """Questions on unrelated pictures: JSON Lines of image (a path beside the file), question (or
    text, as POPE has it) and answer (or label)."""
    found = []
    for number, row in enumerate(read_jsonl(path)):
        question, answer = (
            row.get(key, row.get(other))
            for key, other in (("question", "text"), ("answer", "label"))
        )
        if not all(isinstance(value, str) for value in (row.get("image"), question, answer)):
            raise UserError(
                f"{path}:{number + 1}: found {', '.join(row)}; expected image, question, answer"
            )
        picture = str(path.parent / row["image"])
        found.append(Question(f"{name}/{number:05d}", "specificity", picture, question, answer))
    return found


def check_pictures(paths: Iterable[str]) -> int:
    """How many different pictures there are. Raises `UserError` with the number of those that can't
    be used, and the first of them, before anything is trained on the others."""
    paths, problems = dict.fromkeys(paths), []
    for path in paths:
        try:
            open_picture(path)
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError(
            f"{len(problems)} of {len(paths)} pictures can't be used; the first: {problems[0]}"
        )
    return len(paths)


def said_by(answers: Path | None) -> dict[str, str]:
    """What a model said to each question, by its scores; those without words are left out, since
    these can't be learnt."""
    if not answers:
        return {}
    scores = read_scores(answers, ["id", "output", "sample"])
    scores = scores[(scores["sample"] == 0) & (scores["output"] != "")]
    return dict(zip(scores["id"], scores["output"], strict=True))


def _read(folder: Path, split: str, path: Path) -> Iterator[Record]:
    found = read_json(path, list)
    if not found:
        raise UserError(f"{path}: found an empty list; expected records")
    for number, fields in enumerate(found):
        try:
            yield _record(folder, split, number, fields)
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{path}: record {number}: expected the field {error} of SafeEraser's records"
            ) from None


def _record(folder: Path, split: str, number: int, fields: dict) -> Record:
    item, category = f"{split}/{number:04d}", _category(fields)
    forbidden, benign = (str(folder / fields[key]) for key in ("image_path", "SDImage_path"))
    requests = [
        Request(
            Question(
                f"{item}/forget{place}",
                "forget",
                forbidden,
                asked["question"],
                asked["model_response"],
                prediction=asked["model_response"],
                category=category,
            ),
            Question(
                f"{item}/decouple{place}",
                "decouple",
                benign,
                asked["question"],
                asked["sd_response"],
                category=category,
            ),
        )
        for place, asked in enumerate(fields["unsafe_pairs"])
    ]
    retained = [
        Question(
            f"{item}/retain{place}",
            "retain",
            forbidden,
            fields[key]["Question"],
            fields[key]["Answer"],
            prediction=fields[key].get("Prediction"),
            category=category,
            level=level,
        )
        for place, (key, level) in enumerate(RETAIN.items())
    ]
    return Record(split, requests, retained)


def _category(fields: dict) -> str:
    """The record's category; in the released all_val.json that of Violence is empty, and only the
    picture's folder tells it."""
    folders = Path(fields["image_path"]).parts
    return fields["category"] or next((name for name in CATEGORIES if name in folders), "")
