"""What a run may take in all: `snakemake --config max_cost=20 max_gpu_hours=8`.

Its steps count together, in a file of the run's folder, so a run that is started again goes on
counting. Before a question that could cost more, and when the GPU-hours are used up, a step ends in
one line. What was computed is kept: a higher cap goes on from there.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError
from shared.files import read_json, write_json
from shared.models.devices import gpus_held, is_first

COST, HOURS = "max_cost", "max_gpu_hours"  # in US dollars; of one GPU
CAPS = (COST, HOURS)
FILE = "taken.json"
TICK_S = 5.0  # between two looks at the GPU-hours


def set_caps(most: dict[str, float], folder: Path) -> None:
    """Let every step that this process starts keep to these; `folder` is that of the run."""
    for name in CAPS:
        os.environ.pop(_variable(name), None)
    for name, value in most.items():
        os.environ[_variable(name)] = f"{value} {folder.absolute() / FILE}"


def cap(name: str) -> "Cap | None":
    """One of `CAPS`, if the run has it."""
    if not (found := os.environ.get(_variable(name))):
        return None
    most, _, path = found.partition(" ")
    return Cap(name, float(most), Path(path))


@dataclass(frozen=True)
class Cap:
    """The most that all steps of a run may take, and the file in which they count it."""

    name: str
    most: float
    path: Path

    def take(self, amount: float) -> None:
        """Count an amount. Raises `UserError`, and counts nothing, where that is too much."""
        with self._counted() as taken:
            if taken[self.name] + amount > self.most:
                raise UserError(
                    f"{self.name}: {taken[self.name]:,.4g} of {self.most:g} are taken "
                    f"({self.path}), {amount:.2g} more would be too much; what was computed is "
                    "kept, and a run with a higher one goes on from there"
                )
            taken[self.name] += amount

    def settle(self, held: float, took: float) -> None:
        """Count what it took in place of what was counted before that was known."""
        with self._counted() as taken:
            taken[self.name] += took - held

    @contextmanager
    def _counted(self) -> Iterator[dict[str, float]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = read_json(self.path, dict) if self.path.is_file() else {}
            taken = dict.fromkeys(CAPS, 0.0) | there
            before = dict(taken)
            yield taken
            if taken != before:
                write_json(self.path, taken)


@contextmanager
def gpu_hours() -> Iterator[None]:
    """Within the block the time of the GPUs that this step holds is counted, and ends the step with
    `UserError` when there is no more."""
    capped = cap(HOURS)
    if not capped or not is_first():
        yield
        return

    counted_until = time.monotonic()

    def tick(*_: object) -> None:
        nonlocal counted_until
        now = time.monotonic()
        capped.take((now - counted_until) / 3600 * gpus_held())
        counted_until = now
        signal.setitimer(signal.ITIMER_REAL, TICK_S)  # once more

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, TICK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _variable(name: str) -> str:
    return f"REPLICATIONS_{name.upper()}"
