"""What a run may take in all, counted by several steps at once."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import UserError
from shared.files import read_json
from shared.models import devices
from shared.runner import caps
from shared.settings import ROOT
from shared.workflow.setup import checked


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_steps_count_together_and_nothing_beyond(tmp_path):
    caps.set_caps({"max_cost": 10}, tmp_path)

    def take(_):
        try:
            caps.cap("max_cost").take(0.375)
        except UserError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(40))) == 26  # 9.75 of 10
    assert read_json(tmp_path / "taken.json")["max_cost"] == 9.75
    caps.cap("max_cost").settle(0.375, 0.125)
    caps.cap("max_cost").take(0.5)
    assert caps.cap("max_gpu_hours") is None


def test_a_step_on_a_gpu_ends_when_the_hours_are_used_up(tmp_path, monkeypatch):
    monkeypatch.setattr(caps, "TICK_S", 0.01)
    monkeypatch.setattr(devices, "_held", ["a GPU"])
    monkeypatch.setenv("WORLD_SIZE", "4")
    caps.set_caps({"max_gpu_hours": 4 * 0.05 / 3600}, tmp_path)
    started = time.perf_counter()
    with pytest.raises(UserError, match=r"max_gpu_hours: .* are taken"), caps.gpu_hours():
        time.sleep(5)
    assert time.perf_counter() - started < 2
    time.sleep(0.05)  # nothing is counted any more


def test_a_step_without_a_gpu_takes_none(tmp_path, monkeypatch):
    monkeypatch.setattr(caps, "TICK_S", 0.01)
    caps.set_caps({"max_gpu_hours": 1e-9}, tmp_path)
    with caps.gpu_hours():
        time.sleep(0.05)
    assert not (tmp_path / "taken.json").exists()


@pytest.mark.parametrize("value", [0, -1, "ten", True, None, float("nan")])
def test_a_cap_that_is_no_number_is_one_line(value, capsys):
    with pytest.raises(SystemExit, match=f"max_cost: expected a number above 0, found {value!r}"):
        checked({"scale": "smoke", "max_cost": value})


def test_a_cap_is_told_to_every_step_and_forgotten_without_it():
    checked({"scale": "smoke", "max_cost": 2.5})
    found = caps.cap("max_cost")
    assert (found.most, found.path) == (2.5, ROOT / "results" / "smoke" / "taken.json")
    checked({"scale": "smoke"})
    assert caps.cap("max_cost") is None
