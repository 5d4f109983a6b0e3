"""Draw the figures: `python -m papers.center_bench.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv`, writes `DIR/figures/` with a PNG and a PDF of each figure and
`captions.json`. The paper's own figures are known by their number alone (nine), so these are ours,
about what its abstract speaks of: accuracy and the gap, by level and by type of question.
`scorer_audit` shows what either scorer accepts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.center_bench.analyze import GAPS, LEVELS, PREPARED, RELEASED, SUBSETS, model_labels
from shared.comparison.cells import read_cells
from shared.errors import one_line_errors
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import load_settings

SCORERS = {"corrected": "strict scorer", "official": "official scorer"}
PARTS = {
    "level": {f"level {level}": str(level) for level in LEVELS},
    "type": {
        "action_performed": "action",
        "agent_identification": "agent",
        "entity_count": "count",
        "nested_dependency": "nested",
        "causal_sequence": "causes",
        "chain_consequence": "conse-\nquence",
    },
}
GAP_TITLES = {
    "CenterBench": "CenterBench, plausible − implausible",
    "Generated": "Generated, plausible − implausible",
    "Generated, same words": "Generated, plausible − same words",
}


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    cells: pd.DataFrame

    @cached_property
    def models(self) -> list[str]:
        """Names of language models (with their mode) and solvers, in the order of the cells."""
        named = self.cells[~self.cells["model"].isin([RELEASED, PREPARED])]
        return list(dict.fromkeys(model_labels(named)))

    def numbers(self, metric: str, protocol: str, datasets: Sequence[str]) -> np.ndarray:
        """Value, lower and upper end (models, datasets, 3); NaN where there is no cell."""
        own = self.cells[(self.cells["metric"] == metric) & (self.cells["protocol"] == protocol)]
        own = own.assign(label=model_labels(own)).drop_duplicates(["label", "dataset"])
        own = own.set_index(["label", "dataset"])[["value", "ci_low", "ci_high"]]
        places = pd.MultiIndex.from_product([self.models, datasets])
        return own.reindex(places).to_numpy(float).reshape(len(self.models), len(datasets), 3)


Panel = tuple[str, str]  # protocol, data set


def accuracy_by_level(data: Data) -> Figure | None:
    """Accuracy over the levels: a row a source and scorer, a column a subset, a line a model."""
    return _accuracy(data, "level", joined=True)


def accuracy_by_type(data: Data) -> Figure | None:
    """Accuracy by type of question, arranged as by level."""
    return _accuracy(data, "type", joined=False)


def gap_by_level(data: Data) -> Figure | None:
    """The gap over the levels: a row a scorer, a column what is set against plausible ones."""

    def draw(axes: Axes, panel: Panel) -> None:
        _points(axes, data, "gap", panel, "level", joined=True)
        axes.set_xlabel("Level")

    return _gaps(data, "level", draw, size=(3.9, 3.1), stacked=False)


def gap_by_type(data: Data) -> Figure | None:
    """The gap by type of question, as bars: below zero where plausibility hurts."""
    everywhere = [
        data.numbers("gap", protocol, _part_names(dataset, "type"))
        for protocol in SCORERS
        for dataset in GAPS
    ]

    def draw(axes: Axes, panel: Panel) -> None:
        protocol, dataset = panel
        found = data.numbers("gap", protocol, _part_names(dataset, "type"))
        shown = [i for i in range(len(data.models)) if np.isfinite(found[i]).any()]
        names = [data.models[i] for i in shown]
        charts.grouped_bars(
            axes,
            found[shown, :, 0],
            found[shown, :, 1:],
            groups=[label.replace("-\n", "") for label in PARTS["type"].values()],
            series=names,
            colours=[style.looks(data.models)[name].colour for name in names],
            numbers=False,
        )
        axes.set_ylim(*_room(np.nanmin(everywhere), np.nanmax(everywhere)))

    return _gaps(data, "type", draw, size=(7.4, 2.5), stacked=True)


def scorer_audit(data: Data) -> Figure | None:
    """What both scorers accept of answers that are right or wrong by construction."""
    audit = data.cells[data.cells["item"] == "scorer_audit"]
    audit = audit[audit["dataset"].str.startswith("CenterBench, ")]
    if audit.empty:
        return None
    names = (
        audit["dataset"]
        .str.removeprefix("CenterBench, ")
        .str.extract(r"^(?P<type>\w+), (?P<verdict>\w+): (?P<answer>.*)$")
    )
    audit = audit.assign(
        label=names["type"] + ": " + names["answer"],
        verdict=names["verdict"],
        place=names["type"].map(list(PARTS["type"]).index),
    ).sort_values("place", kind="stable")
    halves = [(verdict, rows) for verdict, rows in audit.groupby("verdict", sort=True)]
    heights = [rows["label"].nunique() + 1.2 for _, rows in halves]
    fig, panels = style.figure(
        len(halves),
        1,
        size=(9.2, 0.42 * sum(heights) / len(heights) + 0.3),
        gridspec_kw={"height_ratios": heights},
    )
    for axes, (verdict, rows) in zip(panels, halves, strict=True):
        colour = style.RIGHT if verdict == "right" else style.WRONG
        _accepted(axes, rows, colour)
        wish = "all should be accepted" if verdict == "right" else "none should be accepted"
        axes.set_title(f"{verdict.capitalize()} answers: {wish}")
    panels[-1].set_xlabel("Accepted (%)")
    return fig


def _accepted(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    """Two horizontal bars for each kind of answer, the strict scorer's above the official one's."""
    labels = list(dict.fromkeys(rows["label"]))
    for place, (protocol, scorer) in enumerate(SCORERS.items()):
        light = protocol == "official"
        values = rows[rows["protocol"] == protocol].set_index("label")["value"].reindex(labels)
        at = np.arange(len(labels)) + (place - 0.5) * 0.4
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
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlim=(0, 108), ylim=(len(labels) - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _accuracy(data: Data, part: str, joined: bool) -> Figure | None:
    """Rows: source and scorer; columns: subsets. A source that was not asked has no row."""
    rows = [
        (source, protocol)
        for source in SUBSETS
        for protocol in SCORERS
        if any(_has(data, "accuracy", (protocol, f"{source} {s}"), part) for s in SUBSETS[source])
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
        _points(axes, data, "accuracy", (protocol, f"{source} {subset}"), part, joined)
        axes.set_ylim(-4, 104)
        axes.set_title(f"{source}, {subset}")
        if index % columns == 0:
            axes.set_ylabel(f"Accuracy (%)\n{SCORERS[protocol]}")
        if part == "level" and index // columns == len(rows) - 1:
            axes.set_xlabel("Level")
    charts.shared_legend(fig, columns=4)
    return fig


def _gaps(
    data: Data,
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
        if _has(data, "gap", (protocol, dataset), part)
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


def _points(axes: Axes, data: Data, metric: str, panel: Panel, part: str, joined: bool) -> None:
    """Markers of all models that have numbers in a panel."""
    protocol, dataset = panel
    found = data.numbers(metric, protocol, _part_names(dataset, part))
    shown = [i for i in range(len(data.models)) if np.isfinite(found[i]).any()]
    charts.points(
        axes,
        found[shown, :, 0],
        found[shown, :, 1:],
        groups=list(PARTS[part].values()),
        series=[data.models[i] for i in shown],
        looks=style.looks(data.models),
        joined=joined,
    )


def _part_names(dataset: str, part: str) -> list[str]:
    return [f"{dataset}, {name}" for name in PARTS[part]]


def _has(data: Data, metric: str, panel: Panel, part: str) -> bool:
    protocol, dataset = panel
    return bool(np.isfinite(data.numbers(metric, protocol, _part_names(dataset, part))).any())


def _room(low: float, high: float) -> tuple[float, float]:
    """Limits that show zero and leave a little room around everything."""
    low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.08 * max(high - low, 1)
    return low - margin, high + margin


CAPTIONS = {
    "accuracy_by_level": (
        "Accuracy by level (number of relative clauses), with 95 % intervals from a bootstrap over "
        "sentences. Upper rows of a source: the strict scorer; lower rows: the official one."
    ),
    "gap_by_level": (
        "Accuracy on plausible sentences minus accuracy on the others, by level, with 95 % "
        "intervals from a bootstrap over sentences. The paper's claim is that it widens."
    ),
    "gap_by_type": (
        "Accuracy on plausible sentences minus accuracy on the others, by type of question, with "
        "95 % intervals. The paper's claim is that it is below zero for consequences."
    ),
    "accuracy_by_type": (
        "Accuracy by type of question, with 95 % intervals. action: what an entity did; agent: who "
        "acted on it; count: how many entities; nested: what the entity acted upon did; causes: "
        "the events before; consequence: what followed."
    ),
    "scorer_audit": (
        "Share of prepared answers that each scorer accepts, on the released questions. The "
        "official one can't tell who did what to whom where it compares sentence embeddings."
    ),
}
FIGURES: dict[str, Callable[[Data], Figure | None]] = {
    function.__name__: function
    for function in (accuracy_by_level, gap_by_level, gap_by_type, accuracy_by_type, scorer_audit)
}


def draw_all(data: Data, folder: Path) -> list[str]:
    """Write every figure that the data allow into `folder`, in its place; gives their names."""
    subjects = dict.fromkeys(FIGURES, "; ".join(data.models)) | {"scorer_audit": "both scorers"}
    drawings = {
        name: Drawing(
            partial(function, data),
            f"CenterBench, scale {data.scale}: {subjects[name]}",
            CAPTIONS[name],
        )
        for name, function in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def main() -> None:
    arguments = figures_parser("center_bench").parse_args()
    load_settings("center_bench", arguments.scale, arguments.model)  # a known scale
    data = Data(arguments.scale, read_cells(arguments.results / "cells.csv"))
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
