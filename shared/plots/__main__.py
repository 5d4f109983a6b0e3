"""Draw the figures of a paper: every function of its `figures.py` that is marked `@figure`.

    python -m shared.plots --paper r_tuning --scale cpu --results results/cpu/r_tuning

reads cells.csv, scores/ and perhaps more in the results folder, and writes figures/ there: a PNG
and a PDF of each figure, named after its function, and captions.json. It needs no model and none of
the steps before: a figure that shows examples of data/, which a clone lacks, stays as it is.
"""

import argparse
import importlib
import shutil
import sys
from pathlib import Path

from shared.errors import one_line_errors
from shared.files import atomic, read_json, write_json
from shared.plots import style
from shared.plots.figure import Drawing, drawings
from shared.plots.results import Results, load_results


def draw_all(paper: str, results: Results, folder: Path) -> list[str]:
    """Write every figure that there are data for into `folder`, in its place; gives their names."""
    captions = {}
    with atomic(folder) as temporary:
        temporary.mkdir()
        for name, drawing in drawings(importlib.import_module(f"papers.{paper}.figures")).items():
            for part, shown in _parts(name, drawing, results):
                if drawing.reads_data and not (results.folder / "data").is_dir():
                    captions |= _kept(part, folder, temporary, results.folder / "data")
                    continue
                fig = drawing.draw(shown)
                if fig is None:
                    print(f"{part}: not drawn, this scale has no scores for it", file=sys.stderr)
                    continue
                style.subject(fig, shown.subject(drawing.subject, drawing.each_model))
                style.save(fig, temporary, part)
                captions[part] = drawing.caption_of(shown)
        write_json(temporary / "captions.json", captions)
    return list(captions)


def _kept(name: str, folder: Path, temporary: Path, data: Path) -> dict[str, str]:
    """Take a picture over that can't be drawn again without `data`, and say so; its caption."""
    old = [path for path in folder.glob(f"{name}.*") if path.suffix in (".png", ".pdf")]
    for path in old:
        shutil.copy2(path, temporary / path.name)
    does = "left as it is" if old else "not drawn"
    print(f"{name}: {does}, as it shows examples of {data}, which is not there", file=sys.stderr)
    return {name: read_json(folder / "captions.json", dict)[name]} if old else {}


def _parts(name: str, drawing: Drawing, results: Results) -> list[tuple[str, Results]]:
    """What is drawn apart: each model where the figure shows one and there are several."""
    if not drawing.each_model or len(results.models) == 1:
        return [(name, results)]
    return [(f"{name}_{model}", results.only(model)) for model in results.models]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", required=True, help="id, a folder of papers/")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--results", type=Path, required=True, help="results/<scale>/<paper>")
    parser.add_argument("--model", help="your own model, if the run used one")
    parser.add_argument("--stands-in-for", help="the paper's model that it stands for")
    asked = parser.parse_args()
    results = load_results(
        asked.paper, asked.scale, asked.results, asked.model, asked.stands_in_for
    )
    draw_all(asked.paper, results, asked.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
