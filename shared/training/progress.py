"""A line in the log of a training every ten seconds, where there is no terminal for a bar."""

import sys
import time

from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerState

from shared.runner.progress import EVERY


class Progress(TrainerCallback):
    """Steps done of all, the last loss, steps a second."""

    def __init__(self) -> None:
        self.started = self.said = 0.0
        self.first_step = 0
        self.loss: float | None = None

    def on_train_begin(self, args: object, state: TrainerState, *_: object, **__: object) -> None:
        self.started = self.said = time.monotonic()
        self.first_step = state.global_step

    def on_log(self, *_: object, logs: dict[str, float], **__: object) -> None:
        self.loss = logs.get("loss", self.loss)

    def on_step_end(self, args: object, state: TrainerState, *_: object, **__: object) -> None:
        now = time.monotonic()
        if now - self.said < EVERY or not state.is_world_process_zero:
            return
        self.said = now
        speed = (state.global_step - self.first_step) / (now - self.started)
        loss = "" if self.loss is None else f", loss {float(self.loss):.3f}"
        step = f"step {state.global_step:,} of {state.max_steps:,}"
        print(f"training: {step}{loss}, {speed:.2g} a second", file=sys.stderr, flush=True)


def report_progress(trainer: Trainer) -> None:
    """Lines in place of Transformers' own prints; on a terminal a trainer has its bar."""
    trainer.remove_callback(PrinterCallback)  # the curve goes into the record
    if not sys.stderr.isatty():
        trainer.add_callback(Progress())
