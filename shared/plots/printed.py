"""The numbers that a paper prints, beside ours: one mark in every figure, a hollow diamond."""

import numpy as np
from matplotlib.axes import Axes

from shared.plots.style import INK

NAME, LETTER = "the paper", "◇"  # in the legend, and in a text
LOOK = {"marker": "D", "markersize": 5, "markerfacecolor": "white", "markeredgewidth": 1.1}


def mark(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str = INK) -> None:
    """The mark at each point, with room above the highest; none where a number is NaN.

    `colour` is that of our own markers, where several lie above one another.
    """
    x, y = np.ravel(x).astype(float), np.ravel(y).astype(float)
    known = np.isfinite(y)
    if not known.any():
        return
    axes.plot(x[known], y[known], linestyle="none", markeredgecolor=colour, zorder=5, **LOOK)
    axes.set_ylim(top=max(axes.get_ylim()[1], 1.08 * y[known].max()))
    explain(axes)


def beside(ours: str, number: float, digits: int = 0, between: str = "\n") -> str:
    """A text of ours, and the printed number behind it; as it is where that is NaN."""
    return ours if np.isnan(number) else f"{ours}{between}{LETTER} {number:.{digits}f}"


def explain(axes: Axes) -> None:
    """The mark's entry in the legend of a figure."""
    axes.plot([], [], linestyle="none", markeredgecolor=INK, label=NAME, **LOOK)


def explain_in_text(axes: Axes) -> None:
    """The same in a legend that lies on a panel, where a marker would be taken for a point."""
    axes.plot([], [], " ", label=f"{LETTER} {NAME}")
