"""Curves of one thing traded for another: plain functions that draw arrays on an Axes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from shared.plots.style import INK, Look

CHANCE = {"color": "#8C8C8C", "linewidth": 1, "linestyle": (0, (4, 3)), "zorder": 1}


def rates_over_thresholds(
    axes: Axes,
    curves: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
    *,
    looks: Mapping[str, Look],
    points: Mapping[str, tuple[float, float]] | None = None,
    dashed: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    always: str = "",
) -> None:
    """True against false positive rate in percent as a threshold falls; one line a name.

    `curves` maps a name to the (false, true positive rates), 0..1 and rising, of its seeds: the
    line is the mean of the seeds' true positive rate at equal false positive rate, the band their
    range. `points` are operating points in percent, by the names of `looks`. Names in `dashed`
    are drawn dashed. `always` names the corner in which everything is flagged, `labels` the names.
    """
    axes.plot([0, 100], [0, 100], **CHANCE)
    at = np.linspace(0, 1, 201)
    for name, seeds in curves.items():
        rates = 100 * np.array([_at(false, true, at) for false, true in seeds])
        style = "--" if name in dashed else "-"
        colour = looks[name].colour
        axes.plot(
            100 * at, rates.mean(0), style, color=colour, label=(labels or {}).get(name, name)
        )
        if len(seeds) > 1:
            band = {"color": colour, "alpha": 0.15, "linewidth": 0}
            axes.fill_between(100 * at, rates.min(0), rates.max(0), **band)
    for name, (x, y) in (points or {}).items():
        colour, marker = looks[name]
        white = {"markeredgecolor": "white", "markersize": 8, "zorder": 4}
        axes.plot([x], [y], marker, color=colour, label=(labels or {}).get(name, name), **white)
    if always:
        axes.plot(
            [100], [100], "*", color=INK, markersize=11, clip_on=False, zorder=5, label=always
        )
    axes.set(xlim=(-2, 102), ylim=(-2, 102))


def _at(false: np.ndarray, true: np.ndarray, at: np.ndarray) -> np.ndarray:
    """True positive rate of the line through the points at the false positive rates `at`; where
    the line is vertical, its top."""
    steps = 1e-12 * np.arange(len(false))  # equal rates one after the other, for `interp`
    return np.interp(at + 1e-9, false + steps, true)
