"""What a run will take: jobs, hours, memory, disk, downloads, licences to accept, paid calls.

    python -m shared.planning.plan                         every paper, every scale
    python -m shared.planning.plan --scale paper roleref

Each number says where it comes from: the rules (limits, so mostly far more than it takes), recorded
runs of this scale, a measurement (`python -m shared.planning.measure`), what was fetched, or, for
calls, the settings. What none of these tells is printed as unknown.
"""

import argparse

from shared.errors import UserError, one_line_errors
from shared.planning.plan.collect import plan
from shared.planning.plan.jobs import jobs_of
from shared.settings import load_paper, paper_ids


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", help="one scale; every one")
    parser.add_argument("papers", nargs="*", help="papers; none: all")
    arguments = parser.parse_args()
    papers = arguments.papers or paper_ids()
    scales = [scale for paper in papers for scale in load_paper(paper).scales]
    if arguments.scale not in (None, *scales):
        known = ", ".join(dict.fromkeys(scales))
        raise UserError(f"unknown scale '{arguments.scale}'; scales: {known}")
    for scale in [arguments.scale] if arguments.scale else dict.fromkeys(scales):
        jobs = jobs_of(scale)
        for paper in papers:
            print(f"{paper}, {scale}")
            for what, line in plan(paper, scale, [job for job in jobs if job.paper == paper]):
                print(f"  {what:<10} {line}")
            print(flush=True)


if __name__ == "__main__":
    one_line_errors(main)
