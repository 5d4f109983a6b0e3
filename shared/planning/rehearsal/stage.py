"""What a rehearsal of scale `paper` is played on: models, files and an endpoint of its own.

    python -m shared.planning.rehearsal.stage --papers r_tuning --out resources/rehearsal

writes, for all that these papers want from elsewhere (`shared.data.fetch.wanted`), a model of the
same class or a few rows in the same format, where the real thing would lie: so nothing in settings
or code is another one. What can't be fetched but by hand lies where the mirror would be, if it is a
source of the catalogue, or in `<out>/<paper>/<what>`, which the paper's `rehearsal` settings name.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.chat.cache import REPLIES
from shared.data.sources import STAGED
from shared.errors import UserError, one_line_errors
from shared.files import sha256, write_text
from shared.runner.code import code_hash
from shared.settings import REHEARSAL, ROOT, load_models

MODELS = Path(__file__).with_name("models.yaml")
STAGE = ROOT / "resources" / "rehearsal"


def enter(papers: Sequence[str]) -> None:
    """Set the stage and let every process that this one starts play on it."""
    if os.environ.get(STAGED) == _places(STAGE)[STAGED]:
        return  # a Snakemake within Snakemake
    from shared.planning.rehearsal.endpoint import Endpoint

    os.environ |= _places(STAGE) | {
        "OPENAI_BASE_URL": Endpoint().url,
        "OPENAI_API_KEY": "rehearsal",
    }
    program = [sys.executable, "-m", "shared.planning.rehearsal.stage", "--papers", *papers]
    if subprocess.run([*program, "--out", str(STAGE)], cwd=ROOT).returncode:
        sys.exit("error: the stage of the rehearsal could not be set")


def set_up(papers: Iterable[str], stage: Path) -> None:
    """Write what the papers want. Raises `UserError` for a model or data set nobody wrote."""
    from shared.data.fetch import hub
    from shared.data.fetch.wanted import Repository, downloads
    from shared.planning.rehearsal.rows import writer, writers
    from shared.planning.rehearsal.weights import kind_of

    _forget_older(stage)
    for paper in papers:
        wanted = [w for settings in load_models(paper, REHEARSAL) for w in downloads(settings)]
        for each in dict.fromkeys(wanted):
            if isinstance(each, Repository):
                write = kind_of(each.id).write if each.kind == "model" else writer(paper, each.id)
                hub.adopt(each, write)
            elif each.source:
                writer(paper, each.source)(stage / "sources")
            elif each.what in (known := writers(paper)):
                known[each.what](stage / paper / each.what)


def _forget_older(stage: Path) -> None:
    """Remove models that other code made, and all data sets and replies: they cost nothing."""
    shutil.rmtree(stage / "replies", ignore_errors=True)
    for folder in (stage / "hub").glob("datasets--*"):
        shutil.rmtree(folder)
    made_by = code_hash("shared.planning.rehearsal.weights")
    key, kept = f"{made_by} {sha256(MODELS)}", stage / "models.key"
    if not kept.is_file() or kept.read_text() != key:
        shutil.rmtree(stage / "hub", ignore_errors=True)
        write_text(kept, key)


def _places(stage: Path) -> dict[str, str]:
    return {
        "HF_HUB_CACHE": str(stage / "hub"),
        "HF_HUB_OFFLINE": "1",
        STAGED: str(stage / "sources"),
        REPLIES: str(stage / "replies"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    if os.environ.get(STAGED) != str(asked.out / "sources"):
        raise UserError(f"{STAGED} is not {asked.out / 'sources'}; a rehearsal sets it")
    set_up(asked.papers, asked.out)


if __name__ == "__main__":
    one_line_errors(main)
