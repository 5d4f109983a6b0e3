"""Draw the figures: `python -m papers.my_paper.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv`, writes `DIR/figures/` with a PNG and a PDF of each figure and
`captions.json`. Figures are named after the paper's.
"""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from papers.my_paper.analyze import TUNED, UNTUNED
from shared.comparison.cells import read_cells
from shared.errors import one_line_errors
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser


def figure1(cells: pd.DataFrame) -> Figure:
    """Accuracy of each method as a bar."""
    methods = [UNTUNED, TUNED]
    own = cells[cells["item"] == "table1"].set_index("method").loc[methods]
    looks = style.looks(methods)
    fig, (axes,) = style.figure()
    charts.grouped_bars(
        axes,
        own[["value"]].to_numpy(),  # (methods, data sets)
        own[["ci_low", "ci_high"]].to_numpy()[:, None],
        groups=["Facts"],
        series=methods,
        colours=[looks[method].colour for method in methods],
        label="Accuracy (%)",
    )
    axes.legend()
    return fig


def main() -> None:
    arguments = figures_parser("my_paper").parse_args()
    cells = read_cells(arguments.results / "cells.csv")
    subject = f"my_paper, scale {arguments.scale}: {cells['model'].iloc[0]}"
    caption = "How often the right answer is likelier than a wrong one, with 95 % intervals."
    drawings = {"figure1": Drawing(partial(figure1, cells), subject, caption)}
    drawing.draw_all(drawings, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
