"""Checkpoints that survive a killed job: written by the clock, resumed from if whole."""

import time
from pathlib import Path

from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback

from shared.errors import UserError
from shared.files import read_json


class TimedCheckpoint(TrainerCallback):
    """Ask `Trainer` for a checkpoint every so many seconds by the clock of the first process: all
    write their part of it."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.last = time.monotonic()

    def on_step_end(self, args, state, control, **kwargs):
        due = time.monotonic() - self.last >= self.seconds and state.global_step < state.max_steps
        if broadcast_object_list([due])[0]:
            control.should_save = True
            self.last = time.monotonic()


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint, or None. `Trainer` writes `trainer_state.json` last, so one
    without it (or with half of it) was interrupted."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))
    return next((p for p in reversed(found) if _is_whole(p)), None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        read_json(checkpoint / "trainer_state.json")
    except UserError:
        return False
    return True
