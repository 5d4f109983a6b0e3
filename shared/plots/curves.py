"""Curves over thresholds, recall or steps: plain functions that draw arrays on an Axes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
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
    range. `points` are operating points in percent, by the names of `looks`; one of a name that has
    a line is in no legend. Names in `dashed` are drawn dashed. `always` names the corner in which
    everything is flagged, `labels` the names.
    """
    axes.plot([0, 100], [0, 100], **CHANCE)
    at = np.linspace(0, 1, 201)
    for name, seeds in curves.items():
        rates = 100 * np.array([_at(false, true, at) for false, true in seeds])
        style = {"color": looks[name].colour, "linestyle": "--" if name in dashed else "-"}
        _mean_and_range(axes, 100 * at, rates, label=(labels or {}).get(name, name), **style)
    for name, (x, y) in (points or {}).items():
        colour, marker = looks[name]
        white = {"markeredgecolor": "white", "markersize": 8, "zorder": 4}
        label = None if name in curves else (labels or {}).get(name, name)
        axes.plot([x], [y], marker, color=colour, label=label, **white)
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


def precision_recall(
    axes: Axes,
    curves: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
    *,
    looks: Mapping[str, Look],
    dashed: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> None:
    """Precision against recall, both 0..1; one line a method with a band over its seeds.

    `curves` maps a name to the (precision, recall) pairs of its seeds, recall in rising or
    falling order. The line is the mean of the seeds' precision at equal recall, the band their
    range. Names in `dashed` are drawn dashed (the second protocol), `looks` and `labels` are by
    the same names.
    """
    recall = np.linspace(0, 1, 201)
    for name, seeds in curves.items():
        if not seeds:  # nothing was right: no curve, but a line in the legend
            seeds = [(np.array([np.nan]), np.array([1.0]))]
        precision = np.array([_at_recall(*seed, recall) for seed in seeds])
        style = {"color": looks[name].colour, "linestyle": "--" if name in dashed else "-"}
        _mean_and_range(axes, recall, precision, label=(labels or {}).get(name, name), **style)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Recall", ylabel="Precision")


def _at_recall(precision: np.ndarray, recall: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Precision of the step function of average precision: that of the next recall reached."""
    order = np.argsort(recall, kind="stable")
    places = np.searchsorted(recall[order], at - 1e-12, side="left").clip(max=len(order) - 1)
    return np.asarray(precision)[order][places]


def rewards(
    axes: Axes,
    runs: Sequence[Sequence[Mapping[str, float | None]]],
    *,
    colours: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
    window: int = 1,
) -> None:
    """The mean reward of each step of a reinforcement, thick, and its parts, by name: the mean of
    its runs (seeds), and of several their range as a band.

    Each point is the mean of the last `window` steps. `colours` and `labels` are by the same names.
    """
    means = [
        pd.DataFrame(curve).astype(float).rolling(window, min_periods=1).mean() for curve in runs
    ]
    for name in means[0]:
        values = np.array([each[name] for each in means])
        width, label = 2.2 if name == "reward" else 1.3, (labels or {}).get(name, name)
        steps = means[0].index + 1
        _mean_and_range(axes, steps, values, colours[name], linewidth=width, label=label)
    axes.set_xlabel("step")


def _mean_and_range(axes: Axes, x: np.ndarray, seeds: np.ndarray, color: str, **line) -> None:
    """The mean of the seeds (seeds, n) over x; of several their range as a band."""
    axes.plot(x, seeds.mean(0), color=color, **line)
    if len(seeds) > 1:
        axes.fill_between(x, seeds.min(0), seeds.max(0), color=color, alpha=0.15, linewidth=0)
