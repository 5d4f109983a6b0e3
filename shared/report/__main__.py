"""`python -m shared.report`: the report of a scale, or the results table of a paper's README."""

import argparse
from pathlib import Path

from shared.errors import one_line_errors
from shared.files import write_json, write_text
from shared.report.collect import load_results
from shared.report.counts import summary
from shared.report.markdown import replace_between_markers
from shared.report.page import render
from shared.report.readme import results_table
from shared.settings import paper_ids


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.report", description=__doc__)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--results", type=Path, required=True, help="results/<scale>")
    parser.add_argument("--out", type=Path, help="folder for report.html, report.md, summary.json")
    parser.add_argument("--readme", type=Path, help="papers/<id>/README.md to put the results in")
    parser.add_argument(
        "--items",
        nargs="*",
        default=[],
        help="items shown in the README; otherwise those of paper.yaml",
    )
    arguments = parser.parse_args()
    if not (arguments.out or arguments.readme):
        parser.error("nothing to write: give --out, --readme or both")

    where = (arguments.results, arguments.scale, arguments.model)
    if arguments.out:
        papers = [load_results(name, *where) for name in paper_ids()]
        for name, text in render(arguments.scale, papers, arguments.model).items():
            write_text(arguments.out / name, text)
        write_json(arguments.out / "summary.json", summary(arguments.scale, papers))
    if arguments.readme:
        paper_id = arguments.readme.resolve().parent.name
        results = load_results(paper_id, *where)
        items = arguments.items or results.paper.readme_items
        replace_between_markers(arguments.readme, results_table(results, items))


if __name__ == "__main__":
    one_line_errors(main)
