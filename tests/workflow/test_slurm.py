"""The workflow on a real Slurm of two nodes on this machine, and what may happen to a job there."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from shared.settings import ROOT
from tests.shared.training import in_processes
from tests.waiting import until

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(
        shutil.which("slurmctld") is None or os.getuid() != 0,
        reason="needs root and Slurm: apt-get install slurm-wlm munge",
    ),
]

BIN = Path(sys.executable).parent
SLURM = ROOT / "tests" / "workflow" / "slurm.sh"
SNAKEMAKE = [
    BIN / "snakemake", "--workflow-profile", "profiles/slurm", "--config", "scale=smoke",
    "--cores", "1", "--slurm-init-seconds-before-status-checks", "1",
]  # fmt: skip

DATA = "results/smoke/center_bench/data"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Do something to the Slurm of this machine: `slurm.sh` with this action, or a command."""
    folder = tmp_path_factory.mktemp("slurm")

    def act(*command):
        command = command if len(command) > 1 else (SLURM, *command, folder)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    act("start")
    yield act
    act("stop")


@pytest.fixture(scope="module")
def clone(tmp_path_factory, copy_of_repository):
    """A copy in which RoleRef's training takes a while and writes a checkpoint at each step."""
    folder = copy_of_repository(tmp_path_factory.mktemp("clone") / "repository")
    paper = folder / "papers" / "roleref" / "paper.yaml"
    text = paper.read_text()
    before, smoke = text.split("\n  smoke:\n")
    smoke = smoke.replace("epochs: 1\n", "epochs: 4\n          checkpoint_seconds: 0\n", 1)
    paper.write_text(f"{before}\n  smoke:\n{smoke}")
    return folder


def training_process(folder):
    """The process that trains, once it has written a whole checkpoint."""
    if not list(folder.glob("resources/checkpoints/*/checkpoint-*/trainer_state.json")):
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").readlink() == folder
        except OSError:
            continue
        if here and words[1:3] == [b"-m", b"papers.roleref.train"]:
            return int(process.name)
    return None


def resumed(slurm):
    """Ask for both nodes back, which fails as long as one does not answer."""
    asked = ["scontrol", "update", "nodename=n[1-2]", "state=resume"]
    subprocess.run(asked, capture_output=True)
    return "drain" not in slurm("sinfo", "--noheader", "--format=%T")


def test_a_time_limit_drained_nodes_and_a_restarted_controller_lose_nothing(slurm, clone, tmp_path):
    """A whole paper. The training is stopped after some steps until its time limit of a minute
    ends it; meanwhile both nodes are drained, and the controller is away for two seconds.

    A query of the Slurm plugin in this time goes to sacct, which is not here, until it gives up."""
    log = tmp_path / "log"
    workflow = subprocess.Popen(
        [*SNAKEMAKE, "--set-resources", "roleref_train:runtime=1", "--", "roleref"],
        cwd=clone,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        os.kill(until(lambda: training_process(clone)), signal.SIGSTOP)
        slurm("scontrol", "update", "nodename=n[1-2]", "state=drain", "reason=test")
        slurm("stop-controller")
        time.sleep(2)
        slurm("start-controller")
        until(lambda: resumed(slurm))
        workflow.wait(timeout=600)
    finally:
        workflow.kill()
        said = log.read_text()
    assert workflow.returncode == 0, said[-3000:]
    ends = re.findall(r"SLURM status is: '(\w+)'", said)
    assert "TIMEOUT" in ends
    # A job that asks for the controller while it is away fails, and is started again.
    assert set(ends) <= {"TIMEOUT", "FAILED"}
    assert ends.count("FAILED") <= said.count("Unable to contact slurm controller")
    results = clone / "results" / "smoke" / "roleref"
    record = json.loads(
        (results / "runs" / "random-llama" / "train-lora-official-s0.json").read_text()
    )
    assert record["resumed_from_step"] > 0
    assert pd.read_csv(results / "claims.csv")["verdict"].notna().all()
    assert not list((clone / "resources" / "checkpoints").iterdir())


def test_account_and_partition_are_given_on_the_command_line(slurm, clone):
    run = subprocess.run(
        [*SNAKEMAKE, "--retries=0", "--default-resources", "slurm_partition=nowhere", "--", DATA],
        cwd=clone,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "invalid partition specified: nowhere" in run.stdout + run.stderr


def test_two_nodes_train_as_one_process_does(slurm, tmp_path):
    in_processes.write_start(tmp_path / "start")
    _, alone = in_processes.train(tmp_path / "one")
    command = [sys.executable, "-m", "shared.workflow.launch", "--gpus", "2", "--nodes", "2"]
    command += ["tests.shared.training.in_processes", str(tmp_path / "two"), "1000"]
    (tmp_path / "two").mkdir()
    slurm(
        "sbatch", "--wait", "--nodes=2", f"--chdir={ROOT}", f"--output={tmp_path}/log",
        "--wrap", " ".join(command),
    )  # fmt: skip
    together = json.loads((tmp_path / "two" / "record.json").read_text())
    assert together["processes"] == 2
    torch.testing.assert_close(
        torch.tensor(together["losses"]), torch.tensor(alone["losses"]), atol=1e-4, rtol=0
    )
