"""Questions about a text that is given with them, in the multi-task experiment (Table 13): the
authors' files of WiCE, FEVER, HotpotQA and HaluEval-QA, and the prompts of the released code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.data.formats import as_list, expect, is_texts
from shared.data.questions import LETTERS, Question
from shared.files import read_json


@dataclass(frozen=True)
class Passage(Question):
    prompt: str = ""  # the text, the question and `Answer:`


def read_wice(path: Path, name: str) -> list[Passage]:
    """Sub-claims of WiCE: a list of {evidence: [sentence, …], claim, label}."""
    labels = ("supported", "partially_supported", "not_supported")
    return _claims(path, name, "wice", labels, ":")


def read_fever(path: Path, name: str) -> list[Passage]:
    """FEVER with its evidence, in the same format."""
    return _claims(path, name, "fever", ("SUPPORTS", "REFUTES", "NOT ENOUGH INFO"), ": ")


def read_hotpotqa(path: Path, name: str) -> list[Passage]:
    """HotpotQA: a list of {context: [[title, [sentence, …]], …], question, answer}."""
    made = []
    for number, row in enumerate(_records(path, ("context", "question", "answer"))):
        for pair in as_list(path, row["context"]):
            right = isinstance(pair, list) and len(pair) == 2 and _are_texts(pair[1])
            expect(path, f"row {number}, context", pair, right, "[title, [sentence, …]]")
        context = " ".join(f"{title}:{' '.join(said)}\n" for title, said in row["context"])
        made.append(
            _asked("hotpotqa", f"{context}\nQuestion: ", row["question"], row["answer"], name)
        )
    return made


def read_halueval(path: Path, name: str) -> list[Passage]:
    """HaluEval-QA: a list of {knowledge, question, right_answer}."""
    return [
        _asked(
            "halueval",
            f"Knowledge: {row['knowledge']}\nQuestion: ",
            row["question"],
            row["right_answer"],
            name,
        )
        for row in _records(path, ("knowledge", "question", "right_answer"))
    ]


def _asked(relation: str, before: str, question: str, answer: str, name: str) -> Passage:
    prompt = f"{before}{question}\nAnswer:"
    return Passage(relation, question, (answer,), name, prompt=prompt)


def _claims(
    path: Path, name: str, relation: str, labels: Sequence[str], colon: str
) -> list[Passage]:
    options = "\n".join(f"{x}{colon}{label}." for x, label in zip(LETTERS, labels, strict=False))
    made = []
    for number, row in enumerate(_records(path, ("evidence", "claim", "label"))):
        where = f"row {number}"
        expect(path, f"{where}, evidence", row["evidence"], _are_texts(row["evidence"]), "texts")
        expect(path, f"{where}, label", row["label"], row["label"] in labels, ", ".join(labels))
        prompt = (
            f"Evidence:{' '.join(row['evidence'])}\nClaim:{row['claim']}\n"
            f"Question:Does the evidence support the claim?\n{options}\nAnswer:"
        )
        letter = LETTERS[labels.index(row["label"])]
        made.append(
            Passage(relation, row["claim"], (letter,), name, options=tuple(labels), prompt=prompt)
        )
    return made


def _records(path: Path, keys: Sequence[str]) -> list[dict]:
    rows = as_list(path, read_json(path))
    for number, row in enumerate(rows):
        expect(
            path, f"row {number}", row, isinstance(row, dict) and {*keys} <= {*row}, ", ".join(keys)
        )
    return rows


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and is_texts(value, len(value))
