"""Steps as forks of a process that has already loaded PyTorch and transformers.

To import them takes longer than many a step of a small scale computes. So the first step of a
Snakemake starts one process that imports them and waits; `shared.workflow.launch` has it run this
step and those that follow. A step sees the arguments, environment, folder and streams that its
command gave it, and ends when its command or Snakemake is killed. The command of a rule:

    python -m shared.workflow.launch papers.r_tuning.train --scale cpu ...

What it saves, measured on two cores: loading the packages took 6 to 9 seconds in each of the 115
steps of a whole run. `snakemake r_tuning` at scale smoke takes 64 s with forks and 131 s without.

Only under Linux, without a GPU (a process that has used one can't be forked) and where Snakemake
runs the jobs itself. There is one such process for each number of threads, since libraries read
that once.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shared.models.devices import gpus_at_hand

# What most steps with a model import, none of it from this repository, whose code may change.
PACKAGES = (
    "pandas",
    "torch",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.llama.modeling_llama",
    "transformers.trainer",
    "peft",
)
SWITCH = "PRELOAD"  # 0 in the environment of Snakemake: each step loads for itself
OWNER = "PRELOAD_FOR"  # in the environment of a step: the process id of its Snakemake
MOST_BYTES = 2**17  # of a request, which is one message


class Step(NamedTuple):
    """What a command asks to be run: a module with its arguments, and where."""

    command: list[str]
    environment: dict[str, str]
    folder: str


def offer() -> None:
    """Let the steps of this process, a Snakemake that runs its jobs itself, be preloaded."""
    possible = hasattr(os, "pidfd_open") and not gpus_at_hand()
    if possible and os.environ.get(SWITCH) != "0":
        os.environ[OWNER] = str(os.getpid())


def run(command: Sequence[str], environment: Mapping[str, str]) -> int | None:
    """Run a step (module and arguments) as a fork; gives its exit status.

    The first step of all waits until the packages are loaded. None if it can't be run in this way.
    """
    if not (owner := environment.get(OWNER)):
        return None
    threads = environment.get("OMP_NUM_THREADS", "all")
    address = Path(".snakemake", f"preloaded-{owner}-{threads}")  # a socket's path must be short
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # to end at once: the step has it too
    request = json.dumps(Step(list(command), dict(environment), os.getcwd())).encode()
    if len(request) > MOST_BYTES:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        if not (_connect(connection, address) or _start_and_connect(connection, owner, address)):
            return None
        try:
            socket.send_fds(connection, [request], [0, 1, 2])
            status = connection.recv(16)
        except ConnectionError:  # loading failed; its log says why
            return None
    return int(status or 137)  # 137: as a shell says of a program that was killed


def _log(address: Path) -> Path:
    return address.with_suffix(".log")


def _connect(connection: socket.socket, address: Path) -> bool:
    try:
        connection.connect(str(address))
    except OSError:
        return False
    return True


def _start_and_connect(connection: socket.socket, owner: str, address: Path) -> bool:
    """Start the process that loads and waits, unless another step has done so just now."""
    with open(_log(address), "a") as log:
        command = [sys.executable, "-m", "shared.workflow.preloaded", owner, str(address)]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    while server.poll() is None:
        if _connect(connection, address):
            return True
        time.sleep(0.05)
    return _connect(connection, address)


def serve(owner: int, address: Path) -> Step:
    """Load the packages and wait for steps; returns in a fork of this process, for each step.

    This process itself ends with the process `owner`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the steps
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks that have ended vanish
    life = os.pidfd_open(owner)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        try:
            server.bind(str(address))
        except OSError:  # another step's is there already
            sys.exit()
        server.listen(128)  # from here on steps wait for the packages
        for package in PACKAGES:
            importlib.import_module(package)
        gc.freeze()  # what is loaded is no garbage; its memory stays shared by all steps
        while life not in select.select([server, life], [], [])[0]:
            connection, _ = server.accept()
            if not os.fork():
                server.close()
                return _attended(connection, life)
            connection.close()
    for file in (address, _log(address)):
        file.unlink()
    sys.exit()


def _attended(connection: socket.socket, life: int) -> Step:
    """In a fork: returns in one more fork, the step's own, and waits here for its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(connection, MOST_BYTES, 3)
    step = Step(*json.loads(request))
    child = os.fork()
    if not child:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return step
    end = os.pidfd_open(child)
    if end not in select.select([end, connection, life], [], [])[0]:
        os.kill(child, signal.SIGTERM)  # nobody waits for it any more
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError):
        connection.send(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def main() -> None:
    owner, address = sys.argv[1:]
    step = serve(int(owner), Path(address))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(step.environment)
    os.chdir(step.folder)
    module, *sys.argv[1:] = step.command
    Path("/proc/self/comm").write_text(module[-15:])  # what `top` shows
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
