"""The figures of my_paper, named after the paper's."""

from matplotlib.figure import Figure

from papers.my_paper.analyze import TUNED, UNTUNED
from shared.plots import style
from shared.plots.figure import figure
from shared.plots.results import Results, bars


@figure("How often the right answer is the likelier, with 95 % intervals.", each_model=True)
def figure1(results: Results) -> Figure:
    colours = {UNTUNED: style.WRONG, TUNED: style.RIGHT}
    fig, (axes,) = style.figure()
    bars(axes, results.of("table1", "accuracy"), colours, ["Facts"], "Accuracy (%)")
    axes.legend()
    return fig
