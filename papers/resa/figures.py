"""Draw the figures: `python -m papers.resa.figures --scale cpu --results results/cpu/resa`.

Reads `cells.csv` and the run records below the results folder, writes `figures/` there with a PNG
and a PDF of each figure and `captions.json`. Figure 4 is the paper's, the others are ours.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from papers.resa import analyze
from papers.resa.names import (
    AVERAGE,
    AVERAGE_OF_3,
    BENIGN_AVERAGE,
    PREFILLING,
    size_name,
)
from papers.resa.rewards import PARTS
from papers.resa.settings import Settings
from shared.comparison.cells import read_cells
from shared.comparison.reported import own_numbers, read_reported
from shared.errors import one_line_errors
from shared.judges.registry import STRING_RULES
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import load_settings

NUMBERS = ["value", "ci_low", "ci_high"]
LOOKS = style.looks(analyze.METHODS)
PANELS = {
    "safety": "Safe replies (%)",
    "over_refusal": "Harmless requests answered (%)",
    "reasoning": "Right answers (%)",
}


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    settings: Settings
    cells: pd.DataFrame
    reported: pd.DataFrame
    runs: Path

    def of(self, item: str, metric: str) -> pd.DataFrame:
        """Value and interval in percent of the cells of an item, by (method, dataset)."""
        own = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        scale = 1 if (own["unit"] == "%").all() else 100
        return own.set_index(["method", "dataset"])[NUMBERS] * scale


def attacks(data: Data) -> Figure | None:
    """DSR of every method under every attack, as shaded squares."""
    found = data.of("defence_by_judge", "dsr")["value"]
    columns = [
        name
        for name in dict.fromkeys(found.index.get_level_values("dataset"))
        if not name.startswith("Three")
    ]
    rows = [m for m in analyze.METHODS if m in found.index.get_level_values("method")]
    values = np.array([[found.get((m, d), np.nan) for d in columns] for m in rows])
    texts = [["" if np.isnan(v) else f"{v:.0f}" for v in row] for row in values]
    fig, (axes,) = style.figure(size=(1.15 * len(columns) + 2.2, 0.42 * len(rows) + 1.3))
    labels = [
        name.replace("House rules, ", "").replace(PREFILLING, "\n+ prefilling") for name in columns
    ]
    labels = [label.replace("Prefix injection", "Prefix\ninjection") for label in labels]
    charts.matrix(axes, values, texts, rows=rows, columns=labels, limits=(0, 100))
    return fig


def pareto(data: Data) -> Figure | None:
    """Safety against over-refusal: up and to the right is better."""
    safety = data.of("defence_by_judge", "dsr")
    answered = data.of("over_refusal", "over_refusal_accuracy")
    points, intervals = {}, {}
    for method in analyze.METHODS:
        one, other = (method, BENIGN_AVERAGE), (method, AVERAGE)
        if one in answered.index and other in safety.index:
            x, y = answered.loc[one], safety.loc[other]
            points[method] = (x["value"], y["value"])
            intervals[method] = (tuple(x[NUMBERS[1:]]), tuple(y[NUMBERS[1:]]))
    if not points:
        return None
    fig, (axes,) = style.figure(size=(6.4, 4.8))
    labels = ("Harmless requests answered (%)", "Safe replies, mean over attacks (%)")
    charts.tradeoff(axes, points, intervals, looks=LOOKS, labels=labels)
    charts.shared_legend(fig, columns=3)
    return fig


def figure4(data: Data) -> Figure | None:
    """Safety, over-refusal and reasoning over the size of the training data: ours, the paper's."""
    ours = _sizes(data)
    if len(ours) < 2:
        return None
    printed = own_numbers(data.reported).query("item == 'figure4'")
    sizes = ["0.1K", "0.5K", "1K", "5K", "80K"]
    fig, every = style.figure(2, 3, size=(3.4, 2.7), sharey="col")
    for column, (metric, label) in enumerate(PANELS.items()):
        found = data.of("figure4", metric)
        upper, lower = every[column], every[3 + column]
        values = found.reindex([(analyze.RESA, name) for name in ours.values()])
        _curve(upper, list(ours), values["value"].to_numpy(), values[NUMBERS[1:]].to_numpy())
        for method, size in (
            (analyze.BASE, "no data"),
            (analyze.WJ, size_name(analyze.WJ, None)),
        ):
            if (method, size) in found.index:
                _level(upper, found.loc[(method, size), "value"], method)
        own = printed[printed["metric"] == metric].set_index(["method", "dataset"])["number"] * 100
        theirs = own.reindex([(analyze.RESA, size) for size in sizes]).to_numpy()
        _curve(lower, sizes, theirs, None)
        _level(lower, own[analyze.BASE, "no data"], analyze.BASE)
        _level(lower, own[analyze.WJ, "262K"], analyze.WJ)
        upper.set(title=label, ylim=(-4, 104))
        upper.set_xlabel("samples")
        lower.set_xlabel("samples, paper (Qwen2.5-7B)")
    charts.shared_legend(fig, columns=3)
    return fig


