"""Readers of MATH-500 and HumanEval, and how their questions and MMLU's are put to a chat model.

Each reader takes the path of one file (`name` is what the rows give as their source) and raises
`UserError` with file and row where the format is not the published one.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from shared.data.formats import expect
from shared.data.questions import Question, multiple_choice
from shared.errors import UserError
from shared.files import read_jsonl

USER, ASSISTANT, ANSWER = "<｜User｜>", "<｜Assistant｜>", "\n#### "
CHOOSE = "{question}\n\nThink as long as you need, and end with: The answer is (LETTER)."
SOLVE = "{problem}\n\nReason step by step, and put the final answer within \\boxed{{}}."
COMPLETE = "Complete the function below. Give the whole function in one block of code.\n\n{code}"


@dataclass(frozen=True)
class Task:
    """What a model is asked, and what a right answer is held against: a letter, a formula, or what
    comes before and after the model's code in a program that fails if the code is wrong."""

    id: str
    prompt: str
    answers: tuple[str, ...]


def mmlu_task(number: int, question: Question) -> Task:
    options = multiple_choice(question.question, question.options).removesuffix("\nAnswer:")
    asked = CHOOSE.format(question=options)
    return Task(f"{question.relation}/{number:05d}", asked, question.answers)


def read_math500(path: Path, name: str) -> list[Task]:
    """MATH-500 (Lightman et al. 2023) as PromptCoT has it: JSON Lines of idx, prompt (the problem
    between two marks) and reference_solution (whose last line is the answer behind `####`)."""
    tasks = []
    for number, row in enumerate(read_jsonl(path)):
        keys = isinstance(row, dict) and {"idx", "prompt", "reference_solution"} <= row.keys()
        expect(path, f"row {number}", row, keys, "idx, prompt, reference_solution")
        _, user, rest = row["prompt"].partition(USER)
        problem, assistant, _ = rest.partition(ASSISTANT)
        _, mark, answer = row["reference_solution"].rpartition(ANSWER)
        marked = bool(user and assistant and mark)
        expect(path, f"row {number}", row["prompt"], marked, f"{USER}, {ASSISTANT} and ####")
        tasks.append(Task(str(row["idx"]), SOLVE.format(problem=problem), (answer.strip(),)))
    return tasks


def read_humaneval(path: Path, name: str) -> list[Task]:
    """HumanEval (Chen et al. 2021, arXiv 2107.03374): gzipped JSON Lines of task_id, prompt,
    entry_point, test."""
    tasks = []
    columns = ("task_id", "prompt", "entry_point", "test")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; expected gzipped JSON Lines") from None
    for number, row in enumerate(rows):
        keys = isinstance(row, dict) and {*columns} <= row.keys()
        expect(path, f"row {number}", row, keys, ", ".join(columns))
        before, _, _ = row["prompt"].partition(f"def {row['entry_point']}(")
        after = f"{row['test']}\ncheck({row['entry_point']})\n"
        asked = COMPLETE.format(code=row["prompt"])
        tasks.append(Task(row["task_id"], asked, (before, after)))
    return tasks
