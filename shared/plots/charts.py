"""Chart kinds: plain functions that draw arrays on an Axes; the caller knows what they mean."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from shared.plots import printed
from shared.plots.style import FAINT, INK, RIGHT, WRONG, Look

OFFICIAL_HATCH = "////"


def grouped_bars(
    axes: Axes,
    values: np.ndarray,
    intervals: np.ndarray | None,
    *,
    groups: Sequence[str],
    series: Sequence[str],
    colours: Sequence[str],
    hatched: Sequence[bool] | None = None,
    numbers: bool = True,
    marks: np.ndarray | None = None,
    label: str = "",
) -> np.ndarray:
    """Bars of `values` (series, groups) side by side in each group; a NaN leaves a gap.

    `intervals` (series, groups, 2) are the lower and upper ends of the error bars, NaN for none.
    `hatched` marks the series drawn light and hatched (the second protocol). `marks` (series,
    groups) are what the paper printed, NaN for none; numbers stand clear of them. Returns the x
    position of every bar (series, groups), so that the caller can put markers on them.
    """
    values = np.asarray(values, dtype=float)
    hatched = hatched or [False] * len(series)
    width = 0.84 / len(series)
    centres = np.arange(len(groups))
    positions = centres + (np.arange(len(series))[:, None] - (len(series) - 1) / 2) * width
    for row, name in enumerate(series):
        light = hatched[row]
        axes.bar(
            positions[row],
            values[row],
            width * 0.92,
            facecolor="white" if light else colours[row],
            edgecolor=colours[row],
            hatch=OFFICIAL_HATCH if light else None,
            linewidth=1.0,
            label=name,
        )
    tops = values.copy()
    if intervals is not None:
        intervals = np.asarray(intervals, dtype=float)
        tops = np.fmax(tops, intervals[..., 1])
        ends = np.abs(intervals - values[..., None])
        for row in range(len(series)):
            axes.errorbar(
                positions[row],
                values[row],
                yerr=ends[row].T,
                fmt="none",
                ecolor=INK,
                elinewidth=1.1,
                capsize=2.5,
                capthick=1.1,
            )
    if numbers:
        room = 0.09 * np.nanmax(tops)  # that a number takes above a bar
        theirs = np.full(values.shape, np.nan) if marks is None else marks
        hit = (theirs > tops - room / 2) & (theirs < tops + room)
        above = np.where(hit, theirs + room / 3, tops)
        for x, value, top in zip(positions.flat, values.flat, above.flat, strict=True):
            if np.isfinite(value):
                place = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center"}
                axes.annotate(f"{value:.0f}", (x, top), fontsize=7.5, color=INK, **place)
    axes.set_xticks(centres, groups)
    axes.set_xlim(-0.55, len(groups) - 0.45)
    axes.set_ylim(0, 1.08 * np.nanmax(tops) or 1)  # all zero: any height will do
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(label)
    if marks is not None:
        printed.mark(axes, positions, marks)
    return positions


def histogram_pair(
    axes: Axes, right: np.ndarray, wrong: np.ndarray, *, bins: int = 20, label: str = "Confidence"
) -> None:
    """Histograms of the confidence (0..1) of correct and of wrong answers, one over the other.

    Both are shares of all answers of the panel, so their areas show how many were correct; the
    dashed lines are the two means.
    """
    edges = np.linspace(0, 1, bins + 1)
    total = len(right) + len(wrong)
    for values, colour, name in ((wrong, WRONG, "wrong"), (right, RIGHT, "correct")):
        weights = np.full(len(values), 100 / total)
        shares, _ = np.histogram(values, edges, weights=weights)
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.38)
        axes.stairs(shares, edges, color=colour, linewidth=1.4, label=name)
        if len(values):
            axes.axvline(np.mean(values), color=colour, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set(xlim=(0, 1), xlabel=label, ylabel="Answers (%)")


def reliability_diagram(
    axes: Axes,
    confidence: np.ndarray,
    accuracy: np.ndarray,
    weight: np.ndarray,
    *,
    colour: str,
) -> None:
    """Accuracy against confidence over equal-width bins of 0..1; the diagonal is calibrated.

    The three arrays are per bin: mean confidence and accuracy (NaN for an empty bin), and the
    weight of its examples. The hatched part is the gap to the diagonal; the strip below, in
    units of the axis, is the share of examples in each bin.
    """
    bins = len(accuracy)
    width = 1 / bins
    centres = (np.arange(bins) + 0.5) * width
    filled = np.isfinite(accuracy)
    x, mean, hit = centres[filled], confidence[filled], accuracy[filled]
    axes.bar(x, hit, width * 0.94, color=colour, alpha=0.75)
    axes.bar(
        x,
        mean - hit,
        width * 0.94,
        bottom=hit,
        facecolor="none",
        edgecolor=INK,
        hatch="....",
        linewidth=0.6,
        alpha=0.55,
        label="gap to confidence",
    )
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    share = weight / weight.sum()
    axes.bar(centres, -0.16 * share / share.max(), width * 0.94, color=FAINT, label="examples")
    axes.axhline(0, color="#8C8C8C", linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(-0.18, 1.02), xlabel="Confidence", ylabel="Accuracy")
    axes.set_yticks(np.linspace(0, 1, 6))


def stacked_counts(
    axes: Axes,
    counts: np.ndarray,
    *,
    groups: Sequence[str],
    series: Sequence[str],
    colours: Sequence[str],
    label: str = "",
) -> None:
    """Horizontal bars of `counts` (series, groups), stacked, with count and share inside."""
    counts = np.asarray(counts, dtype=float)
    totals = counts.sum(0)
    left = np.zeros(len(groups))
    places = np.arange(len(groups))
    for row, name in enumerate(series):
        axes.barh(places, counts[row], 0.62, left=left, color=colours[row], label=name)
        for place, count, start, total in zip(places, counts[row], left, totals, strict=True):
            roomy = count > 0.12 * totals.max()  # narrower parts carry their number above them
            axes.text(
                start + count / 2 if roomy else start,
                place if roomy else place - 0.33,
                f"{count:,.0f}\n{count / total:.0%}"
                if roomy
                else f"{count:,.0f} ({count / total:.0%})",
                ha="center" if roomy else "left",
                va="center" if roomy else "bottom",
                color="white" if roomy else colours[row],
                fontsize=8.5,
                fontweight="bold",
            )
        left += counts[row]
    axes.set_yticks(places, groups)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label)


def lines_with_band(
    axes: Axes,
    x: np.ndarray,
    lines: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    looks: Mapping[str, Look],
    dashed: Sequence[str] = (),
    labels: tuple[str, str] = ("", ""),
) -> None:
    """Lines over `x` (n,): `lines` maps a name to its middle, lower and upper values (n,)."""
    for name, (middle, lower, upper) in lines.items():
        colour, marker = looks[name]
        style = "--" if name in dashed else "-"
        axes.plot(x, middle, style, color=colour, marker=marker, label=name)
        axes.fill_between(x, lower, upper, color=colour, alpha=0.16, linewidth=0)
    axes.set(xlabel=labels[0], ylabel=labels[1])


def points(
    axes: Axes,
    values: np.ndarray,
    intervals: np.ndarray,
    *,
    groups: Sequence[str],
    series: Sequence[str],
    looks: Mapping[str, Look],
    joined: bool = False,
    label: str = "",
) -> None:
    """Markers at `values` (series, groups) with whiskers, side by side in each group.

    So no interval hides another, and values may be below zero. `intervals` (series, groups, 2) are
    lower and upper ends; a NaN value leaves a gap. `joined` draws a line through each series, for
    groups that have an order.
    """
    values, intervals = np.asarray(values, dtype=float), np.asarray(intervals, dtype=float)
    centres = np.arange(len(groups))
    ends = np.abs(intervals - values[..., None])
    for row, name in enumerate(series):
        colour, marker = looks[name]
        axes.errorbar(
            centres + 0.7 * ((row + 0.5) / len(series) - 0.5),
            values[row],
            yerr=ends[row].T,
            fmt=marker,
            linestyle="-" if joined else "none",
            linewidth=1.2,
            color=colour,
            markersize=5,
            elinewidth=1.1,
            capsize=2,
            label=name,
        )
    axes.set_xticks(centres, groups)
    axes.set_xlim(-0.55, len(groups) - 0.45)
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(label)


def tradeoff(
    axes: Axes,
    points: Mapping[str, tuple[float, float]],
    intervals: Mapping[str, tuple[tuple[float, float], tuple[float, float]]],
    *,
    looks: Mapping[str, Look],
    hollow: Sequence[str] = (),
    labels: tuple[str, str] = ("", ""),
    rates: bool = True,
) -> None:
    """One marker a name at (x, y), with intervals both ways. Names in `hollow` have an open marker
    (the second protocol). `rates`: both are in percent, and the diagonal y = x is drawn."""
    if rates:
        axes.plot([0, 100], [0, 100], color="#8C8C8C", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.set(xlim=(-3, 103), ylim=(-3, 103))
    for name, (x, y) in points.items():
        colour, marker = looks[name]
        ends = [
            np.abs(np.subtract(pair, at))[:, None]
            for pair, at in zip(intervals[name], (x, y), strict=True)
        ]
        axes.errorbar(
            x,
            y,
            xerr=ends[0],
            yerr=ends[1],
            fmt=marker,
            color=colour,
            markerfacecolor="white" if name in hollow else colour,
            markersize=8,
            markeredgewidth=1.6,
            elinewidth=1.2,
            capsize=2.5,
            label=name,
        )
    axes.set(xlabel=labels[0], ylabel=labels[1])


def shared_legend(fig: Figure, columns: int) -> None:
    """One legend for all panels of a figure, below them, in as many of `columns` as fit; what the
    paper printed comes last."""
    entries = {}
    for axes in fig.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    if printed.NAME in entries:
        entries[printed.NAME] = entries.pop(printed.NAME)
    for some in range(columns, 0, -1):
        legend = fig.legend(
            entries.values(), entries.keys(), loc="outside lower center", ncols=some
        )
        if some == 1 or legend.get_window_extent().width <= fig.bbox.width:
            break
        legend.remove()


def matrix(
    axes: Axes,
    values: np.ndarray,
    texts: Sequence[Sequence[str]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    limits: tuple[float, float],
    colour: str = RIGHT,
) -> None:
    """Squares shaded by `values` (rows, columns) from white to `colour`, each with its text.

    `limits` are the values drawn white and in the full colour. A NaN is grey, for a square that
    has no value.
    """
    shades = LinearSegmentedColormap.from_list("shades", ["white", colour])
    shades = shades.with_extremes(bad=FAINT)
    values = np.asarray(values, dtype=float)
    axes.imshow(np.ma.masked_invalid(values), cmap=shades, aspect="auto", norm=Normalize(*limits))
    dark = limits[0] + 0.65 * (limits[1] - limits[0])  # from here on white letters read better
    for (row, column), value in np.ndenumerate(values):
        letters = "white" if value > dark else INK  # also for NaN
        place = {"ha": "center", "va": "center", "fontsize": 8.5, "linespacing": 1.3}
        axes.text(column, row, texts[row][column], color=letters, **place)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(which="major", visible=False)
    axes.grid(which="minor", color=FAINT, linewidth=0.8)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set(visible=True, color=FAINT)
