"""Steps killed hard, at any moment: the same command goes on, and ends in the same bytes."""

import random
import signal
import time

import pytest

from shared.files import read_json
from tests.faults import steps

MOMENTS = 1  # of each step, besides the last


@pytest.mark.parametrize("moment", range(MOMENTS + 1))
@pytest.mark.parametrize("name", steps.STEPS)
def test_a_step_that_is_killed_while_it_writes_ends_in_the_same_bytes(
    name, moment, given, undisturbed, tmp_path
):
    """Killed before it touches a file: for the last time, or at random before that."""
    whole = undisturbed(name)
    last = whole.touches - 1
    touch = [*random.Random(name).sample(range(last), MOMENTS), last][moment]
    assert steps.run(name, given, tmp_path / "run", "die", touch) == -signal.SIGKILL
    assert steps.run(name, given, tmp_path / "run") == 0, steps.said(tmp_path / "run")
    assert steps.result(tmp_path / "run") == whole.result
    assert steps.left_over(tmp_path / "run") == []


@pytest.mark.parametrize("share", [0.6])
@pytest.mark.parametrize("name", ["train", "ask", "reinforce"])
def test_a_step_that_is_killed_at_any_time_ends_in_the_same_bytes(
    name, share, given, undisturbed, tmp_path
):
    """By time, so also within a pass through the model or a write."""
    whole = undisturbed(name)
    process = steps.start(name, given, tmp_path / "run")
    time.sleep(share * whole.seconds)
    process.kill()
    process.join()
    assert steps.run(name, given, tmp_path / "run") == 0, steps.said(tmp_path / "run")
    assert steps.result(tmp_path / "run") == whole.result
    assert steps.left_over(tmp_path / "run") == []


def test_a_training_that_is_killed_twice_goes_on_twice(given, undisturbed, tmp_path):
    folder = tmp_path / "run"
    for checkpoint in ("checkpoint-2", "checkpoint-3"):
        assert steps.run("train", given, folder, "die", checkpoint) == -signal.SIGKILL
    assert steps.run("train", given, folder) == 0, steps.said(folder)
    assert read_json(folder / "record.json")["stages"][0]["resumed_from_step"] == 2
    assert steps.result(folder) == undisturbed("train").result
