"""The benchmark's files as records: a forbidden picture, a benign one, and what is asked of them.

`all_train.json` and `all_val.json` are lists of records, as the authors release them: a forbidden
picture, a benign one, four requests with the answer to each picture, and four harmless questions on
the forbidden one. The generated benchmark has the same form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from shared.comparison.scores import read_scores
from shared.data.pictures import open_picture
from shared.errors import UserError
from shared.files import read_json, read_jsonl

PROMPTS, SPECIFICITY = "prompt.json", "specificity.jsonl"
SPLITS = {"train": "all_train.json", "val": "all_val.json"}
CATEGORIES = ("HateSpeech", "IllegalActivity", "Privacy", "Sex", "Violence", "Weapon")
RETAIN = {  # field -> level of the question
    f"UnharmPair_{field}{number}": level
    for field, level in (("text", "concept"), ("image", "image"))
    for number in (1, 2)
}
# (set, split) -> the data set, as tables call it
DATASETS = {
    ("forget", "train"): "Efficacy",
    ("forget", "val"): "Generality",
    ("decouple", "val"): "Decoupled",
    ("retain", "val"): "Retain",
    ("retain", "train"): "Targets",
}
TARGETS = "Targets"  # only vanilla is asked: the official protocol learns what it says
FORBIDDEN, BENIGN = PROBED = ("Generality", "Decoupled")  # held-out requests


@dataclass(frozen=True)
class Question:
    """A question about one picture, such as "val/0007/forget2".

    set: "forget", "decouple", "retain" or "specificity". picture: its path in `folder`, which also
    says which questions are about the same one. answers: the gold one; of some benchmarks of
    specificity what ten people answered. prediction: what the model before unlearning said; None
    where the file does not say. category: of harm. level: of retain, "concept" or "image". dataset:
    its name in tables; empty for what is only trained on.
    """

    id: str
    set: str
    picture: str
    question: str
    answers: tuple[str, ...]
    folder: Path = Path()
    prediction: str | None = None
    category: str = ""
    level: str = ""
    dataset: str = ""

    @property
    def answer(self) -> str:
        return self.answers[0]

    @property
    def path(self) -> Path:
        """Of the picture."""
        return self.folder / self.picture


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
    found = []
    for split, name in SPLITS.items():
        rows = read_json(folder / name, list)
        if not rows:
            raise UserError(f"{folder / name}: found an empty list; expected records")
        for number, fields in enumerate(rows):
            try:
                found.append(_record(folder, split, number, fields))
            except (KeyError, TypeError) as error:
                raise UserError(
                    f"{folder / name}: record {number}: expected the field {error} of SafeEraser's"
                    " records"
                ) from None
    return found


def refusals(folder: Path) -> list[str]:
    """What PO learns in place of harmful answers: `idk` of the authors' prompt.json."""
    path = folder / PROMPTS
    found = read_json(path, dict).get("idk")
    if not isinstance(found, list) or not found or not all(isinstance(t, str) for t in found):
        raise UserError(f"{path}: expected refusals, a list of texts, under 'idk'")
    return [text.strip(" ") for text in found]


def read_specificity(data: Path) -> list[Question]:
    """Questions on unrelated pictures, which the data step wrote."""
    return [
        Question(
            f"{row['dataset']}/{number:05d}",
            "specificity",
            row["image"],
            row["question"],
            tuple(row["answers"]),
            folder=Path(row["folder"]) if row["folder"] else data,
            dataset=row["dataset"],
        )
        for number, row in enumerate(read_jsonl(data / SPECIFICITY))
    ]


def check_pictures(paths: Iterable[Path]) -> int:
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


def _record(folder: Path, split: str, number: int, fields: dict) -> Record:
    forbidden, benign = (_inside(folder, fields[key]) for key in ("image_path", "SDImage_path"))
    of_all = {"category": _category(fields), "folder": folder}

    def question(
        kind: str, place: int, picture: str, asked: str, answer: str, **more: str | None
    ) -> Question:
        name = f"{split}/{number:04d}/{kind}{place}"
        more |= {"dataset": DATASETS.get((kind, split), "")}
        return Question(name, kind, picture, asked, (answer,), **of_all, **more)

    def request(place: int, asked: dict) -> Request:
        text, harmful = asked["question"], asked["model_response"]
        return Request(
            question("forget", place, forbidden, text, harmful, prediction=harmful),
            question("decouple", place, benign, text, asked["sd_response"]),
        )

    def retained(place: int, level: str, asked: dict) -> Question:
        texts = (asked["Question"], asked["Answer"])
        said = asked.get("Prediction")
        return question("retain", place, forbidden, *texts, prediction=said, level=level)

    return Record(
        split,
        [request(*each) for each in enumerate(fields["unsafe_pairs"])],
        [retained(n, level, fields[key]) for n, (key, level) in enumerate(RETAIN.items())],
    )


def _inside(folder: Path, path: str) -> str:
    """A picture's path in the folder, also where it begins with the folder's own name: the released
    code is run beside its folder `dataset`."""
    first, *rest = Path(path).parts
    return str(Path(*rest) if first == folder.name else Path(path))


def _category(fields: dict) -> str:
    """The record's category; in the released all_val.json that of Violence is empty, and only the
    picture's folder tells it."""
    folders = Path(fields["image_path"]).parts
    return fields["category"] or next((name for name in CATEGORIES if name in folders), "")
