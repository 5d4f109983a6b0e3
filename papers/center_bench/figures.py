"""The figures of CenterBench. The paper's own are known by their number alone (nine), so these are
ours, about what its abstract speaks of: accuracy and the gap, by level and by type of question.
`scorer_audit` shows what either scorer accepts.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.center_bench.analyze import (
    GAPS,
    LEVELS,
    PREPARED,
    RELEASED,
    SUBSETS,
    TYPES,
    by_level,
    by_type,
    model_labels,
    prepared,
)
from shared.comparison.scores import read_scores
from shared.plots import charts, style
from shared.plots.figure import figure
from shared.plots.results import Results, array

SCORERS = {"corrected": "strict scorer", "official": "official scorer"}
NAMES = {"level": by_level, "type": by_type}  # of the data sets of a part
LABELS = {
    "level": [str(level) for level in LEVELS],
    "type": ["action", "agent", "count", "nested", "causes", "conse-\nquence"],
}
GAP_TITLES = {
    "CenterBench": "CenterBench, plausible − implausible",
    "Generated": "Generated, plausible − implausible",
    "Generated, same words": "Generated, plausible − same words",
}

Panel = tuple[str, str]  # protocol, data set


@figure(
    "Accuracy by level (number of relative clauses), with 95 % intervals over "
    "sentences. Upper rows of a source: the strict scorer; lower rows: the official one."
)
def accuracy_by_level(results: Results) -> Figure | None:
    """Accuracy over the levels: a row a source and scorer, a column a subset, a line a model."""
    return _accuracy(results, "level", joined=True)


@figure(
    "Accuracy on plausible sentences minus accuracy on the others, by level, with 95 % "
    "intervals over sentences. The paper's claim is that it widens."
)
def gap_by_level(results: Results) -> Figure | None:
    """The gap over the levels: a row a scorer, a column what is set against plausible ones."""

    def draw(axes: Axes, panel: Panel) -> None:
        _points(axes, results, "gap", panel, "level", joined=True)
        axes.set_xlabel("Level")

    return _gaps(results, "level", draw, size=(3.9, 3.1), stacked=False)


@figure(
    "Accuracy on plausible sentences minus accuracy on the others, by type of question, with "
    "95 % intervals. The paper's claim is that it is below zero for consequences."
)
def gap_by_type(results: Results) -> Figure | None:
    """The gap by type of question, as bars: below zero where plausibility hurts."""
    everywhere = [
        _numbers(results, "gap", (protocol, gap), "type") for protocol in SCORERS for gap in GAPS
    ]

    def draw(axes: Axes, panel: Panel) -> None:
        names, found = _shown(results, "gap", panel, "type")
        looks = style.looks(_models(results))
        charts.grouped_bars(
            axes,
            found[..., 0],
            found[..., 1:],
            groups=[label.replace("-\n", "") for label in LABELS["type"]],
            series=names,
            colours=[looks[name].colour for name in names],
            numbers=False,
        )
        axes.set_ylim(*_room(np.nanmin(everywhere), np.nanmax(everywhere)))

    return _gaps(results, "type", draw, size=(7.4, 2.5), stacked=True)


@figure(
    "Accuracy by type of question, with 95 % intervals. action: what an entity did; agent: who "
    "acted on it; count: how many entities; nested: what the entity acted upon did; causes: "
    "the events before; consequence: what followed."
)
def accuracy_by_type(results: Results) -> Figure | None:
    """Accuracy by type of question, arranged as by level."""
    return _accuracy(results, "type", joined=False)


@figure(
    "Share of prepared answers that each scorer accepts, on the released questions. The "
    "official one can't tell who did what to whom where it compares sentence embeddings.",
    subject="both scorers",
)
def scorer_audit(results: Results) -> Figure | None:
    """What both scorers accept of answers that are right or wrong by construction."""
    key = ["type", "right", "answer_kind"]
    kinds = read_scores(results.folder / "scores" / "scorer_audit.parquet", key)[key]
    kinds = kinds.drop_duplicates()
    if kinds.empty:
        return None
    kinds = kinds.sort_values("type", key=lambda types: types.map(TYPES.index), kind="stable")
    accepted = results.of("scorer_audit", "accepted", by=("protocol", "dataset"))["value"]
    halves = sorted(kinds.groupby("right"), reverse=True)
    heights = [len(rows) + 1.2 for _, rows in halves]
    fig, panels = style.figure(
        len(halves),
        1,
        size=(9.2, 0.42 * sum(heights) / len(heights) + 0.3),
        gridspec_kw={"height_ratios": heights},
    )
    for axes, (right, rows) in zip(panels, halves, strict=True):
        datasets = {
            f"{kind}: {answer}": prepared(kind, right, answer)
            for kind, answer in zip(rows["type"], rows["answer_kind"], strict=True)
        }
        _accepted(axes, accepted, datasets, style.RIGHT if right else style.WRONG)
        wish = "all should be accepted" if right else "none should be accepted"
        axes.set_title(f"{'Right' if right else 'Wrong'} answers: {wish}")
    panels[-1].set_xlabel("Accepted (%)")
    return fig


def _accepted(axes: Axes, accepted: pd.Series, datasets: dict[str, str], colour: str) -> None:
    """Two horizontal bars for each kind of answer, the strict scorer's above the official one's.

    datasets: label → data set.
    """
    for place, (protocol, scorer) in enumerate(SCORERS.items()):
        light = protocol == "official"
        values = accepted.reindex([(protocol, dataset) for dataset in datasets.values()])
        at = np.arange(len(datasets)) + (place - 0.5) * 0.4
        axes.barh(
            at,
            values,
            0.36,
            facecolor="white" if light else colour,
            edgecolor=colour,
            hatch=charts.OFFICIAL_HATCH if light else None,
            label=scorer,
        )
        for y, value in zip(at, values, strict=True):
            axes.annotate(
                f"{value:.1f}",
                (value, y),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=style.INK,
            )
    axes.set_yticks(range(len(datasets)), list(datasets))
    axes.set(xlim=(0, 108), ylim=(len(datasets) - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _accuracy(results: Results, part: str, joined: bool) -> Figure | None:
    """Rows: source and scorer; columns: subsets. A source that was not asked has no row."""
    rows = [
        (source, protocol)
        for source, subsets in SUBSETS.items()
        for protocol in SCORERS
        if any(_has(results, "accuracy", (protocol, f"{source} {s}"), part) for s in subsets)
    ]
    if not rows:
        return None
    columns = max(len(SUBSETS[source]) for source, _ in rows)
    fig, panels = style.figure(len(rows), columns, size=(3.7, 2.6), sharey=True)
    for index, axes in enumerate(panels):
        source, protocol = rows[index // columns]
        subsets = SUBSETS[source]
        if index % columns >= len(subsets):
            axes.set_axis_off()
            continue
        subset = subsets[index % columns]
        _points(axes, results, "accuracy", (protocol, f"{source} {subset}"), part, joined)
        axes.set_ylim(-4, 104)
        axes.set_title(f"{source}, {subset}")
        if index % columns == 0:
            axes.set_ylabel(f"Accuracy (%)\n{SCORERS[protocol]}")
        if part == "level" and index // columns == len(rows) - 1:
            axes.set_xlabel("Level")
    charts.shared_legend(fig, columns=4)
    return fig


def _gaps(
    results: Results,
    part: str,
    draw: Callable[[Axes, Panel], None],
    size: tuple[float, float],
    stacked: bool,
) -> Figure | None:
    """A panel for each scorer and gap; `stacked` puts all of them below one another."""
    panels = [
        (protocol, dataset)
        for protocol in SCORERS
        for dataset in GAPS
        if _has(results, "gap", (protocol, dataset), part)
    ]
    if not panels:
        return None
    columns = 1 if stacked else len({dataset for _, dataset in panels})
    fig, every = style.figure(len(panels) // columns, columns, size=size, sharey=True)
    for axes, panel in zip(every, panels, strict=True):
        protocol, dataset = panel
        draw(axes, panel)
        axes.axhline(0, color=style.INK, linewidth=0.9, zorder=1.5)
        axes.set_title(GAP_TITLES[dataset] + (f", {SCORERS[protocol]}" if stacked else ""))
        axes.set_ylabel("Gap (points)" if stacked else f"Gap (points)\n{SCORERS[protocol]}")
        if not stacked:
            axes.label_outer()
    charts.shared_legend(fig, columns=4)
    return fig


def _points(
    axes: Axes, results: Results, metric: str, panel: Panel, part: str, joined: bool
) -> None:
    """Markers of all models that have numbers in a panel."""
    names, found = _shown(results, metric, panel, part)
    charts.points(
        axes,
        found[..., 0],
        found[..., 1:],
        groups=LABELS[part],
        series=names,
        looks=style.looks(_models(results)),
        joined=joined,
    )


def _models(results: Results) -> list[str]:
    """Names of language models (with their mode) and solvers, in the order of the cells."""
    cells = results.cells
    return list(dict.fromkeys(model_labels(cells[~cells["model"].isin([RELEASED, PREPARED])])))


def _numbers(results: Results, metric: str, panel: Panel, part: str) -> np.ndarray:
    """Value and interval (models, levels or types, 3); NaN where there is no cell."""
    protocol, dataset = panel
    cells = results.of(f"{metric}_by_{part}", metric, protocol, ("model", "method", "dataset"))
    cells = cells.reset_index()
    cells = cells.assign(label=model_labels(cells)).set_index(["label", "dataset"])
    return array(cells, _models(results), NAMES[part]([dataset]))


def _shown(
    results: Results, metric: str, panel: Panel, part: str
) -> tuple[Sequence[str], np.ndarray]:
    """The models that have any number in a panel, and their numbers."""
    found = _numbers(results, metric, panel, part)
    there = np.isfinite(found).any(axis=(1, 2))
    return [name for name, any_ in zip(_models(results), there, strict=True) if any_], found[there]


def _has(results: Results, metric: str, panel: Panel, part: str) -> bool:
    return bool(np.isfinite(_numbers(results, metric, panel, part)).any())


def _room(low: float, high: float) -> tuple[float, float]:
    """Limits that show zero and leave a little room around everything."""
    low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.08 * max(high - low, 1)
    return low - margin, high + margin
