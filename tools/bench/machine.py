"""What the machine can do: its measured peak, and whether it computes in bfloat16."""

import os
import platform
import time
from collections.abc import Callable

import torch

from shared.models.devices import CPUINFO, multiplies_bf16, own_device

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
ENOUGH_S = 5.0  # after which a measurement is not repeated


def seconds(work: Callable[[], object]) -> float:
    """The shortest of up to three times; what takes long is measured once. A first, uncounted call
    on a GPU makes what it keeps for later."""
    if own_device() == "cuda":
        timed(work)
    found = [timed(work)]
    while len(found) < 3 and sum(found) < ENOUGH_S:
        found.append(timed(work))
    return min(found)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes, with what it asks of a GPU."""
    started = time.perf_counter()
    work()
    if own_device() == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def peak(precision: str, size: int = 2048) -> float:
    """Floating-point operations a second of a large matrix product, the best of twenty."""
    a = torch.randn(size, size, device=own_device(), dtype=DTYPES[precision])
    a @ a
    return max(2 * size**3 / timed(lambda: a @ a) for _ in range(20))


def precisions() -> list[str]:
    """float32, and bfloat16 where it is not emulated, which is about 100 times slower."""
    return ["fp32", "bf16"] if own_device() == "cuda" or multiplies_bf16() else ["fp32"]


def name() -> str:
    """Of the processor or the GPU, and how much of it is used."""
    if own_device() == "cuda":
        return torch.cuda.get_device_name()
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    return f"{processor}, {torch.get_num_threads()} threads"


def load() -> float:
    """How many programs wanted a core in the last minute."""
    return os.getloadavg()[0]
