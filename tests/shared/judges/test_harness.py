"""The command line for lm-evaluation-harness, and its log of samples read back."""

import json
import subprocess
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.judges import harness
from shared.judges.harness import Answered, command, read_samples

STAMP = "2026-11-24T18-33-58.481936"


def log(folder, task, rows):
    """A log as the harness 0.4.13 writes it: a folder for the model, a file for each task."""
    path = folder / "__models__tiny" / f"samples_{task}_{STAMP}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_command_names_task_model_and_sandbox():
    asked = command("MMLU", 5, "/model", Path("/adapter"), 8, "bf16", Path("/out"))
    line = " ".join(asked)
    assert asked[:5] == list(harness.SANDBOX)
    assert "pretrained=/model,peft=/adapter,dtype=bfloat16" in asked
    assert "--tasks mmlu --batch_size 8 --output_path /out --log_samples" in line
    assert line.endswith("--log_samples --limit 5")


def test_only_the_task_that_runs_code_may_run_code():
    asked = (None, "folder", None, 8, "fp32", Path("/out"))
    lines = {name: command(name, *asked) for name in harness.TASKS}
    allowed = {name for name, line in lines.items() if "--confirm_run_unsafe_code" in line}
    assert allowed == {"HumanEval"} == set(harness.RUNS_CODE)
    assert all("--limit" not in line and "peft" not in " ".join(line) for line in lines.values())


def test_samples_become_a_verdict_a_question(tmp_path):
    """Two subjects of MMLU; a question logged twice (under two filters) counts once."""
    log(tmp_path, "mmlu_anatomy", [{"doc_id": 0, "acc": 1.0}, {"doc_id": 1, "acc": 0.0}])
    log(tmp_path, "mmlu_virology", [{"doc_id": 0, "acc": 0.0}, {"doc_id": 0, "acc": 1.0}])
    assert read_samples("MMLU", tmp_path) == [
        Answered("MMLU", "mmlu_anatomy/0", True),
        Answered("MMLU", "mmlu_anatomy/1", False),
        Answered("MMLU", "mmlu_virology/0", False),
    ]


def test_code_and_mathematics_have_flags_of_their_own(tmp_path):
    log(tmp_path, "humaneval_instruct", [{"doc_id": 3, "pass@1": 1.0}])
    assert read_samples("HumanEval", tmp_path) == [
        Answered("HumanEval", "humaneval_instruct/3", True)
    ]
    with pytest.raises(UserError, match="expected exact_match in each row, found doc_id, pass@1"):
        read_samples("MATH500", tmp_path)


def test_no_log_is_a_mistake(tmp_path):
    with pytest.raises(UserError, match="mmlu: found no samples"):
        read_samples("MMLU", tmp_path)


def test_a_harness_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(harness.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install "\.\[eval\]"'):
        harness.answered({"MMLU": 1}, "folder")


def test_a_harness_that_fails_says_why(monkeypatch, tmp_path):
    script = ["bash", "-c", "echo loading >&2; echo 'no such data set' >&2; exit 3"]
    with pytest.raises(UserError, match="lm_eval ended with status 3: no such data set"):
        harness._run(script, tmp_path)


def test_the_sandbox_has_no_network(tmp_path):
    """Only the loopback device is left in it."""
    done = subprocess.run(
        [*harness.SANDBOX, "cat", "/proc/net/dev"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("this machine allows no user namespaces")
    devices = [line.split(":")[0].strip() for line in done.stdout.splitlines() if ":" in line]
    assert devices == ["lo"]


def test_a_share_of_the_probability_counts_as_it_is(tmp_path):
    """MC2 of TruthfulQA: of the right answers together."""
    log(tmp_path, "truthfulqa_mc2", [{"doc_id": 0, "acc": 0.375}])
    assert read_samples("TruthfulQA MC2", tmp_path)[0].correct == 0.375


def test_questions_are_framed_as_a_users_or_gone_on_with(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(harness, "_check_installed", lambda: None)
    monkeypatch.setattr(harness, "_run", lambda command, folder: asked.append(command))
    monkeypatch.setattr(harness, "read_samples", lambda *_: [])
    for chat_template in (True, False):
        harness.answered({"PIQA": None}, "/model", chat_template=chat_template)
    assert ["--apply_chat_template" in command for command in asked] == [True, False]
