"""`run.json`: what a step ran on, so that a number can be traced to code, data and machine."""

import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from shared.files import read_json, write_json
from shared.models.devices import is_first
from shared.settings import ROOT

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "peft",
    "trl",
    "accelerate",
    "numpy",
    "snakemake",
)
# Results and generated tables differ after every run; they don't make the code dirty.
CODE = ["--", ".", ":!results", ":!*.md"]


def write_run(path: Path, started: float, **facts: object) -> None:
    """Write the record of one step, of which only the first of several processes writes one.

    `started` is `time.perf_counter()` at the start. `facts` is what is known of the step (settings,
    seed, inputs as name → SHA-256) and what it measured (tokens, tokens_per_second, ...).
    """
    if not is_first():
        return
    record = {
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": _peak_mb(),
        **commit(),
        "packages": _packages(),
        "hardware": _hardware(),
        **facts,
    }
    write_json(path, record)


def read_runs(folder: Path) -> dict[str, dict]:
    """The record of each step of a paper, by the step's name, from its folder of results."""
    runs = folder / "runs"
    return {
        str(path.relative_to(runs).with_suffix("")): read_json(path, dict)
        for path in sorted(runs.rglob("*.json"))
    }


def commit() -> dict:
    """Commit of the working tree and whether its code has uncommitted changes.

    A copy of the tree without git (a container, a compute node) may say both in the environment:
    GIT_COMMIT, and GIT_DIRTY=1. None: not known.
    """
    try:
        head = _git("rev-parse", "HEAD")
        return {"commit": head, "dirty": bool(_git("status", "--porcelain", *CODE))}
    except (subprocess.CalledProcessError, FileNotFoundError):
        known = os.environ.get("GIT_COMMIT")
        return {"commit": known, "dirty": os.environ.get("GIT_DIRTY") == "1" if known else None}


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def _packages() -> dict[str, str]:
    """Versions of those that are installed."""
    found = importlib.metadata.distributions
    return {name: each.version for name in PACKAGES for each in found(name=name)}


def _peak_mb() -> int:
    """The most main memory that this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB; macOS gives bytes
    return round(most * (1 if sys.platform == "darwin" else 1024) / 1e6)


def _hardware() -> dict:
    hardware = {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    torch = sys.modules.get("torch")  # a step that did not need torch does not load it for this
    if torch:
        hardware["threads"] = torch.get_num_threads()
        hardware["simd"] = torch.backends.cpu.get_cpu_capability()  # decides how sums are rounded
        if torch.cuda.is_available():
            hardware["gpu"] = torch.cuda.get_device_name()
    return hardware
