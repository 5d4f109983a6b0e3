"""General ability by lm-evaluation-harness (Gao et al.), in a process of its own.

It is an optional dependency: `pip install ".[eval]"`. Its data sets come from the hub's cache: load
them once beforehand (`prepare`).
"""

import importlib.util
import os
import resource
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from shared.chat.settings import check_engine
from shared.data.fetch.wanted import ByHand
from shared.errors import UserError
from shared.files import atomic, read_jsonl
from shared.models.devices import own_device
from shared.settings import Engine, Precision

TASKS = {  # our name -> the harness's task
    "ARC-C": "arc_challenge",
    "HellaSwag": "hellaswag",
    "PIQA": "piqa",
    "TruthfulQA MC1": "truthfulqa_mc1",
    "TruthfulQA MC2": "truthfulqa_mc2",
    "MMLU": "mmlu",
}
FLAG = "acc"  # of a sample, says how right it is: 1 or 0, or a share
DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
ROWS = 8  # questions at once, of which it makes logits of every token, twice
MOST_BYTES = 2**31  # of a file that the process may write


class Answered(NamedTuple):
    """One question of a task: its id, and how right the answer was, 0 to 1."""

    dataset: str
    id: str
    correct: float


def answered(
    tasks: Mapping[str, int | None],
    model: str,
    scratch: Path,
    *,
    engine: Engine = "transformers",
    batch_size: int = 64,
    precision: Precision = "fp32",
    chat_template: bool = True,
) -> list[Answered]:
    """Every question of the tasks (our name -> so many; None: all) with a verdict.

    model: folder. scratch: keeps the answers of each task, so that what failed at a later one
    begins there again. engine: that runs the model; no other model of this process should be
    loaded. batch_size: questions at once in vLLM; Transformers has ROWS. chat_template: questions
    are framed as those of a user; else they are text to be gone on with.
    """
    _check_installed(engine)
    own_device()  # if it is a GPU, the harness sees this one alone
    found = []
    for dataset, limit in tasks.items():
        done = scratch.resolve() / dataset
        if not done.is_dir():
            with atomic(done) as folder:
                folder.mkdir(parents=True)
                asked = command(dataset, limit, model, engine, batch_size, precision, folder)
                asked += ["--apply_chat_template"] if chat_template else []
                _run(asked, folder)
                read_samples(dataset, folder)
        found += read_samples(dataset, done)
    return found


def prepare(names: Collection[str]) -> str:
    """The command that loads the data of some of TASKS into the hub's cache."""
    tasks = ",".join(TASKS[name] for name in names)
    return f"lm_eval run --model dummy --tasks {tasks} --limit 1"


def questions(names: Collection[str]) -> ByHand:
    """For a paper's `downloads`: what the harness itself loads."""
    return ByHand(
        f"the questions of {', '.join(names)}",
        "lm-evaluation-harness loads them itself, and pins no revision of them",
        'install it (pip install ".[eval]") and run: ' + prepare(names),
    )


def command(
    dataset: str,
    limit: int | None,
    model: str,
    engine: Engine,
    batch_size: int,
    precision: Precision,
    out: Path,
) -> list[str]:
    """The harness's command line for one task."""
    arguments = f"pretrained={model},dtype={DTYPES[precision]}"
    run = ("hf", arguments, str(ROWS))
    if engine == "vllm":  # which batches by itself
        run = ("vllm", f"{arguments},max_num_seqs={batch_size}", "auto")
    asked = [sys.executable, "-m", "lm_eval", "run"]
    for option, value in zip(("--model", "--model_args", "--batch_size"), run, strict=True):
        asked += [option, value]
    asked += ["--tasks", TASKS[dataset], "--output_path", str(out), "--log_samples"]
    if limit is not None:
        asked += ["--limit", str(limit)]
    return asked


def read_samples(dataset: str, folder: Path) -> list[Answered]:
    """The verdicts that the harness logged below a folder, each question once."""
    task = TASKS[dataset]
    files = sorted(folder.rglob("samples_*.jsonl"))
    if not files:
        raise UserError(f"lm_eval, {task}: found no samples_*.jsonl, expected one for each task")
    found: dict[str, Answered] = {}
    for path in files:
        for row in read_jsonl(path):
            name = path.stem.removeprefix("samples_").rpartition("_")[0] or task
            key = f"{name}/{row['doc_id']}"
            if FLAG not in row:
                raise UserError(f"{path.name}: expected {FLAG} in each row, found {', '.join(row)}")
            found.setdefault(key, Answered(dataset, key, float(row[FLAG])))
    return list(found.values())


def _run(asked: Sequence[str], folder: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        asked, cwd=folder, env=environment, capture_output=True, text=True, preexec_fn=_limits
    )
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        raise UserError(f"lm_eval ended with status {done.returncode}: {said.strip()[:300]}")


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check_installed(engine: Engine) -> None:
    check_engine(engine)
    if importlib.util.find_spec("lm_eval") is None:
        raise UserError('lm-evaluation-harness is not installed; run: pip install ".[eval]"')
