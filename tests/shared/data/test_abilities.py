"""MATH-500 and HumanEval: small files in the published format, and the real ones from a mirror."""

import gzip
import json

import pytest

from shared.data.abilities import ASSISTANT, USER, mmlu_task, read_humaneval, read_math500
from shared.data.questions import Question
from shared.errors import UserError
from shared.files import read_jsonl
from shared.judges.answers import boxed, same_formula
from shared.judges.programs import pass_tests

FUNCTION = {
    "task_id": "HumanEval/0",
    "prompt": 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n',
    "entry_point": "total",
    "canonical_solution": "    return sum(xs)\n",
    "test": "def check(candidate):\n    assert candidate([1, 2]) == 3\n",
}


def lines(path, *rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def zipped(path, *rows):
    with gzip.open(path, "wt") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path


def test_a_problem_of_math500(tmp_path):
    row = {
        "idx": 7,
        "prompt": f"<begin>Please reason.{USER}What is 1 + 1?{ASSISTANT}",
        "reference_solution": "It is $\\boxed{2}.$\n#### 2",
    }
    (task,) = read_math500(lines(tmp_path / "math500.jsonl", row), "math500")
    assert (task.id, task.answers) == ("7", ("2",))
    assert task.prompt.startswith("What is 1 + 1?\n\nReason") and "boxed{}" in task.prompt


@pytest.mark.parametrize(
    "row",
    [
        {"idx": 0, "prompt": "x"},
        {"idx": 0, "prompt": "no marks", "reference_solution": "a\n#### 2"},
        {"idx": 0, "prompt": f"{USER}x{ASSISTANT}", "reference_solution": "no answer"},
    ],
)
def test_math500_of_another_form_is_one_line(tmp_path, row):
    with pytest.raises(UserError, match=r"math500\.jsonl: row 0: expected "):
        read_math500(lines(tmp_path / "math500.jsonl", row), "math500")


def test_a_function_of_humaneval(tmp_path):
    """What comes before the model's code and after it makes a program that its solution passes."""
    (task,) = read_humaneval(zipped(tmp_path / "HumanEval.jsonl.gz", FUNCTION), "humaneval")
    before, after = task.answers
    assert before == "from typing import List\n\n\n" and FUNCTION["prompt"] in task.prompt
    right = FUNCTION["prompt"] + FUNCTION["canonical_solution"]
    wrong = right.replace("sum(xs)", "0")
    assert pass_tests([f"{before}\n{code}\n{after}" for code in (right, wrong)]) == [True, False]


def test_humaneval_of_another_form_is_one_line(tmp_path):
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_text("{}")
    with pytest.raises(UserError, match="expected gzipped JSON Lines"):
        read_humaneval(path, "humaneval")
    with pytest.raises(UserError, match="row 0: expected task_id, prompt, entry_point, test"):
        read_humaneval(zipped(path, {"task_id": "x"}), "humaneval")


def test_a_question_of_mmlu():
    question = Question("anatomy", "How many?", ("B",), "mmlu", options=("1", "2", "3", "4"))
    task = mmlu_task(4, question)
    assert (task.id, task.answers) == ("anatomy/00004", ("B",))
    assert task.prompt.startswith("How many?\nA. 1\nB. 2\nC. 3\nD. 4\n\nThink as long")


@pytest.mark.mirror
def test_the_references_are_right_by_the_judges(mirror):
    """Solutions of MATH-500 and HumanEval pass; HumanEval's prompts without a body do not."""
    math = read_math500(mirror / "math500" / "math500.jsonl", "math500")
    assert len(math) == 500
    rows = read_jsonl(mirror / "math500" / "math500.jsonl")
    found = [boxed(row["reference_solution"]) for row in rows]
    assert sum(same_formula(f, t.answers[0]) for f, t in zip(found, math, strict=True) if f) >= 498
    path = mirror / "humaneval" / "HumanEval.jsonl.gz"
    tasks = read_humaneval(path, "humaneval")
    with gzip.open(path, "rt") as file:
        rows = [json.loads(line) for line in file]
    right = [row["canonical_solution"] for row in rows]
    programs = [
        f"{task.answers[0]}\n{row['prompt']}{body}\n{task.answers[1]}"
        for bodies in (right, ["    pass\n"] * len(rows))
        for task, row, body in zip(tasks, rows, bodies, strict=True)
    ]
    passed = pass_tests(programs)
    assert all(passed[:164]) and not any(passed[164:])
