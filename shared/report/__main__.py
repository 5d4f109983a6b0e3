"""The report of a scale, and what READMEs show of it.

    python -m shared.report --scale cpu --results results/cpu --out results/cpu
    python -m shared.report --scale cpu --results results/cpu --readme README.md papers/*/README.md

writes report.html, report.md, provenance.md, forest.png, summary.json and badge.svg; or puts the
status table (from the summaries of all scales) into the README of the root and the results into
those of papers.
"""

import argparse
import base64
import gzip
from pathlib import Path

from shared.errors import UserError, one_line_errors
from shared.files import write_json, write_text
from shared.planning.rehearsal.reach import REACH, read_reach
from shared.report.collect import load_results
from shared.report.counts import summary
from shared.report.forest import draw
from shared.report.markdown import replace_between_markers
from shared.report.page import paper_views, render
from shared.report.readme import results_table
from shared.report.status import badge, read_summaries, status
from shared.settings import ROOT, paper_ids


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m shared.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scale", required=True)
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--results", type=Path, required=True, help="results/<scale>")
    parser.add_argument("--out", type=Path, help="folder for the report, usually results/<scale>")
    parser.add_argument("--paper", help="one alone: of its results only report.html is written")
    parser.add_argument("--workflow", type=Path, help="Snakemake's own report, to lie inside ours")
    parser.add_argument("--readme", type=Path, nargs="+", default=[], help="READMEs to bring up")
    parser.add_argument(
        "--items",
        nargs="*",
        default=[],
        help="items shown in a paper's README; otherwise those of paper.yaml",
    )
    arguments = parser.parse_args()
    if not (arguments.out or arguments.readme):
        parser.error("nothing to write: give --out, --readme or both")

    asked = [arguments.paper] if arguments.paper else paper_ids()
    if unknown := set(asked) - set(paper_ids()):
        raise UserError(f"unknown paper '{min(unknown)}'; papers: {', '.join(paper_ids())}")
    if not arguments.results.is_dir():
        raise UserError(f"{arguments.results}: no such folder; expected results/<scale>")
    where = (arguments.results, arguments.scale, arguments.model)
    reach = read_reach(arguments.results.parent / REACH)
    if arguments.out:
        papers = [load_results(name, *where) for name in asked]
        workflow = arguments.workflow and packed(arguments.workflow)
        views = paper_views(papers, arguments.out)
        made = render(arguments.scale, views, arguments.model, workflow, reach)
        for name, text in made.items():
            if not arguments.paper or name == "report.html":
                write_text(arguments.out / name, text)
        if arguments.paper:
            return
        drawn = [(view.paper.name, view.strips) for view in views]
        draw(drawn, arguments.out / "forest.png")
        counted = summary(arguments.scale, papers)
        write_json(arguments.out / "summary.json", counted)
        write_text(arguments.out / "badge.svg", badge(counted))
    for readme in arguments.readme:
        name = readme.resolve().parent.name
        root = readme.resolve() == ROOT / "README.md"  # a checkout may be called as a paper is
        if name in paper_ids() and not root:
            results = load_results(name, *where)
            items = arguments.items or results.paper.readme_items
            replace_between_markers(readme, "results", results_table(results, items, readme))
        else:
            replace_between_markers(
                readme, "status", status(read_summaries(arguments.results.parent), reach)
            )


def packed(page: Path) -> str:
    """A page as base64 of its gzip, a fraction of its size; a browser unpacks it on demand. Without
    a date in it, so that the same page gives the same bytes."""
    return base64.b64encode(gzip.compress(page.read_bytes(), mtime=0)).decode("ascii")


if __name__ == "__main__":
    one_line_errors(main)
