"""The `figures` step of every paper: its command line, and the folder it writes."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from shared.files import atomic, write_json
from shared.plots import style


class Drawing(NamedTuple):
    draw: Callable[[], Figure | None]  # None: the data have nothing for it
    subject: str  # what the whole figure is of
    caption: str


def figures_parser(paper_id: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m papers.{paper_id}.figures")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--results", type=Path, required=True, help=f"results/<scale>/{paper_id}")
    return parser


def draw_all(drawings: Mapping[str, Drawing], folder: Path) -> list[str]:
    """Write every figure that there are data for into `folder`, in its place; gives their names."""
    captions = {}
    with atomic(folder) as temporary:
        temporary.mkdir()
        for name, drawing in drawings.items():
            fig = drawing.draw()
            if fig is None:
                print(f"{name}: not drawn, this scale has no scores for it", file=sys.stderr)
                continue
            style.subject(fig, drawing.subject)
            style.save(fig, temporary, name)
            captions[name] = drawing.caption
        write_json(temporary / "captions.json", captions)
    return list(captions)
