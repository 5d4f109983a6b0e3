"""Draw the figures: `python -m papers.refusal_tokens.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv` and `DIR/scores/`, writes `DIR/figures/` with a PNG and a PDF of each figure
and `captions.json`. The paper's own figures could not be read: these are ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from papers.refusal_tokens import analyze
from papers.refusal_tokens.analyze import CALIBRATED, CATEGORIES, KEYS, ONE, UNTUNED
from shared.comparison.cells import read_cells
from shared.comparison.groups import Group
from shared.errors import one_line_errors
from shared.metrics.tradeoff import roc_curve
from shared.plots import charts, curves, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import StandIns, load_settings

NUMBERS = ["value", "ci_low", "ci_high"]
# With and without contrast data in the same hue.
LOOKS = {
    UNTUNED: style.Look("#882255", "X"),
    "No tokens": style.Look("#4D4D4D", "v"),
    "No tokens, no contrast": style.Look("#A6A6A6", "<"),
    ONE: style.Look("#0072B2", "o"),
    "One token, no contrast": style.Look("#56B4E9", "s"),
    CATEGORIES: style.Look("#D55E00", "D"),
    "Category tokens, no contrast": style.Look("#E69F00", "^"),
}
PROTOCOLS = ("corrected", "official")


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    stand_ins: StandIns
    cells: pd.DataFrame
    groups: list[Group]

    @property
    def model(self) -> str:
        return self.groups[0].model

    def own(self, paper: str) -> str:
        """Our name of a data set of the paper."""
        ours = {theirs: name for name, theirs in self.stand_ins.datasets.items()}
        return ours.get(paper, paper)

    def of(self, item: str, metric: str, protocol: str = "corrected") -> pd.DataFrame:
        """Value and interval of the cells of an item, by (method, data set of the paper)."""
        same = (self.cells["item"] == item) & (self.cells["metric"] == metric)
        own = self.cells[same & (self.cells["protocol"] == protocol)]
        own = own.assign(dataset=own["dataset"].replace(self.stand_ins.datasets))
        return own.set_index(["method", "dataset"])[NUMBERS]


def roc(data: Data) -> Figure:
    """True against false positives over all thresholds, with what the models do by themselves."""
    dataset = data.own("CoCoNot")
    fig, (axes,) = style.figure(size=(6.4, 5.6))
    found, labels = {}, {}
    for group in data.groups:
        drawn = group.method in analyze.TOKENS and group.dataset == dataset
        if drawn and group.protocol == "corrected":
            found[group.method] = [_curve(group, seed) for seed in range(len(group.seeds))]
    areas = data.of("roc", "auroc")["value"]
    labels = {name: f"{name}: area {areas[name, 'CoCoNot']:.3f}" for name in found}
    true, false = data.of("refusal_f1", "tpr")["value"], data.of("refusal_f1", "fpr")["value"]
    points = {
        name: (false[name, set_], true[name, set_])
        for name, set_ in true.index
        if name not in found
    }
    own = {
        name: (false[name, "CoCoNot"], true[name, "CoCoNot"])
        for name in found
        if (name, "CoCoNot") in true.index
    }
    curves.rates_over_thresholds(
        axes,
        found,
        looks=LOOKS,
        points=points,
        dashed=[name for name in found if name.endswith("no contrast")],
        labels=labels,
        always="always refuse",
    )
    for name, (x, y) in own.items():
        axes.plot([x], [y], LOOKS[name].marker, color=LOOKS[name].colour, markeredgecolor="white")
    axes.set(xlabel="refused of the contrast set (%)", ylabel="refused of the original set (%)")
    axes.set_title(dataset)
    charts.shared_legend(fig, columns=2)
    return fig


def control(data: Data) -> Figure:
    """Refusals by category (columns) when the token of one category (rows) is suppressed."""
    rates = data.of("control", "refusal_rate")["value"]
    methods = [analyze.compared(CATEGORIES), *map(analyze.suppressing, KEYS)]
    datasets = [f"{analyze.ORIGINAL}, {key}" for key in KEYS]
    values = np.array([[rates.get((m, d), np.nan) for d in datasets] for m in methods])
    texts = [[f"{value:.0f}" for value in row] for row in values]
    fig, (axes,) = style.figure(size=(7.6, 4.2))
    rows = ["none", *KEYS]
    charts.matrix(axes, values, texts, rows=rows, columns=KEYS, limits=(0, 100))
    axes.set(xlabel="requests of category", ylabel="suppressed token")
    axes.set_title("Refused (%)")
    return fig


def forced(data: Data) -> Figure:
    """Refusals in words after a forced token, beside the untuned model."""
    rates = data.of("forced", "refusal_rate")
    series = [
        UNTUNED,
        *(analyze.forced(name, token) for name in CALIBRATED for token in ("respond", "refuse")),
    ]
    datasets = [analyze.ORIGINAL, analyze.CONTRAST, analyze.ORDINARY]
    return _bars(data, rates, series, datasets, [UNTUNED, ONE, ONE, CATEGORIES, CATEGORIES])


def contrast(data: Data) -> Figure:
    """Refusals of what should be answered, with and without contrast data in training."""
    rates = data.of("contrast", "refusal_rate")
    series = [UNTUNED, *analyze.GENERAL]
    return _bars(data, rates, series, [analyze.CONTRAST, analyze.ORDINARY], series)


def f1(data: Data) -> Figure:
    """F1 of every variant beside the F1 of refusing everything."""
    found = data.of("refusal_f1", "f1")
    floor = data.of("refusal_f1", "f1_always")["value"].iloc[0]
    series = [UNTUNED, *analyze.GENERAL]
    numbers = _numbers(found, [(name, "CoCoNot") for name in series])
    fig, (axes,) = style.figure(size=(8.6, 3.9))
    centres = np.arange(len(series))
    charts.points(
        axes,
        numbers[None, :, 0],
        numbers[None, :, 1:],
        groups=[name.replace(", ", ",\n") for name in series],
        series=["F1 by the words of the reply"],
        looks={"F1 by the words of the reply": style.Look(style.RIGHT, "o")},
        label="F1",
    )
    line = {"color": style.WRONG, "linewidth": 1.2, "linestyle": (0, (4, 3))}
    axes.plot(centres[[0, -1]] + [-0.5, 0.5], [floor, floor], label="always refuse", **line)
    axes.set_ylim(0, 1.02)
    axes.set_title(data.own("CoCoNot"))
    charts.shared_legend(fig, columns=2)
    return fig


def thresholds(data: Data) -> Figure:
    """Refusals in words at each threshold on the probability of refusal."""
    panels = (analyze.ORIGINAL, analyze.CONTRAST)
    fig, every = style.figure(1, 2, size=(4.8, 3.8), sharey=True)
    levels = analyze.LEVELS
    for axes, dataset in zip(every, panels, strict=True):
        lines, looks = {}, {}
        for name in CALIBRATED:
            for protocol in PROTOCOLS:
                rates = data.of("thresholds", "refusal_rate", protocol)
                keys = [(analyze.at_threshold(name, t), dataset) for t in levels]
                numbers = _numbers(rates, keys)
                label = name if protocol == "corrected" else f"{name}, softmax at T = 2"
                lines[label], looks[label] = tuple(numbers.T), LOOKS[name]
        dashed = [label for label in lines if label.endswith("T = 2")]
        charts.lines_with_band(
            axes,
            np.array(levels),
            lines,
            looks=looks,
            dashed=dashed,
            labels=("threshold t", "refused (%)"),
        )
        axes.set(title=data.own(dataset), ylim=(-3, 103))
        axes.label_outer()
    charts.shared_legend(fig, columns=2)
    return fig


CAPTIONS = {
    "roc": (
        "Refused of the requests that should be refused against refused of the contrast requests, "
        "as the threshold on the likeliest refusal token falls (lines: mean of the seeds, bands: "
        "their range; dashed: without contrast data). Markers on or near a line: what a model does "
        "by itself, judged on its words. Star: refusing everything."
    ),
    "control": (
        "Refusals in words (%) by category of the request, with the token of one category "
        "suppressed at a time. A model that is controlled category by category has low numbers on "
        "the diagonal alone."
    ),
    "forced": (
        "Refusals in words after a forced first token, with 95 % intervals. What is refused after "
        "[respond] shows how far the token alone decides; with five category tokens, [refuse] "
        "stands for the likeliest of them."
    ),
    "contrast": (
        "Refusals in words of requests that should be answered, with 95 % intervals: contrast "
        "requests look like those to refuse."
    ),
    "f1": (
        "F1 of refusing, by the words of the replies, with 95 % intervals; dashed: F1 of refusing "
        "everything, which is high as more requests should be refused than answered."
    ),
    "thresholds": (
        "Refusals in words at five thresholds on the probability of the likeliest refusal token, "
        "with 95 % intervals; dashed: probabilities at the softmax temperature that the released "
        "script ends up with."
    ),
}
FIGURES: dict[str, Callable[[Data], Figure | None]] = {
    function.__name__: function for function in (roc, control, forced, contrast, f1, thresholds)
}


def draw_all(data: Data, folder) -> list[str]:
    """Write every figure into `folder`, in its place; gives their names."""
    paper = data.stand_ins.models
    model = data.model
    named = f"{model}, a stand-in for {paper[model]}" if model in paper else model
    subject = f"Refusal Tokens, scale {data.scale}: {named}"
    drawings = {
        name: Drawing(partial(function, data), subject, CAPTIONS[name])
        for name, function in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def _bars(
    data: Data,
    rates: pd.DataFrame,
    series: Sequence[str],
    datasets: Sequence[str],
    looks: Sequence[str],
) -> Figure:
    numbers = np.array([_numbers(rates, [(name, d) for d in datasets]) for name in series])
    fig, (axes,) = style.figure(size=(9.0, 4.0))
    charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=[data.own(name) for name in datasets],
        series=series,
        colours=[LOOKS[name].colour for name in looks],
        hatched=["[refuse]" in name or name.endswith("no contrast") for name in series],
        label="Refused (%)",
    )
    charts.shared_legend(fig, columns=3)
    return fig


def _curve(group: Group, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates of one seed over all thresholds."""
    columns = group.of_seed(seed)
    scores = (np.asarray(columns[name], dtype=float) for name in ("refuse", "chance"))
    return roc_curve(*scores, np.ones(len(group.ids)))[:2]


def _numbers(rates: pd.DataFrame, keys: Sequence[tuple[str, str]]) -> np.ndarray:
    """Value, lower and upper end (keys, 3) of cells; NaN where there is none."""
    return rates.reindex(keys).to_numpy(float)


def main() -> None:
    arguments = figures_parser("refusal_tokens").parse_args()
    settings = load_settings("refusal_tokens", arguments.scale, arguments.model)
    data = Data(
        scale=arguments.scale,
        stand_ins=settings.stand_ins,
        cells=read_cells(arguments.results / "cells.csv"),
        groups=analyze.groups(arguments.results / "scores", settings),
    )
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
