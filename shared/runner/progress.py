"""How far a step is: a bar on a terminal, elsewhere a line every ten seconds.

The lines go to the log of the step, where who watches a run finds them.
"""

import sys
from collections.abc import Iterable
from typing import TextIO

from tqdm import tqdm

EVERY = 10.0  # seconds between two lines


def bar(iterable: Iterable | None = None, **options: object) -> tqdm:
    """A bar of tqdm, with its options. What takes less than `EVERY` seconds writes no line."""
    if sys.stderr.isatty():
        return tqdm(iterable, **options)
    how = {"mininterval": EVERY, "delay": EVERY, "ncols": 80, "ascii": True}
    return tqdm(iterable, file=Lines(sys.stderr), **how | options)


class Lines:
    """A file in which each state of a bar has a line of its own, and none is written over."""

    def __init__(self, file: TextIO):
        self.file = file

    def write(self, text: str) -> None:
        if said := text.strip():
            self.file.write(said + "\n")

    def flush(self) -> None:
        self.file.flush()
