"""The command line for lm-evaluation-harness, and its log of samples read back."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.files import write_jsonl
from shared.judges import harness
from shared.judges.harness import Answered, command, read_samples
from shared.judges.programs import SANDBOX

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


def test_only_the_task_that_runs_code_may_run_code_and_needs_a_sandbox(monkeypatch):
    """Where there is none, as in many containers, all others run."""
    asked_for = []
    monkeypatch.setattr(harness, "sandbox", lambda: asked_for.append(1) or ("a sandbox", "--"))
    of = (None, "folder", "transformers", 8, "fp32", Path("/out"))
    asked = {name: command(name, *of) for name in harness.TASKS}
    allowed = {name for name, line in asked.items() if "--confirm_run_unsafe_code" in line}
    assert allowed == {"HumanEval"} == set(harness.RUNS_CODE)
    assert {name for name, line in asked.items() if line[0] == "a sandbox"} == allowed
    assert len(asked_for) == 1 and asked["HumanEval"][2:5] == [*harness.CONNECTED]
    assert all("--limit" not in line for line in asked.values())


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


def in_sandbox(*command):
    """What a command prints in it; its status and last line of errors where it fails."""
    if subprocess.run([*SANDBOX, "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no user namespaces")
    done = subprocess.run([*SANDBOX, *harness.CONNECTED, *command], capture_output=True, text=True)
    if done.returncode:
        return done.returncode, done.stderr.strip().splitlines()[-1]
    return done.stdout


def test_the_sandbox_has_no_network():
    """Only the loopback device is left in it."""
    said = in_sandbox("cat", "/proc/net/dev")
    devices = [line.split(":")[0].strip() for line in said.splitlines() if ":" in line]
    assert devices == ["lo"]


def test_a_process_of_the_sandbox_reaches_itself():
    """As vLLM's engine and torch.distributed do."""
    talk = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname(), timeout=5)
client.sendall(b"hello")
print(server.accept()[0].recv(5).decode())
"""
    assert in_sandbox(sys.executable, "-c", talk) == "hello\n"


def test_a_process_of_the_sandbox_reaches_nothing_outside():
    """Neither a server of this machine on the same address, nor another machine's address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host, port in (server.getsockname(), ("192.0.2.1", 80)):  # of RFC 5737: no machine's
            reach = f"import socket; socket.create_connection(({host!r}, {port}), timeout=5)"
            status, why = in_sandbox(sys.executable, "-c", reach)
            assert status == 1 and ("refused" in why or "unreachable" in why)


def test_the_sandbox_ends_as_its_command_does():
    assert in_sandbox("bash", "-c", "echo no such data set >&2; exit 3") == (3, "no such data set")


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
