"""The device of a process, and the processes that run a step together.

Snakemake counts GPUs but does not say which job gets which. Here each process takes one that no
other process has, and keeps it for its life: the operating system gives it back, however the
process ends.
"""

import ctypes
import fcntl
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO, TypeVar

from shared.errors import UserError

LOCKS = Path(tempfile.gettempdir()) / f"gpus-in-use-{os.getuid()}"
CPUINFO = Path("/proc/cpuinfo")
BF16_FLAGS = ("avx512_bf16", "amx_bf16")  # of processors that multiply matrices of bfloat16
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt(3)
# Within a job of Slurm, PBS or LSF. Two jobs on a machine may call different GPUs by one name.
JOB_IDS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")

Json = TypeVar("Json")
_told = count()


@cache
def own_device() -> str:
    """`cuda`, of which this process then sees one GPU that is its own, or `cpu`.

    Waits while all GPUs are in use. To be asked before anything else touches CUDA, which looks for
    GPUs once.
    """
    import torch  # here, so that what only counts or claims starts fast

    names = visible(os.environ, torch.cuda.device_count())
    if not names:
        return "cpu"
    os.environ["CUDA_VISIBLE_DEVICES"] = claim(names, _scope(os.environ))
    if "LOCAL_RANK" in os.environ:  # one process of several: it uses the GPU of that number
        os.environ["LOCAL_RANK"] = "0"
    return "cuda"


def gpus_at_hand() -> bool:
    """Whether this machine has the driver of a GPU, found without loading PyTorch."""
    return any(Path("/dev", driver).exists() for driver in ("nvidiactl", "kfd"))


def in_bf16(precision: str) -> bool:
    """Whether a setting asks for bfloat16. Raises `UserError` on a processor that would emulate it:
    a hundred times slower than float32."""
    if precision == "bf16" and own_device() == "cpu" and not multiplies_bf16():
        raise UserError(
            "precision is bf16, and this processor would emulate it: /proc/cpuinfo has none of the"
            f" flags {', '.join(BF16_FLAGS)}; expected fp32"
        )
    return precision == "bf16"


def multiplies_bf16() -> bool:
    """Whether the processor has instructions for matrices of bfloat16."""
    known = CPUINFO.read_text(encoding="utf-8") if CPUINFO.is_file() else ""
    return not set(BF16_FLAGS).isdisjoint(known.split())


def gpus_held() -> int:
    """GPUs that the processes of this step hold."""
    return world_size() if _held else 0


def world_size() -> int:
    """How many processes run this step together."""
    return int(os.environ.get("WORLD_SIZE", 1))


def is_first() -> bool:
    """Whether this is the one of them that writes."""
    return int(os.environ.get("RANK", 0)) == 0


def told_by_first(make: Callable[[], Json]) -> Json:
    """What `make` gives (a value of JSON), in every process of a step; only the first runs it."""
    if world_size() == 1:
        return make()
    from torch.distributed import TCPStore  # of torchrun, where its processes find one another

    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = TCPStore(address, port, is_master=False, timeout=timedelta(hours=1))
    key = f"told_by_first-{next(_told)}"
    if is_first():
        store.set(key, json.dumps(make()))
    return json.loads(store.get(key))


def leave_the_others() -> None:
    """Part from the processes that run a step together, once it has succeeded. Else threads of the
    group may still hold tensors while Python is taken down, and abort the process (SIGABRT)."""
    if world_size() == 1:
        return
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


def keep_freed_memory() -> None:
    """Let a step on a CPU keep the memory that it frees, for what it needs next.

    glibc gives each block of 32 MB and more back to the system, which clears its pages when it is
    asked for again: up to a sixth of the time of a training that copies embeddings at each step,
    and without it decoding was seen to run at a third. Not to do so took up to 14 % more memory.
    Settings of a user's own in the environment are kept; other systems have none.
    """
    chosen = any(name.startswith("MALLOC_") for name in os.environ)
    if chosen or not sys.platform.startswith("linux") or gpus_at_hand():
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)


def visible(environment: Mapping[str, str], count: int) -> list[str]:
    """The GPUs that a process may use, by the names that CUDA_VISIBLE_DEVICES gives them; `count`
    is how many it sees."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count)) if named is None else map(str.strip, named.split(","))
    return list(names)[:count]


def claim(names: Sequence[str], scope: str = "") -> str:
    """The first of the named GPUs that no process has; waits until there is one."""
    LOCKS.mkdir(exist_ok=True)
    said = False
    while not (free := next((name for name in names if _lock(LOCKS / f"{scope}{name}")), None)):
        if not said:
            print(f"waiting for a GPU: {', '.join(names)} in use", file=sys.stderr, flush=True)
        said = True
        time.sleep(0.5)
    return free


def _scope(environment: Mapping[str, str]) -> str:
    return next((f"{environment[name]}-" for name in JOB_IDS if name in environment), "")


_held: list[IO] = []  # open as long as the process lives: closing a file would free its lock


def _lock(path: Path) -> bool:
    file = open(path, "w")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held.append(file)
    return True
