"""Clocks that are wrong: no number, no verdict and no checkpoint depends on one."""

import os
import shutil
import signal
from types import SimpleNamespace

import pytest

from shared.files import read_json
from shared.training.checkpoints import TimedCheckpoint, last_checkpoint
from tests.faults import steps

FUTURE = 4e9  # in 2096


@pytest.mark.parametrize("name", ["train", "ask", "analyze", "reinforce"])
def test_a_clock_that_is_put_back_all_the_time_changes_no_result(
    name, given, undisturbed, tmp_path
):
    assert steps.run(name, given, tmp_path / "run", "back") == 0, steps.said(tmp_path / "run")
    assert steps.result(tmp_path / "run") == undisturbed(name).result


@pytest.mark.parametrize("name", ["train", "analyze"])
def test_inputs_from_the_future_change_no_result(name, given, undisturbed, tmp_path):
    later = shutil.copytree(given, tmp_path / "given")
    for path in [later, *later.rglob("*")]:
        os.utime(path, (FUTURE, FUTURE))
    assert steps.run(name, later, tmp_path / "run") == 0, steps.said(tmp_path / "run")
    assert steps.result(tmp_path / "run") == undisturbed(name).result


def test_a_checkpoint_of_a_clock_that_was_ahead_is_not_taken_for_the_newest(tmp_path):
    """Trainer's own way takes the dates, and deleted what the training had just written."""
    for number in (1, 2, 10):
        (tmp_path / f"checkpoint-{number}").mkdir()
        (tmp_path / f"checkpoint-{number}" / "trainer_state.json").write_text("{}")
        os.utime(tmp_path / f"checkpoint-{number}", (FUTURE / number, FUTURE / number))
    assert last_checkpoint(tmp_path).name == "checkpoint-10"
    state = SimpleNamespace(is_world_process_zero=True, global_step=10)
    TimedCheckpoint(0).on_save(SimpleNamespace(output_dir=str(tmp_path)), state, None)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


def test_a_training_goes_on_from_a_checkpoint_of_the_future(given, undisturbed, tmp_path):
    folder = tmp_path / "run"
    assert steps.run("train", given, folder, "die", "checkpoint-3") == -signal.SIGKILL
    for path in (folder / "scratch").rglob("*"):
        os.utime(path, (FUTURE, FUTURE))
    assert steps.run("train", given, folder) == 0, steps.said(folder)
    assert read_json(folder / "record.json")["stages"][0]["resumed_from_step"] == 2
    assert steps.result(folder) == undisturbed("train").result
