"""Readers of the published files of ParaRel, MMLU, FalseQA, NEC and SelfAware.

Each takes the path of one file (`name` is what the rows give as their source) and raises
`UserError` with file and row where the format is not the published one.
"""

from pathlib import Path

from shared.data.formats import as_list, expect, is_texts, read_csv
from shared.data.questions import LETTERS, Question, multiple_choice
from shared.files import read_json, read_jsonl


def read_pararel(path: Path, name: str) -> list[Question]:
    """ParaRel as R-Tuning has it: a list of [question, answer, "Pxxx(relation)"]."""
    rows = []
    for number, row in enumerate(read_json(path, list)):
        expect(path, f"row {number}", row, is_texts(row, 3), "[question, answer, relation]")
        rows.append(Question(relation=row[2], question=row[0], answers=(row[1],), source=name))
    return rows


def read_mmlu_json(path: Path, name: str) -> list[Question]:
    """MMLU as R-Tuning has it: {subject: [[question, A, B, C, D, letter], ...]}."""
    return [
        _mmlu(path, f"{subject}, row {number}", subject, row, name)
        for subject, rows in read_json(path, dict).items()
        for number, row in enumerate(as_list(path, rows))
    ]


def read_mmlu_csv(path: Path, name: str) -> list[Question]:
    """One subject of the MMLU test set: columns id, lang, question, A, B, C, D, target."""
    subject = path.stem.removesuffix("_test")
    columns = ("question", *LETTERS, "target")
    return [
        _mmlu(path, f"row {number}", subject, [row[column] for column in columns], name)
        for number, row in enumerate(read_csv(path, columns))
    ]


def read_falseqa(path: Path, name: str) -> list[Question]:
    """One file of FalseQA: question, answer, label; label 1 marks a false premise.

    What a false-premise row gives as answer is a rebuttal, so it has no gold answer here.
    """
    rows = []
    for number, row in enumerate(read_csv(path, ("question", "answer", "label"))):
        expect(path, f"row {number}, label", row["label"], row["label"] in ("0", "1"), "0 or 1")
        answerable = row["label"] == "0"
        answers = (row["answer"],) if answerable else ()
        question = row["question"].strip()
        rows.append(Question(path.stem, question, answers, name, answerable=answerable))
    return rows


def read_nec(path: Path, name: str) -> list[Question]:
    """NEC of UnknownBench, JSON Lines of prompt, label, category; label 1 = invented concept.

    It has no gold answers.
    """
    rows = []
    for number, row in enumerate(read_jsonl(path)):
        keys = isinstance(row, dict) and {"prompt", "label", "category"} <= row.keys()
        expect(path, f"row {number}", row, keys, "prompt, label, category")
        expect(path, f"row {number}, label", row["label"], row["label"] in (0, 1), "0 or 1")
        answerable = row["label"] == 0
        rows.append(Question(row["category"], row["prompt"], (), name, answerable=answerable))
    return rows


def read_selfaware(path: Path, name: str) -> list[Question]:
    """SelfAware: records under `example`; its own field `source` is taken as the relation."""
    rows = []
    for number, row in enumerate(as_list(path, read_json(path, dict).get("example"))):
        keys = isinstance(row, dict) and {"question", "answer", "answerable", "source"} <= set(row)
        expect(path, f"row {number}", row, keys, "question, answer, answerable, source")
        answers = tuple(row["answer"] or ())
        rows.append(
            Question(row["source"], row["question"], answers, name, answerable=row["answerable"])
        )
    return rows


def few_shot_prefix(subject: str, shots: list[Question]) -> str:
    """The MMLU text before a question: a header line, then solved questions, blank lines between.

    After Hendrycks et al. 2021 ("Measuring Massive Multitask Language Understanding").
    """
    header = (
        "The following are multiple choice questions (with answers) about "
        f"{subject.replace('_', ' ')}."
    )
    solved = [f"{multiple_choice(s.question, s.options)} {s.answers[0]}" for s in shots]
    return "\n\n".join([header, *solved, ""])


def _mmlu(path: Path, where: str, subject: str, row: list, name: str) -> Question:
    right = is_texts(row, 6) and row[5] in tuple(LETTERS)
    expect(path, where, row, right, "[question, A, B, C, D, letter]")
    return Question(subject, row[0], (row[5],), name, options=tuple(row[1:5]))
