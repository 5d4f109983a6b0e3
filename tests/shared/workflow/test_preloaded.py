"""Real steps, forked from a real process that has the packages loaded, and killed."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from shared.settings import ROOT
from shared.workflow import preloaded
from shared.workflow.preloaded import OWNER, SWITCH
from tests.waiting import until

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")

TOLD = """
import json, os, sys
loaded = "torch" in sys.modules
import torch
print(json.dumps([sys.argv[1:], os.environ["WORD"], os.getcwd(), torch.get_num_threads(), loaded]))
print("a warning", file=sys.stderr)
sys.exit(int(os.environ.get("STATUS", 0)))
"""
WAITS = """
import os, sys, time
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


@contextmanager
def owned(folder):
    """A process in the place of Snakemake, and a folder with two modules."""
    (folder / ".snakemake").mkdir()
    (folder / "told.py").write_text(TOLD)
    (folder / "waits.py").write_text(WAITS)
    with subprocess.Popen(["sleep", "600"]) as owner:
        yield folder, owner
        owner.kill()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with owned(tmp_path_factory.mktemp("place")) as place:
        yield place


def start(place, *step, **environment):
    """The command that a rule would run."""
    folder, owner = place
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), OWNER: str(owner.pid)}
    return subprocess.Popen(
        [sys.executable, "-m", "shared.workflow.launch", *map(str, step)],
        cwd=folder,
        env=known | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def process_in(path):
    """The process id that `waits` wrote."""
    return int(until(lambda: path.exists() and path.read_text()))


def ended(process):
    """Whether a process is gone, or a zombie that nobody has asked for yet."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_step_is_what_its_command_says(place):
    for word, status in (("first", 0), ("second", 3)):
        with start(place, "told", "--scale", "cpu", WORD=word, STATUS=str(status)) as step:
            out, err = step.communicate()
        folder = os.path.realpath(place[0])
        expected = f'[["--scale", "cpu"], "{word}", "{folder}", 1, true]\n'
        assert (out, err, step.returncode) == (expected, "a warning\n", status)


def test_an_error_is_told_where_it_would_be(place):
    with start(place, "told") as step:
        _, err = step.communicate()
    assert step.returncode == 1
    assert err.endswith("KeyError: 'WORD'\n")


def test_a_step_that_is_killed_is_no_success(place, tmp_path):
    with start(place, "waits", tmp_path / "id") as step:
        os.kill(process_in(tmp_path / "id"), signal.SIGKILL)
        step.communicate()
    assert step.returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_step_ends_with_its_command(place, tmp_path, number):
    with start(place, "waits", tmp_path / "id") as step:
        process = process_in(tmp_path / "id")
        step.send_signal(number)
        assert step.wait() == -number
    until(lambda: ended(process))


def test_all_ends_with_snakemake(tmp_path):
    (tmp_path / "place").mkdir()
    with owned(tmp_path / "place") as place:
        with start(place, "waits", tmp_path / "id", OMP_NUM_THREADS="2") as step:
            process = process_in(tmp_path / "id")
            place[1].kill()
            place[1].wait()
            step.communicate()
            assert step.returncode == 128 + signal.SIGTERM
        until(lambda: ended(process))
        until(lambda: not list((place[0] / ".snakemake").iterdir()))


@pytest.mark.parametrize(
    "environment",
    [{OWNER: ""}, {OWNER: "999999999"}, {"A": "a" * 100_000, "B": "b" * 100_000}],
    ids=["not offered", "no such Snakemake", "more than a message holds"],
)
def test_a_step_that_can_not_be_forked_runs_all_the_same(place, environment):
    with start(place, "told", WORD="alone", **environment) as step:
        out, _ = step.communicate()
    assert step.returncode == 0 and out.endswith("1, false]\n")


@pytest.mark.parametrize(
    ("gpus", "switch", "offered"), [(False, "", True), (True, "", False), (False, "0", False)]
)
def test_where_steps_are_preloaded(monkeypatch, gpus, switch, offered):
    monkeypatch.setattr(preloaded, "gpus_at_hand", lambda: gpus)
    monkeypatch.setenv(SWITCH, switch)
    monkeypatch.setattr(os, "environ", dict(os.environ) | {OWNER: ""})
    preloaded.offer()
    assert os.environ[OWNER] == (str(os.getpid()) if offered else "")
