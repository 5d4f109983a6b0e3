"""Start a step in one process for each of its GPUs.

    python -m shared.workflow.launch --gpus 8 papers.resa.train --scale paper ...

With one GPU or none this is `python -m papers.resa.train ...`, where possible as a fork of a
process that has PyTorch loaded already (`shared.workflow.preloaded`). With more, `torchrun` starts
the processes, which share out each batch and, by FSDP, the weights. A job of Slurm on several nodes
starts `torchrun` on each of them.
"""

import argparse
import os
import socket
import sys
from collections.abc import Mapping

from shared.errors import UserError, one_line_errors
from shared.workflow import preloaded


def command(gpus: int, nodes: int, step: list[str], environment: Mapping[str, str]) -> list[str]:
    """The command that runs a step (module and arguments); `gpus` are those of all nodes."""
    python = [sys.executable, "-m"]
    if gpus <= 1:
        return [*python, *step]
    if nodes < 1 or gpus % nodes:
        raise UserError(f"{gpus} GPUs can't be spread evenly over {nodes} nodes")
    torchrun = [*python, "torch.distributed.run", "--nproc-per-node", str(gpus // nodes)]
    if nodes == 1:
        return [*torchrun, "--standalone", "-m", *step]
    job = environment.get("SLURM_JOB_ID")
    if not job:
        raise UserError(f"{nodes} nodes: expected in a job of Slurm, found no SLURM_JOB_ID")
    meeting = f"{socket.gethostname()}:{20000 + int(job) % 10000}"  # the first node
    srun = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1"]
    rendezvous = ["--rdzv-backend=c10d", f"--rdzv-endpoint={meeting}", f"--rdzv-id={job}"]
    return [*srun, *torchrun, f"--nnodes={nodes}", *rendezvous, "-m", *step]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpus", type=int, default=0, help="of all nodes together")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("step", nargs=argparse.REMAINDER, help="module and its arguments")
    arguments = parser.parse_args()
    if arguments.gpus <= 1 and (status := preloaded.run(arguments.step, os.environ)) is not None:
        sys.exit(status)
    started = command(arguments.gpus, arguments.nodes, arguments.step, os.environ)
    os.execvp(started[0], started)


if __name__ == "__main__":
    one_line_errors(main)
