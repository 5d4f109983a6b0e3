"""What a run will take: jobs, hours, memory, disk, downloads, licences to accept, paid calls.

    python -m shared.planning.plan                         every paper, every scale
    python -m shared.planning.plan --scale paper roleref
    python -m shared.planning.plan --check                 whether each job fits (gpu and paper)

Each number says where it comes from: the rules (limits, so mostly far more than it takes), recorded
runs of this scale, a measurement (`python -m shared.planning.measure`), what was fetched, or, for
calls, the settings. What none of these tells is printed as unknown.

--check counts what each job holds on a GPU and in main memory, on a model of the real size that
takes none, and ends with status 1 and a line for each job whose resources give less.
"""

import argparse
import sys
from collections.abc import Sequence

from shared.errors import UserError, one_line_errors
from shared.planning.plan.collect import plan
from shared.planning.plan.jobs import jobs_of
from shared.settings import load_paper, paper_ids

CHECKED = ("gpu", "paper")  # scales whose models are of a known size


def check(papers: Sequence[str], scales: Sequence[str]) -> None:
    """Exit with a line for each job that needs more than its resources give."""
    from shared.planning.plan.check import (
        report,  # PyTorch and Transformers, which a plan needs not
    )

    failed = []
    for scale in scales:
        for paper in papers:
            said, lacking = report(paper, scale)
            failed += lacking
            print(said, flush=True)
    if failed:
        sys.exit("\n".join(f"error: {line}" for line in failed))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", help="one scale; every one")
    parser.add_argument("--check", action="store_true", help="whether each job fits its resources")
    parser.add_argument("papers", nargs="*", help="papers; none: all")
    arguments = parser.parse_args()
    papers = arguments.papers or paper_ids()
    scales = [scale for paper in papers for scale in load_paper(paper).scales]
    if arguments.scale not in (None, *scales):
        known = ", ".join(dict.fromkeys(scales))
        raise UserError(f"unknown scale '{arguments.scale}'; scales: {known}")
    if arguments.check:
        check(papers, [arguments.scale] if arguments.scale else CHECKED)
        return
    for scale in [arguments.scale] if arguments.scale else dict.fromkeys(scales):
        jobs = jobs_of(scale)
        for paper in papers:
            print(f"{paper}, {scale}")
            for what, line in plan(paper, scale, [job for job in jobs if job.paper == paper]):
                print(f"  {what:<10} {line}")
            print(flush=True)


if __name__ == "__main__":
    one_line_errors(main)
