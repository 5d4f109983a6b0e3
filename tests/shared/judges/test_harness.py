"""The command line for lm-evaluation-harness, and its log of samples read back."""

import json
import sys
from pathlib import Path
from typing import get_args

import pytest

from papers.refusal_tokens.settings import Task
from shared.errors import UserError
from shared.files import write_jsonl
from shared.judges import harness
from shared.judges.harness import Answered, command, read_samples

STAMP = "2026-11-24T18-33-58.481936"


def log(folder, task, rows):
    """A log as the harness 0.4.13 writes it: a folder for the model, a file for each task."""
    path = folder / "__models__tiny" / f"samples_{task}_{STAMP}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_command_names_task_and_model():
    asked = command("MMLU", 5, "/model", "transformers", 8, "bf16", Path("/out"))
    line = " ".join(asked)
    assert asked[:3] == [sys.executable, "-m", "lm_eval"]
    assert "--model hf --model_args pretrained=/model,dtype=bfloat16 --batch_size 8 " in line
    assert line.endswith("--tasks mmlu --output_path /out --log_samples --limit 5")


def test_the_model_may_run_in_vllm():
    line = " ".join(command("MMLU", None, "/model", "vllm", 8, "fp32", Path("/out")))
    options = "pretrained=/model,dtype=float32,max_num_seqs=8"
    assert f"--model vllm --model_args {options} --batch_size auto " in line


def test_what_papers_may_ask_is_known_and_no_task_runs_code():
    assert {*get_args(Task)} == {*harness.TASKS}
    of = (None, "folder", "transformers", 8, "fp32", Path("/out"))
    lines = [*(command(name, *of) for name in harness.TASKS), [harness.prepare(harness.TASKS)]]
    assert all("unsafe" not in word and word != "--limit" for line in lines for word in line)


def test_samples_become_a_verdict_a_question(tmp_path):
    """Two subjects of MMLU; a question logged twice (under two filters) counts once."""
    log(tmp_path, "mmlu_anatomy", [{"doc_id": 0, "acc": 1.0}, {"doc_id": 1, "acc": 0.0}])
    log(tmp_path, "mmlu_virology", [{"doc_id": 0, "acc": 0.0}, {"doc_id": 0, "acc": 1.0}])
    assert read_samples("MMLU", tmp_path) == [
        Answered("MMLU", "mmlu_anatomy/0", True),
        Answered("MMLU", "mmlu_anatomy/1", False),
        Answered("MMLU", "mmlu_virology/0", False),
    ]


def test_a_row_without_a_verdict_is_one_line(tmp_path):
    log(tmp_path, "mmlu_anatomy", [{"doc_id": 3, "exact_match": 1.0}])
    with pytest.raises(UserError, match="expected acc in each row, found doc_id, exact_match"):
        read_samples("MMLU", tmp_path)


def test_no_log_is_a_mistake(tmp_path):
    with pytest.raises(UserError, match="mmlu: found no samples"):
        read_samples("MMLU", tmp_path)


def test_what_is_not_there_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(harness.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install "\.\[eval\]"'):
        harness.answered({"MMLU": 1}, "folder", tmp_path)
    with pytest.raises(UserError, match=r'engine: found vllm.*pip install "\.\[vllm\]"'):
        harness.answered({"MMLU": 1}, "folder", tmp_path, engine="vllm")


def test_a_harness_that_fails_says_why(monkeypatch, tmp_path):
    script = ["bash", "-c", "echo loading >&2; echo 'no such data set' >&2; exit 3"]
    with pytest.raises(UserError, match="lm_eval ended with status 3: no such data set"):
        harness._run(script, tmp_path)


def test_a_share_of_the_probability_counts_as_it_is(tmp_path):
    """MC2 of TruthfulQA: of the right answers together."""
    log(tmp_path, "truthfulqa_mc2", [{"doc_id": 0, "acc": 0.375}])
    assert read_samples("TruthfulQA MC2", tmp_path)[0].correct == 0.375


@pytest.fixture
def ran(monkeypatch):
    """Commands of the harness; it logs a question of each task but for those in `broken`."""
    commands, broken = [], set()

    def run(command, folder):
        task = command[command.index("--tasks") + 1]
        commands.append(command)
        if task in broken:
            raise UserError(f"lm_eval ended with status 1: {task}")
        (folder / "model").mkdir()
        write_jsonl(folder / "model" / f"samples_{task}_{STAMP}.jsonl", [{"doc_id": 0, "acc": 1}])

    monkeypatch.setattr(harness, "_check_installed", lambda engine: None)
    monkeypatch.setattr(harness, "_run", run)
    return commands, broken


def test_questions_are_framed_as_a_users_or_gone_on_with(ran, tmp_path):
    for framed in (True, False):
        harness.answered({"PIQA": None}, "/model", tmp_path / str(framed), chat_template=framed)
    assert ["--apply_chat_template" in command for command in ran[0]] == [True, False]


def test_what_one_task_answered_is_kept_when_another_fails(ran, tmp_path):
    commands, broken = ran
    tasks = {"PIQA": None, "MMLU": None}
    broken.add("mmlu")
    with pytest.raises(UserError, match="mmlu"):
        harness.answered(tasks, "/model", tmp_path)
    broken.clear()
    found = harness.answered(tasks, "/model", tmp_path)
    assert [(each.dataset, each.correct) for each in found] == [("PIQA", 1), ("MMLU", 1)]
    asked = [command[command.index("--tasks") + 1] for command in commands]
    assert asked == ["piqa", "mmlu", "mmlu"]
