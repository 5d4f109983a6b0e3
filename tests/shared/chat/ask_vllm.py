"""What a model says in vLLM: run by tests with the Python of an environment that has it.

    python -m tests.shared.chat.ask_vllm JOBS.json REPLIES.json

A job is a model, the folder of what was trained of it, and what is asked: conversations, prompts
(token ids) with candidates of their first token, and texts (token ids).
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import psutil

from shared.chat.loading import end, open_chat
from shared.chat.replies import Drawing
from shared.chat.settings import Asked
from shared.settings import ROOT

PYTHON = os.environ.get("VLLM_PYTHON", "")


def in_vllm(jobs: list[dict], folder: Path) -> list[dict]:
    """What is told of each job by the Python that has vLLM."""
    path, out = folder / "jobs.json", folder / "replies.json"
    path.write_text(json.dumps(jobs))
    command = [PYTHON, "-m", "tests.shared.chat.ask_vllm", path, out]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VLLM_CPU_KVCACHE_SPACE": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(out.read_text())


def told(job: dict) -> dict:
    asked = Asked(model=job["model"], engine=job["engine"])
    chat = open_chat(asked, trained=job.get("trained"), batch_size=job.get("batch_size", 8))
    said = []
    for each in job["asked"]:
        drawing = Drawing(**each.pop("drawing")) if "drawing" in each else None
        found = dict(chat.answers(**each, drawing=drawing))
        said.append([asdict(found[number]) for number in range(len(found))])
    found = {"replies": said, "identity": chat.identity}
    if "prompts" in job:
        found["chances"] = chat.chances(job["prompts"], job["candidates"]).tolist()
    if "texts" in job:
        found["nll"] = chat.nll(job["texts"])
    scratch = chat.scratch.name if job["engine"] == "vllm" else None
    end(chat)
    return found | {"scratch_left": bool(scratch) and Path(scratch).exists()}


def left() -> list[str]:
    """The processes that are still there, but for the one in which Python counts semaphores."""
    found = psutil.Process().children(recursive=True)
    said = [" ".join(each.cmdline()) for each in found if each.status() != psutil.STATUS_ZOMBIE]
    return [line for line in said if "resource_tracker" not in line]


if __name__ == "__main__":
    jobs, out = map(Path, sys.argv[1:])
    found = [told(job) | {"left": left()} for job in json.loads(jobs.read_text())]
    out.write_text(json.dumps(found))
