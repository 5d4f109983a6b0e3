"""A program in two processes that run it together."""

import subprocess
import sys

from shared.settings import ROOT


def in_two(program, *arguments):
    """Each on one thread. Both have to succeed."""
    run = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *(program, *arguments),
        ],
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
