"""Run what a model wrote: a Python program in a process that reaches nothing outside.

It has a user and a network of its own, its own folder, an empty environment and limits of memory,
time and the size of a file, and what it started ends with it. Where the system does not let a
process have a network of its own (many containers), programs run only if the user says that there
is nothing to lose.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

from shared.errors import UserError

# A user and a network of their own: what a model wrote reaches nothing outside.
SANDBOX = ("unshare", "--user", "--map-root-user", "--net", "--")
ALLOWED = "REPLICATIONS_RUN_CODE"  # set to 1: run programs without a network of their own
SECONDS = 10  # a program may take
BYTES = 2**30  # of memory; of a file, a thousandth


@cache
def sandbox() -> tuple[str, ...]:
    """What stands before a program's command line. Raises `UserError` where there is no sandbox and
    the user has not said that none is needed."""
    try:
        ran = subprocess.run([*SANDBOX, "true"], capture_output=True, text=True)
        said = ran.stderr.strip()
    except OSError as error:
        ran, said = None, str(error)
    if ran and not ran.returncode:
        return SANDBOX
    if os.environ.get(ALLOWED) == "1":
        return ()
    raise UserError(
        f"{SANDBOX[0]}: {said[:200] or 'refused'}; there is no sandbox here for programs that a"
        f" model wrote: set {ALLOWED}=1 if this machine is one itself, or leave HumanEval out"
    )


def pass_tests(programs: Sequence[str], workers: int = 4) -> list[bool]:
    """Whether each program ends by itself, in time, without an error."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(_runs, programs))


def _runs(program: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(program, encoding="utf-8", errors="replace")
        process = subprocess.Popen(
            [*sandbox(), sys.executable, "-I", "-S", "program.py"],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_limits,
            start_new_session=True,
        )
        try:
            return process.wait(SECONDS) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES // 1000, BYTES // 1000))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
