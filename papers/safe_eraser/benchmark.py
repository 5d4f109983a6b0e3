"""The benchmark's files as rows: one question about one picture each.

`all_train.json` and `all_val.json` are lists of records, as the authors release them: a forbidden
picture, a benign one, four requests with the answer to each picture, and four harmless questions on
the forbidden one. The generated benchmark has the same form.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from papers.safe_eraser.settings import Settings
from shared.comparison.scores import read_scores
from shared.data.pictures import open_picture
from shared.errors import UserError

FILES = {"train": "all_train.json", "val": "all_val.json"}
CATEGORIES = ("HateSpeech", "IllegalActivity", "Privacy", "Sex", "Violence", "Weapon")
RETAIN = {
    "UnharmPair_text1": "concept",
    "UnharmPair_text2": "concept",
    "UnharmPair_image1": "image",
    "UnharmPair_image2": "image",
}


def read(folder: Path) -> list[dict]:
    """All rows of a benchmark folder. Each has

    id, split    "val/0007/forget2"; "train" or "val"
    set          "forget", "decouple" (the same requests on the benign picture) or "retain"
    level        of retain: "concept" or "image"
    item         id of the record, which its four requests share with their benign twins
    category     of harm
    picture      path of the picture
    question     what is asked
    answer       the gold answer
    prediction   what the model before unlearning said; None where the file does not say

    Raises `UserError` naming file and record where a field is missing.
    """
    return [row for split, name in FILES.items() for row in _rows(folder, split, folder / name)]


def rows(settings: Settings, data: Path) -> list[dict]:
    """The rows of a scale: of the user's copy of the authors' files, or generated ones."""
    return read(Path(settings.benchmark) if settings.benchmark else data)


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
    """What a model said to each row, by its scores; rows without words are left out, since these
    can't be learnt."""
    if not answers:
        return {}
    scores = read_scores(answers, ["id", "output", "sample"])
    scores = scores[(scores["sample"] == 0) & (scores["output"] != "")]
    return dict(zip(scores["id"], scores["output"], strict=True))


def _rows(folder: Path, split: str, path: Path) -> Iterator[dict]:
    for number, record in enumerate(_records(path)):
        try:
            yield from _of_record(folder, split, number, record)
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{path}: record {number}: expected the field {error} of SafeEraser's records"
            ) from None


def _records(path: Path) -> list[dict]:
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; expected SafeEraser's records") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None
    if not isinstance(records, list) or not records:
        raise UserError(f"{path}: found {type(records).__name__}; expected a list of records")
    return records


def _of_record(folder: Path, split: str, number: int, record: dict) -> Iterator[dict]:
    item = f"{split}/{number:04d}"
    common = {"split": split, "item": item, "category": _category(record), "level": ""}
    harmful, benign = (str(folder / record[key]) for key in ("image_path", "SDImage_path"))
    for place, pair in enumerate(record["unsafe_pairs"]):
        answers = {
            "forget": (harmful, pair["model_response"], pair["model_response"]),
            "decouple": (benign, pair["sd_response"], None),
        }
        for name, (picture, answer, prediction) in answers.items():
            yield common | {
                "id": f"{item}/{name}{place}",
                "set": name,
                "picture": picture,
                "question": pair["question"],
                "answer": answer,
                "prediction": prediction,
            }
    for place, (key, level) in enumerate(RETAIN.items()):
        yield common | {
            "id": f"{item}/retain{place}",
            "set": "retain",
            "level": level,
            "picture": harmful,
            "question": record[key]["Question"],
            "answer": record[key]["Answer"],
            "prediction": record[key].get("Prediction"),
        }


def _category(record: dict) -> str:
    """The record's category; in the released all_val.json that of Violence is empty, and only the
    picture's folder tells it."""
    folders = Path(record["image_path"]).parts
    return record["category"] or next((name for name in CATEGORIES if name in folders), "")
