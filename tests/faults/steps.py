"""Real steps at smoke, each in a process of its own, with something that goes wrong there.

The processes are forks of one that has PyTorch loaded (multiprocessing's forkserver), since to load
it takes longer than any of these steps.
"""

import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shared.files import sha256
from shared.settings import ROOT

SMALL = ("--scale", "smoke", "--model", "random-llama")
# The events of Python at which files are made, moved and removed.
TOUCHES = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}


def data(given: Path, folder: Path) -> None:
    from papers.forbidden_science.data import data

    _step(data, folder, "--scale", "smoke", "--out", folder / "out")


def train(given: Path, folder: Path) -> None:
    """Two epochs of three steps, with a checkpoint after each step but the last."""
    from papers.r_tuning.train import train

    changed = ("r_tuning.training.checkpoint_seconds=0", "r_tuning.training.epochs=2")
    os.environ["REPLICATIONS_SET"] = ",".join(changed)
    words = ("--data", given / "questions", "--task", "facts", "--variant", "vanilla", "--seed", 0)
    _step(train, folder, *SMALL, *words, "--out", folder / "out")


def ask(given: Path, folder: Path) -> None:
    from papers.forbidden_science.ask import ask

    words = ("--data", given / "prompts", "--variant", "base", "--seed", 0)
    _step(ask, folder, *SMALL, *words, "--out", folder / "out")


def analyze(given: Path, folder: Path) -> None:
    from shared.comparison.__main__ import main

    results, copy = folder / "out" / "forbidden_science", folder / "copy"
    if not results.exists():  # as links: what is written there takes their place
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(given / "forbidden_science", copy, copy_function=os.link)
        results.parent.mkdir(exist_ok=True)
        copy.rename(results)
    words = ["--paper", "forbidden_science", "--scale", "cpu", "--results", str(results)]
    sys.argv = ["analyze", *words]
    main()
    (results / "runs" / "analyze.json").unlink()  # says when it was


def unlearn(given: Path, folder: Path) -> None:
    """Eight items, two epochs of two steps, against a frozen reference."""
    from shared.losses.unlearning import Term, ascent, divergence
    from shared.models.loading import save
    from shared.training.settings import Training
    from shared.training.unlearning import unlearn

    def example(*ids: int) -> dict:
        return {"input_ids": [5, *ids], "labels": [-100, *ids]}

    items = [{"forget": example(9, n), "retain": example(8, n + 20)} for n in range(8)]
    terms = (Term(1.0, ascent, ("forget",)), Term(1.0, divergence, ("retain",), reference=True))
    sizes = {"epochs": 2, "learning_rate": 1e-2, "effective_batch_size": 4, "max_length": 8}
    settings = Training(**sizes, checkpoint_seconds=0)
    scratch = folder / "scratch" / "unlearn"
    model, _ = unlearn(_llama(), items, terms, settings, seed=0, scratch=scratch)
    save(model, folder / "out")


def reinforce(given: Path, folder: Path) -> None:
    """GRPO of four steps, which keeps the weights of the best one."""
    from shared.models.loading import save
    from shared.training.reinforcement import reinforce
    from shared.training.settings import Lora, Reinforcement
    from tests.tokens import byte_tokenizer

    settings = Reinforcement(
        steps=4, prompts_per_step=2, generations=2, max_new_tokens=4, learning_rate=1e-2,
        lora=Lora(rank=2, alpha=4), keep_best=True, checkpoint_seconds=0,
    )  # fmt: skip

    def reward(rows: list[dict], completions: list[str]) -> list[dict]:
        return [{"e": each.count("e") + len(each) / 100} for each in completions]

    rows = [{"prompt": text} for text in ("one", "two", "three", "four", "five")]
    scratch = folder / "scratch" / "reinforce"
    made = (_llama(), byte_tokenizer(), rows, reward, settings)
    model, _ = reinforce(*made, seed=0, scratch=scratch)
    save(model, folder / "out")


def make_data(paper: str, folder: Path, name: str) -> None:
    """The examples of a paper at smoke, as `folder`/`name`."""
    import importlib

    os.chdir(ROOT)
    made = importlib.import_module(f"papers.{paper}.data").data
    _step(made, folder, "--scale", "smoke", "--out", folder / name)


STEPS = {each.__name__: each for each in (data, train, ask, analyze, unlearn, reinforce)}


def _llama() -> object:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3}
    special = {"pad_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=259, **sizes, **heads, **special)).eval()


def _step(function: Callable, folder: Path, *words: object) -> None:
    from shared.runner import step

    step._run(function, [*map(str, words), "--record", str(folder / "record.json")])


# What may go wrong in the process of a step.


def die_at(moment: int | str, folder: Path) -> Callable[[], int]:
    """Kill this process before it touches a file below `folder` for the so manieth time, or one
    whose path has this in it; gives a count of the times."""
    touched = 0

    def count(event: str, arguments: tuple) -> None:
        nonlocal touched
        if event not in TOUCHES or not str(arguments[0]).startswith(str(folder)):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        if touched == moment or (isinstance(moment, str) and moment in str(arguments[0])):
            os.kill(os.getpid(), signal.SIGKILL)
        touched += 1

    sys.addaudithook(count)
    return lambda: touched


def limit_files(size: int) -> None:
    """No file can grow beyond so many bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def put_clock_back() -> None:
    """From now on each look at the clock gives an hour less than the one before."""
    now, real = [4e9], time.time

    def earlier() -> float:
        now[0] -= 3600
        return now[0]

    time.time = earlier
    assert real() < 4e9


def write_protected() -> None:
    """Take from root the right to write where nobody may, which tests in a container have."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    held[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(header, held) == 0


def _run(name: str, given: Path, folder: Path, fault: tuple) -> None:
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(ROOT)
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    from shared.chat import cache
    from shared.errors import one_line_errors
    from shared.runner import step

    torch.set_num_threads(1)
    step.SCRATCH = cache.SCRATCH = folder / "scratch"
    touched = die_at(fault[1] if fault[0] == "die" else -1, folder)
    if fault[0] not in ("die", "none"):
        {"limit": limit_files, "back": put_clock_back, "protected": write_protected}[fault[0]](
            *fault[1:]
        )
    one_line_errors(lambda: STEPS[name](given, folder))
    (folder / "touched").write_text(str(touched()))


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["torch", "transformers.trainer", "peft", "trl", "pandas", "shared.training.reinforcement"]
)


def start(name: str, given: Path, folder: Path, *fault: object) -> multiprocessing.Process:
    """A step that runs, in a folder of its own (out, record.json, scratch, said)."""
    folder.mkdir(parents=True, exist_ok=True)
    process = CONTEXT.Process(target=_run, args=(name, given, folder, fault or ("none",)))
    process.start()
    return process


def run(name: str, given: Path, folder: Path, *fault: object) -> int:
    """The exit status of a step; what it said is in folder/said."""
    process = start(name, given, folder, *fault)
    process.join()
    return process.exitcode


def result(folder: Path) -> str:
    """The hash of what a step wrote."""
    return sha256(folder / "out")


def said(folder: Path) -> str:
    return (folder / "said").read_text(encoding="utf-8")


def touches(folder: Path) -> int:
    return int((folder / "touched").read_text())


def left_over(folder: Path) -> list[str]:
    """What no finished step leaves: temporary files, and anything below its scratch folder."""
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    return [n for n in names if n.endswith((".tmp", ".before")) or n.startswith("scratch/")]