def judges(data: Data) -> Figure | None:
    """The mean DSR of every method by each judge of refusal."""
    metrics = {f"dsr_{rule}": name for rule, name in STRING_RULES.items()}
    found = {name: data.of("defence_by_judge", name) for name in metrics}
    found = {name: cells for name, cells in found.items() if len(cells)}
    rows = [m for m in analyze.METHODS if any((m, AVERAGE) in c.index for c in found.values())]
    places = [(method, AVERAGE) for method in rows]
    numbers = np.array([cells.reindex(places)[NUMBERS].to_numpy() for cells in found.values()])
    fig, (axes,) = style.figure(size=(8.6, 3.6))
    charts.points(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=[_folded(method) for method in rows],
        series=[metrics[name] for name in found],
        looks=style.looks(metrics.values()),
        label="Safe replies (%)",
    )
    charts.shared_legend(fig, columns=3)
    return fig


def checks(data: Data) -> Figure | None:
    """What happens inside the check: plans that are harmful, and checks that let them pass."""
    metrics = {
        "well_formed": "well formed",
        "summary_safety": "plan harmless",
        "check_jailbreak_rate": "check fooled",
    }
    found = {name: data.of("checks", name) for name in metrics}
    rows = [m for m in analyze.WITH_PLAN if (m, AVERAGE_OF_3) in found["well_formed"].index]
    if not rows:
        return None
    numbers = np.array(
        [c.reindex([(m, AVERAGE_OF_3) for m in rows])[NUMBERS].to_numpy() for c in found.values()]
    )
    fig, (axes,) = style.figure(size=(7.6, 3.4))
    charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=[_folded(method) for method in rows],
        series=list(metrics.values()),
        colours=["#6E6E6E", style.RIGHT, style.WRONG],
        label="Replies to harmful requests (%)",
    )
    charts.shared_legend(fig, columns=3)
    return fig


def reward(data: Data) -> Figure | None:
    """The reward of reinforcement and its parts, step by step."""
    runs = [
        data.runs / f"train-{name}-s{seed}.json"
        for name, seed in data.settings.runs()
        if data.settings.variants[name].reinforced
    ]
    if not runs:
        return None
    curves = [json.loads(path.read_text(encoding="utf-8"))["training"]["curve"] for path in runs]
    fig, every = style.figure(1, len(curves), size=(6.0, 3.4))
    looks = style.looks(["reward", *PARTS])
    for axes, curve in zip(every, curves, strict=True):
        x = np.arange(1, len(curve) + 1)
        lines = {}
        for name in ("reward", *PARTS):
            values = np.array([step[name] for step in curve], dtype=float)
            lines[name] = (values, values, values)
        charts.lines_with_band(axes, x, lines, looks=looks, labels=("step", "mean reward"))
        axes.set_ylim(bottom=0)
    charts.shared_legend(fig, columns=5)
    return fig


FIGURES = {
    "attacks": (
        attacks,
        "replies to harmful requests that are safe (DSR, %)",
        "Each square is the share of harmful requests of the house, under one attack, whose reply"
        " is safe. DeepInception, Role-play and Prefix injection are in nobody's training data.",
    ),
    "pareto": (
        pareto,
        "safety against over-refusal",
        "A method that refuses everything would be at the upper left, one that refuses nothing at"
        " the lower right. Dashed: as many safe replies as answered requests.",
    ),
    "figure4": (
        figure4,
        "the size of the training data",
        "Above ours, below the numbers that the paper prints on its Figure 4, with levels of the"
        " base model and of WJ-SFT. Sizes are not the paper's: they stand in for its own.",
    ),
    "judges": (
        judges,
        "mean DSR by judge",
        "The phrase rule decides everywhere else; the other two look for the phrases of published"
        " benchmarks. Each of them also accepts a safe completion.",
    ),
    "checks": (
        checks,
        "inside the check",
        "On the attacks of the paper's four-attack tables that could be run. A fooled check calls a"
        " plan safe that breaks a rule of the house.",
    ),
    "reward": (
        reward,
        "the reward of ReSA-RL and its parts",
        "Means over the completions of a step; parts are weighted as in the paper.",
    ),
}


def draw_all(data: Data, scale: str, folder: Path) -> list[str]:
    """Write every figure that the data allow into `folder`, in its place; gives their names."""
    drawings = {
        name: Drawing(partial(function, data), f"ReSA, scale {scale}: {what}", caption)
        for name, (function, what, caption) in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def _sizes(data: Data) -> dict[str, str]:
    """Label on the axis -> data set, smallest first."""
    sized = sorted(
        {v.size for v in data.settings.variants.values() if v.size and v.method == analyze.RESA}
    )
    found = {str(size): size_name(analyze.RESA, size) for size in sized}
    return {**found, "all": size_name(analyze.RESA, None)}


def _curve(axes, sizes: Sequence[str], values: np.ndarray, ends: np.ndarray | None) -> None:
    missing = np.full((1, len(values), 2), np.nan)
    charts.points(
        axes,
        values[None],
        missing if ends is None else ends[None],
        groups=sizes,
        series=[analyze.RESA],
        looks=LOOKS,
        joined=True,
    )


def _level(axes, value: float, method: str) -> None:
    axes.axhline(value, color=LOOKS[method].colour, linestyle=(0, (4, 3)), label=method)


def _replaced(text: str, pairs: dict[str, str]) -> str:
    for old, new in pairs.items():
        text = text.replace(old, new)
    return text


def _folded(name: str) -> str:
    return name.replace(" (", "\n(").replace("-Adaptive", "-\nAdaptive").replace(" A", "\nA")


def main() -> None:
    arguments = figures_parser("resa").parse_args()
    data = Data(
        settings=load_settings("resa", arguments.scale, arguments.model),
        cells=read_cells(arguments.results / "cells.csv"),
        reported=read_reported("resa"),
        runs=arguments.results / "runs",
    )
    draw_all(data, arguments.scale, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
