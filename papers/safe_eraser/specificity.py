"""Seven benchmarks of vision and language: what unlearning should leave as it was.

They are read from the user's own copies of their published files. Questions are put as LLaVA's
guide to evaluation puts them (`docs/Evaluation.md` of haotian-liu/LLaVA), and answers are scored by
the rule of each benchmark's own code or, for multiple choice and POPE, of LLaVA's. MM-Vet has none:
a language model grades its answers (`judging.py`).
"""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from shared.data.questions import LETTERS
from shared.errors import UserError
from shared.files import read_json, read_jsonl

SHORT = "\nAnswer the question using a single word or phrase."
ANSWERABLE = "\nWhen the provided information is insufficient, respond with 'Unanswerable'."
LETTER = "\nAnswer with the option's letter from the given choices directly."


class Row(NamedTuple):
    """picture: its path in the benchmark's folder, or its bytes where they stand in a table.
    answers: the right one, or what ten people answered (VQAv2 and VizWiz)."""

    picture: str | bytes
    question: str
    answers: Sequence[str]


def read(name: str, folder: Path) -> list[Row]:
    """All questions of a benchmark. Raises `UserError` naming its folder and what is missing."""
    found = []
    try:
        found.extend(READERS[name](folder))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename}: no such file; expected {name}'s questions") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(
            f"{folder}: row {len(found)}: expected the fields of {name}'s files, found {error!r}"
        ) from None
    return found


def _gqa(folder: Path) -> Iterator[Row]:
    for row in read_json(folder / "testdev_balanced_questions.json", dict).values():
        yield Row(f"images/{row['imageId']}.jpg", row["question"] + SHORT, [row["answer"]])


def _vizwiz(folder: Path) -> Iterator[Row]:
    for row in read_json(folder / "val.json", list):
        answers = [each["answer"] for each in row["answers"]]
        yield Row(f"val/{row['image']}", row["question"] + ANSWERABLE + SHORT, answers)


def _vqav2(folder: Path) -> Iterator[Row]:
    answers = {
        row["question_id"]: [each["answer"] for each in row["answers"]]
        for row in read_json(folder / "v2_mscoco_val2014_annotations.json", dict)["annotations"]
    }
    for row in read_json(folder / "v2_OpenEnded_mscoco_val2014_questions.json", dict)["questions"]:
        picture = f"val2014/COCO_val2014_{row['image_id']:012d}.jpg"
        yield Row(picture, row["question"] + SHORT, answers[row["question_id"]])


def _pope(folder: Path) -> Iterator[Row]:
    for part in ("random", "popular", "adversarial"):
        for row in read_jsonl(folder / f"coco_pope_{part}.json"):
            yield Row(f"val2014/{row['image']}", row["text"] + SHORT, [row["label"]])


def _science_qa(folder: Path) -> Iterator[Row]:
    """Of the test questions those with a picture."""
    problems = read_json(folder / "problems.json", dict)
    for number in read_json(folder / "pid_splits.json", dict)["test"]:
        row = problems[number]
        if row["image"]:
            asked = _with_options(row["hint"], row["question"], row["choices"])
            yield Row(f"images/test/{number}/{row['image']}", asked, ["ABCDE"[row["answer"]]])


def _mm_vet(folder: Path) -> Iterator[Row]:
    for row in read_json(folder / "mm-vet.json", dict).values():
        yield Row(f"images/{row['imagename']}", row["question"], [row["answer"]])


def _mmbench(folder: Path) -> Iterator[Row]:
    path = folder / "mmbench_dev_20230712.tsv"
    try:
        table = pd.read_table(path, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise UserError(
            f"{path}: {error}; expected MMBench's table of the development set"
        ) from None
    for row in table.to_dict("records"):
        options = [row[letter] for letter in LETTERS if row[letter].lower() not in ("", "nan")]
        asked = _with_options(row["hint"], row["question"], options)
        yield Row(base64.b64decode(row["image"]), asked, [row["answer"]])


def _with_options(hint: str, question: str, options: Sequence[str]) -> str:
    stem = [hint] if hint and hint.lower() != "nan" else []
    listed = [f"{letter}. {option}" for letter, option in zip("ABCDE", options, strict=False)]
    return "\n".join([*stem, question, *listed]) + LETTER


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "GQA": _gqa,
    "VizWiz": _vizwiz,
    "ScienceQA": _science_qa,
    "VQAv2": _vqav2,
    "POPE": _pope,
    "MM-Vet": _mm_vet,
    "MMBench": _mmbench,
}


def plain(text: str) -> str:
    return text.strip().rstrip(".").lower()


def exact(output: str, answers: Sequence[str]) -> float:
    """1 for the right answer, but for case and the full stop."""
    return float(plain(output) == plain(answers[0]))


def yes_or_no(output: str, answers: Sequence[str]) -> float:
    """An answer is no if its first sentence says no or not, else yes (LLaVA's `eval_pope.py`)."""
    words = output.partition(".")[0].replace(",", "").split(" ")
    return float(answers[0] == ("yes" if {"No", "not", "no"}.isdisjoint(words) else "no"))


def chosen_letter(output: str, answers: Sequence[str]) -> float:
    """A letter alone, one that begins the answer ("B. ..."), or "The answer is B" (LLaVA's
    `eval_science_qa.py`)."""
    text = output.strip().replace("\n", ". ")
    found = re.match(r"([A-E])(?:\. |$)", text) or re.search(r"The answer is ([A-E])", text)
    return float(bool(found) and found[1] == answers[0])


def agreement(output: str, answers: Sequence[str]) -> float:
    """VQA accuracy (Antol et al. 2015): min(1, people who said the same / 3), averaged over all
    choices of nine of the ten people."""
    said = normalised(output)
    same = [normalised(each) == said for each in answers]
    return sum(min(1, (sum(same) - one) / 3) for one in same) / len(same)


_NUMBERS = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip


def normalised(answer: str) -> str:
    """As the official evaluation of VQA compares answers: without articles and punctuation, numbers
    as digits. Its list of contractions ("dont" is "don't") comes to leaving out apostrophes."""
    before = text = answer.lower().replace("'", "").strip()
    within_number = re.search(r"\d,\d", before)
    for sign in ';/[]"{}()=+\\_-><@`,?!':
        loose = f"{sign} " in before or f" {sign}" in before
        text = text.replace(sign, "" if loose or within_number else " ")
    words = re.sub(r"\.(?!\d)", "", text).split()
    return " ".join(_NUMBERS.get(word, word) for word in words if word not in ("a", "an", "the"))


SCORES: dict[str, Callable[[str, Sequence[str]], float]] = {
    "GQA": exact,
    "VizWiz": agreement,
    "ScienceQA": chosen_letter,
    "VQAv2": agreement,
    "POPE": yes_or_no,
    "MMBench": chosen_letter,
}
