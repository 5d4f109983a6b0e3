"""How fast this library writes, scores and fine-tunes here, beside other libraries.

    python -m tools.bench                   the tables
    python -m tools.bench --out PAGE        into a page as well

Everything is measured in one run on the bundled model, in float32 and, where the processor has it,
in bfloat16. Memory that is freed is kept, as in a step of a run.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets import disable_progress_bars

from shared.errors import one_line_errors
from shared.files import write_text
from shared.models.devices import keep_freed_memory
from tools.bench import machine
from tools.bench.page import Measured, page
from tools.bench.scoring import scoring
from tools.bench.subject import subject
from tools.bench.training import training
from tools.bench.writing import writing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="a Markdown page to write")
    out = parser.parse_args().out
    disable_progress_bars()
    keep_freed_memory()
    before = machine.load()
    found = []
    for precision in machine.precisions():
        of = subject(precision)
        parts = [list(shown(part(of), precision)) for part in (writing, scoring, training)]
        found.append(Measured(precision, of.peak, *parts))
    text = page(found, before, machine.load())
    print(text)
    if out:
        write_text(out, text)


def shown(rows: Iterable, precision: str) -> Iterator:
    """The rows, each told as soon as it is measured."""
    for row in rows:
        print(precision, row, file=sys.stderr, flush=True)
        yield row


if __name__ == "__main__":
    one_line_errors(main)
