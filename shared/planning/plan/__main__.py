"""What a run will take: jobs, hours, memory, disk, downloads, licences to accept, paid calls.

    python -m shared.planning.plan                         every paper, every scale
    python -m shared.planning.plan --scale paper roleref
    python -m shared.planning.plan --scale paper --models OpenLLaMA-3B --items table1 r_tuning

Each number says where it comes from: the rules (limits, so mostly far more than it takes), recorded
runs of this scale, a measurement (`python -m shared.planning.measure`), what was fetched, or, for
calls, the settings. What none of these tells is printed as unknown.
"""

import argparse
import os

from shared.errors import UserError, one_line_errors
from shared.planning.plan.collect import plan
from shared.planning.plan.jobs import jobs_of
from shared.settings import load_paper, paper_ids
from shared.settings.items import VARIABLE
from shared.workflow.columns import columns_of


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", help="one scale; every one")
    parser.add_argument("--models", help="of the scale, with commas; all")
    parser.add_argument("--items", help="tables and figures, with commas; all")
    parser.add_argument("papers", nargs="*", help="papers; none: all")
    arguments = parser.parse_args()
    papers = arguments.papers or paper_ids()
    scales = [scale for paper in papers for scale in load_paper(paper).scales]
    if arguments.scale not in (None, *scales):
        known = ", ".join(dict.fromkeys(scales))
        raise UserError(f"unknown scale '{arguments.scale}'; scales: {known}")
    os.environ[VARIABLE] = arguments.items or ""
    for scale in [arguments.scale] if arguments.scale else dict.fromkeys(scales):
        columns, _ = columns_of(scale, None, arguments.models)
        jobs = jobs_of(scale, models=arguments.models, items=arguments.items)
        for paper in [paper for paper in papers if paper in columns]:
            print(f"{paper}, {scale}")
            own = [job for job in jobs if job.paper == paper]
            for what, line in plan(paper, scale, own, columns[paper]):
                print(f"  {what:<10} {line}")
            print(flush=True)


if __name__ == "__main__":
    one_line_errors(main)
