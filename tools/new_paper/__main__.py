"""A folder for another paper, with an example in it that runs.

    python -m tools.new_paper ID

Makes `papers/ID` and `tests/papers/ID` from the folder `templates`, where the paper is called
my_paper. `snakemake ID --config scale=smoke` then runs it.
"""

import argparse
import keyword
import re
from pathlib import Path

from shared.errors import UserError, one_line_errors
from shared.settings import ROOT

TEMPLATES = Path(__file__).parent / "templates"
NAME = "my_paper"
PLACES = ("papers/{}", "tests/papers/{}")
LONGEST = 20  # letters; lines with a longer id would be too long
# What a line of a Snakefile defines: a rule, a section, a variable.
DEFINED = re.compile(r"^(?:rule |use rule \w+ as )?(\w+)(?: =|:| with:)", re.MULTILINE)


def new_paper(paper_id: str) -> list[Path]:
    """Write the files of a new paper and give their paths, relative to the repository."""
    check(paper_id)
    written = []
    for source in sorted(TEMPLATES.rglob("*.*")):
        path = named(str(source.relative_to(TEMPLATES)), paper_id)
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(named(source.read_text(encoding="utf-8"), paper_id), "utf-8")
        written.append(Path(path))
    return written


def named(text: str, paper_id: str) -> str:
    return text.replace(NAME, paper_id)


def check(paper_id: str) -> None:
    """Raise `UserError` if a paper can't have this id."""
    plain = re.fullmatch("[a-z][a-z0-9_]*", paper_id) and not keyword.iskeyword(paper_id)
    if not plain or len(paper_id) > LONGEST:
        raise UserError(
            f"id '{paper_id}': expected a Python name of at most {LONGEST} lower-case letters, "
            "digits and underscores"
        )
    for place in PLACES:
        if (ROOT / place.format(paper_id)).exists():
            raise UserError(f"id '{paper_id}': {place.format(paper_id)} is already there")
    rules = (TEMPLATES / "papers" / NAME / "rules.smk").read_text(encoding="utf-8")
    for name in [paper_id, *DEFINED.findall(named(rules, paper_id))]:  # its target has its name
        if name in taken():
            raise UserError(f"id '{paper_id}': '{name}' is a rule or a variable of the workflow")


def taken() -> set[str]:
    """Names that the Snakefile, the shared rules and those of all papers define."""
    files = [ROOT / "Snakefile", *ROOT.glob("shared/workflow/*.smk"), *ROOT.glob("papers/*/*.smk")]
    return {name for file in files for name in DEFINED.findall(file.read_text(encoding="utf-8"))}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.new_paper",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("id", metavar="ID", help="the paper's name in paths and rules: r_tuning")
    paper_id = parser.parse_args().id
    print(*new_paper(paper_id), sep="\n")
    print(
        f"\nRun it:      snakemake {paper_id} --config scale=smoke"
        f"\nTest it:     pytest tests/papers/{paper_id}"
        "\nThen make it the paper's, file by file: docs/adding-a-paper.md"
    )


if __name__ == "__main__":
    one_line_errors(main)
