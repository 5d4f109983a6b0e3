"""What a model needs in memory by arithmetic, what is free, and what was used at most."""

from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from shared.errors import UserError
from shared.settings import Precision

SIZES = {"fp32": 4, "bf16": 2}  # bytes of a weight
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Need:
    """Bytes that the trainer or an evaluation holds for all parameters; activations not counted.

    What is trained is float32, whatever is computed with, and has a gradient and the two moments of
    Adam beside it, float32 too. All other weights are in the precision of the setting.
    """

    parameters: int
    trained: int
    precision: Precision = "fp32"

    @property
    def weights(self) -> int:
        return 4 * self.trained + SIZES[self.precision] * (self.parameters - self.trained)

    @property
    def states(self) -> int:
        return 12 * self.trained

    @property
    def bytes(self) -> int:
        return self.weights + self.states

    def __str__(self) -> str:
        parts = f"weights {gigabytes(self.weights)}"
        if self.trained:
            parts += f", gradients and Adam's moments {gigabytes(self.states)}"
        return f"{gigabytes(self.bytes)} ({parts}) before any activation"


def gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def free(device: str) -> int:
    """Bytes that could be had now."""
    return torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available


def check_fits(what: str, need: Need, device: str) -> None:
    """Raise `UserError` if this can't fit, rather than let the process be killed."""
    if need.bytes > (there := free(device)):
        raise UserError(
            f"{what}: needs {need}, {gigabytes(there)} are free on this {device}; "
            "fewer layers, from which all are extrapolated: --layers N"
        )


def reset_peak(device: str) -> None:
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak is counted from now


def peak(device: str) -> int:
    """The most bytes in use since `reset_peak`: on a GPU of its tensors, else of the process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
