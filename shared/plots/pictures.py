"""Pictures beside what models say about them."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from shared.plots import style
from shared.plots.style import INK

Said = tuple[str, str]  # a text and its colour


def answers(
    pictures: Sequence[np.ndarray],
    questions: Sequence[str],
    said: Sequence[Sequence[Said]],
    *,
    columns: Sequence[str],
    width: int = 21,
) -> Figure:
    """A row for each picture: the picture, the question, and a column of answers for each model.

    pictures: arrays as `imshow` takes them. said: (pictures, columns). width: letters a line.
    """
    fig, every = style.figure(
        len(pictures),
        2 + len(columns),
        size=(1.55, 1.2),
        gridspec_kw={"width_ratios": [0.75, 1.1, *[1.0] * len(columns)]},
    )
    panels = np.reshape(np.array(every, dtype=object), (len(pictures), -1))
    for axes in panels.flat:
        axes.set_axis_off()
    for row, (picture, question, texts) in enumerate(zip(pictures, questions, said, strict=True)):
        panels[row, 0].imshow(picture, interpolation="nearest")
        for axes, (text, colour) in zip(panels[row, 1:], [(question, INK), *texts], strict=True):
            lines = textwrap.fill(text or "(nothing)", width)
            axes.text(0, 0.5, lines, va="center", fontsize=7.5, color=colour)
    for axes, name in zip(panels[0], ["", "asked", *columns], strict=True):
        axes.set_title(name, fontsize=9)
    return fig
