"""Download everything of a scale that comes from elsewhere, and check it.

    snakemake fetch --config scale=paper
    python -m shared.data.fetch --scale paper r_tuning resa

What is here already is not downloaded again, and what was begun goes on. One thing that can't be
had does not keep the others; all that is missing is named at the end, in one line each.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator

from shared.data.catalogue import sources
from shared.data.fetch import hub
from shared.data.fetch.wanted import ByHand, Repository, Wanted, downloads
from shared.data.sources import fetch as fetch_file
from shared.errors import UserError, one_line_errors
from shared.files import readable_size
from shared.settings import ScaleSettings, load_models, model_names, paper_ids


def get(wanted: Wanted, mirror: str | None) -> Iterator[str]:
    """Get it and check it; yields what there is to say, one line each. Raises `UserError`."""
    if isinstance(wanted, ByHand):
        yield f"not fetched: {wanted.what}: {wanted.why}; {wanted.do}"
    elif isinstance(wanted, Repository):
        found = hub.fetch(wanted)
        yield f"{wanted}: {_files(len(found.files))}, {readable_size(found.size)}, checked, " + (
            f"{readable_size(found.new)} of it new" if found.new else "all here before"
        )
    else:
        source = sources()[wanted.source]
        came = {file: fetch_file(source, file, mirror) for file in wanted.files or source.files}
        routes = ", ".join(sorted({each.route for each in came.values()}))
        unknown = [file for file in came if source.files[file] is None]
        yield f"{wanted.source}: {_files(len(came))}, checked, from: {routes}"
        for file in unknown:
            yield f"{file}: its sha256 was not known beforehand; it is {came[file].sha256}"


def everything(settings: Iterable[ScaleSettings]) -> dict[Wanted, str | None]:
    """What the papers want, each once, and the mirror folder of the paper that wants it."""
    return {
        wanted: getattr(each, "mirror", None) for each in settings for wanted in downloads(each)
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", required=True)
    parser.add_argument("--model", help="a model of your own, in place of the scale's")
    parser.add_argument("--models", nargs="+", help="some of the scale's, by name; none: all")
    parser.add_argument("papers", nargs="*", help="papers; none: all")
    arguments = parser.parse_args()
    papers = arguments.papers or paper_ids()
    if arguments.models and not arguments.model:
        there = {name for paper in papers for name in model_names(paper, arguments.scale)}
        if unknown := [name for name in arguments.models if name not in there]:
            expected = ", ".join(sorted(there))
            raise UserError(
                f"no model '{unknown[0]}' at scale {arguments.scale}; models: {expected}"
            )
    settings = [
        each
        for paper in papers
        for each in load_models(paper, arguments.scale, arguments.model)
        if arguments.model or not arguments.models or each.name in arguments.models
    ]
    wanted = everything(settings)
    failed = []
    for each, mirror in wanted.items():
        try:
            for line in get(each, mirror):
                print(line, flush=True)
        except UserError as error:
            failed.append(str(error))
    for line in failed:
        print(f"error: {line}", file=sys.stderr)
    if failed:
        sys.exit(1)
    if not wanted:
        print(f"scale {arguments.scale} needs nothing from elsewhere")


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"


if __name__ == "__main__":
    one_line_errors(main)
