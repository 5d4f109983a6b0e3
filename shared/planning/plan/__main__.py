"""What a run will take: jobs, hours, memory, disk, downloads, licences to accept, paid calls.

    python -m shared.planning.plan                         every paper, every scale
    python -m shared.planning.plan --scale paper roleref
    python -m shared.planning.plan --scale paper --models OpenLLaMA-3B --items table1 r_tuning
    python -m shared.planning.plan --check                 whether each job fits (gpu and paper)

Of several papers what they take together comes first. Each number says where it comes from: the
rules (limits, so mostly far more than it takes), recorded runs of this scale, a measurement
(`python -m shared.planning.measure`), what was fetched, or, for calls, the settings. What none of
these tells is printed as unknown.

--check counts what each job holds on a GPU and in main memory, on a model of the real size that
takes none, and ends with status 1 and a line for each job whose resources give less.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from shared.errors import UserError, one_line_errors
from shared.planning.plan.collect import Line, plan, totals
from shared.planning.plan.jobs import SHARED, jobs_of
from shared.settings import load_paper, paper_ids
from shared.settings.items import VARIABLE
from shared.workflow.columns import columns_of

CHECKED = ("gpu", "paper")  # scales whose models are of a known size


def check(papers: Sequence[str], scales: Sequence[str]) -> None:
    """Exit with a line for each job that needs more than its resources give."""
    from shared.planning.plan.check import report  # loads PyTorch, which a plan needs not

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
    parser.add_argument("--models", help="of the scale, with commas; all")
    parser.add_argument("--items", help="tables and figures, with commas; all")
    parser.add_argument("--check", action="store_true", help="whether each job fits its resources")
    parser.add_argument("papers", nargs="*", help="papers; none: all")
    arguments = parser.parse_args()
    papers = arguments.papers or paper_ids()
    scales = [scale for paper in papers for scale in load_paper(paper).scales]
    if arguments.scale not in (None, *scales):
        known = ", ".join(dict.fromkeys(scales))
        raise UserError(f"unknown scale '{arguments.scale}'; scales: {known}")
    os.environ[VARIABLE] = arguments.items or ""
    if arguments.check:
        check(papers, [arguments.scale] if arguments.scale else CHECKED)
        return
    for scale in [arguments.scale] if arguments.scale else dict.fromkeys(scales):
        columns, _ = columns_of(scale, None, arguments.models)
        jobs = jobs_of(scale, models=arguments.models, items=arguments.items)
        columns = {paper: columns[paper] for paper in papers if paper in columns}
        if len(columns) > 1:
            every = [job for job in jobs if job.paper in (*columns, SHARED)]
            show(f"{len(columns)} papers together, {scale}", totals(columns, scale, every))
        for paper, models in columns.items():
            own = [job for job in jobs if job.paper == paper]
            show(f"{paper}, {scale}", plan(paper, scale, own, models))


def show(title: str, lines: Iterable[Line]) -> None:
    print(title)
    for what, line in lines:
        print(f"  {what:<10} {line}")
    print(flush=True)


if __name__ == "__main__":
    one_line_errors(main)
