"""Checkpoints that survive a killed job: written by the clock, resumed from if whole."""

import shutil
import time
import zipfile
from pathlib import Path

from accelerate.utils import broadcast_object_list
from safetensors import SafetensorError, safe_open
from transformers import TrainerCallback

from shared.errors import UserError
from shared.files import read_json


class TimedCheckpoint(TrainerCallback):
    """Ask `Trainer` for a checkpoint every so many seconds by the clock of the first process: all
    write their part of it. When it is written those before it go, by their numbers: the dates by
    which `Trainer` would tell which is the newest are wrong where a clock was put back."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.last = time.monotonic()

    def on_step_end(self, args, state, control, **kwargs):
        due = time.monotonic() - self.last >= self.seconds and state.global_step < state.max_steps
        if broadcast_object_list([due])[0]:
            control.should_save = True
            self.last = time.monotonic()

    def on_save(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            for checkpoint in _by_number(Path(args.output_dir)):
                if _number(checkpoint) < state.global_step:
                    shutil.rmtree(checkpoint, ignore_errors=True)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint, or None. `Trainer` writes `trainer_state.json` last, so one
    without it (or with half of it) was interrupted. One with a file that ends too early, as after a
    power cut, is not whole either."""
    return next((p for p in reversed(_by_number(folder)) if _is_whole(p)), None)


def _by_number(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*"), key=_number)


def _number(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])


def _is_whole(checkpoint: Path) -> bool:
    try:
        read_json(checkpoint / "trainer_state.json")
        for path in checkpoint.rglob("*.safetensors"):
            with safe_open(path, "pt"):
                pass
    except (UserError, SafetensorError):
        return False
    pickled = (path for end in ("pt", "pth", "bin") for path in checkpoint.rglob(f"*.{end}"))
    return all(map(zipfile.is_zipfile, pickled))
