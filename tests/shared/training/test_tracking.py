"""The curves of a training, sent where an environment variable says: here to a tracker of ours."""

import os
import re

import pytest
from transformers import TrainerCallback, integrations
from transformers.integrations import integration_utils

from shared.errors import UserError
from shared.settings import ROOT
from shared.training import reinforcement, supervised, tracking
from shared.training.settings import Reinforcement, Training
from shared.training.supervised import fine_tune

SETTINGS = Training(epochs=2, learning_rate=1e-2, effective_batch_size=2, max_length=8)
EXAMPLES = [{"input_ids": [5, 9, n], "labels": [-100, 9, n]} for n in range(4)]


@pytest.fixture
def tracker(monkeypatch, tmp_path):
    """What it was told: where its files would go, the name of the run, and the losses."""
    told = []

    class Tracker(TrainerCallback):
        def on_train_begin(self, args, state, control, **_):
            told.append((os.environ["TENSORBOARD_LOGGING_DIR"], args.run_name))

        def on_log(self, args, state, control, logs=None, **_):
            told.append((state.global_step, logs))

    for name in ("WANDB_DIR", "TENSORBOARD_LOGGING_DIR"):
        monkeypatch.setenv(name, "")  # so that both are put back
    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "tensorboard", Tracker)
    for module in (tracking, integrations):  # the trainers ask there what is installed
        monkeypatch.setattr(module, "get_available_reporting_integrations", lambda: ["tensorboard"])
    monkeypatch.setattr(tracking, "CURVES", tmp_path / "curves")
    monkeypatch.setenv(tracking.VARIABLE, "tensorboard")
    return told


def test_a_tracker_sees_the_curve_and_changes_nothing(tracker, tiny_model, tmp_path, monkeypatch):
    scratch = tmp_path / "r_tuning-0123" / "1"
    _, record = fine_tune(tiny_model, EXAMPLES, SETTINGS, seed=0, scratch=scratch)
    assert tracker[0] == (str(tmp_path / "curves" / "r_tuning-0123" / "1"), "r_tuning-0123/1")
    seen = [[step, logs["loss"]] for step, logs in tracker[1:] if "loss" in logs]
    assert seen == record["losses"] and len(seen) == 4


def test_grpo_reports_too(tracker, tmp_path):
    settings = Reinforcement(
        steps=1, prompts_per_step=1, generations=2, max_new_tokens=2, learning_rate=1e-3
    )
    made = reinforcement._arguments(settings, 0, tmp_path / "kie_hvqa-45")
    assert made.report_to == ["tensorboard"] and made.run_name.endswith("/kie_hvqa-45")


def test_nothing_is_reported_by_default(tracker, tiny_model, tmp_path, monkeypatch, no_network):
    """Though a tracker is installed, which Transformers would take by itself."""
    monkeypatch.delenv(tracking.VARIABLE)
    _, record = fine_tune(tiny_model, EXAMPLES, SETTINGS, seed=0, scratch=tmp_path / "a" / "1")
    assert len(record["losses"]) == 4
    assert tracker == [] and no_network == [] and not tracking.CURVES.exists()


def test_no_trainer_sends_weights_or_reports_by_default(tracker, tmp_path, monkeypatch):
    monkeypatch.delenv(tracking.VARIABLE)
    grpo = Reinforcement(
        steps=1, prompts_per_step=1, generations=2, max_new_tokens=2, learning_rate=1e-3
    )
    for made in (
        supervised.arguments(SETTINGS, [3] * 4, 0, tmp_path),
        reinforcement._arguments(grpo, 0, tmp_path),
    ):
        assert made.report_to == [] and not made.push_to_hub


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tensorbord", "unknown 'tensorbord'; expected none, or azure_ml, .*, tensorboard, .*"),
        ("tensorboard, wandb", "wandb is not installed; expected: pip install wandb$"),
    ],
)
def test_a_tracker_that_is_not_there_is_a_mistake(tracker, name, line, tmp_path, monkeypatch):
    monkeypatch.setenv(tracking.VARIABLE, name)
    with pytest.raises(UserError, match=f"^REPLICATIONS_REPORT_TO: {line}"):
        tracking.trackers(tmp_path)


def test_the_trackers_that_the_docs_name_are_there():
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    section = text.partition("## Watching a training")[2].partition("or another tracker")[0]
    named = set(re.findall(r"`([a-z]+)`", section))
    assert {"tensorboard", "wandb", "trackio"} <= named
    assert named <= set(integration_utils.INTEGRATION_TO_CALLBACK)
