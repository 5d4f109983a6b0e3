import subprocess
import sys
import time

import pytest

from shared.runner import progress


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.05)


def test_a_log_gets_a_line_now_and_then(capsys):
    for _ in progress.bar(range(4), unit="prompt"):
        time.sleep(0.06)
    said = capsys.readouterr().err
    lines = said.splitlines()
    assert 2 <= len(lines) <= 5 and "\r" not in said
    assert any("/4 [" in line and "prompt/s" in line for line in lines)


def test_what_is_quick_says_nothing(capsys):
    assert list(progress.bar(range(100), unit="prompt")) == list(range(100))
    assert capsys.readouterr().err == ""


def test_a_training_says_step_and_loss(monkeypatch):
    script = """
import torch
from transformers import Trainer, TrainingArguments
from shared.training import progress
progress.EVERY = 0.0
model = torch.nn.Linear(1, 1)
class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def forward(self, x):
        return {"loss": self.layer(x).square().mean()}
arguments = TrainingArguments(
    output_dir="/tmp/none", max_steps=3, use_cpu=True, disable_tqdm=True, save_strategy="no",
    logging_steps=1, report_to="none", per_device_train_batch_size=1)
trainer = Trainer(Small(), arguments, train_dataset=[{"x": torch.ones(1)}] * 3)
progress.report_progress(trainer)
trainer.train()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    said = [line for line in run.stderr.splitlines() if line.startswith("training: ")]
    assert run.stdout == "" and len(said) == 3, run.stderr
    assert said[2].startswith("training: step 3 of 3, loss ") and "a second" in said[2]
