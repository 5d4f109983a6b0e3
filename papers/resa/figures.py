"""The figures of ReSA. Figure 4 is the paper's, the others are ours."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.resa import analyze
from papers.resa.rewards import PARTS
from papers.resa.settings import Variant
from papers.resa.test_sets import (
    ALL_ATTACKS,
    AVERAGES,
    FOUR_ATTACKS,
    HOUSE,
    OVER_REFUSAL,
    PREFILLING,
    UNSEEN,
    size_name,
)
from shared.comparison.reported import own_numbers
from shared.plots import charts, curves, style
from shared.plots.figure import figure
from shared.plots.results import NUMBERS, Results, array, bars, squares

LOOKS = style.looks(analyze.METHODS)
PANELS = {
    "safety": "Safe replies (%)",
    "over_refusal": "Harmless requests answered (%)",
    "reasoning": "Right answers (%)",
}
ATTACKS, BENIGN = (ALL_ATTACKS, "Avg"), (OVER_REFUSAL.ours, OVER_REFUSAL.name)
# Of DSR by attack. Others than the first have more methods, and repeat numbers of it.
TABLES = ("table2", "table4", "table13", "table14", "table17")
NOT_TRAINED = ("DeepInception", *UNSEEN)  # attacks that are in no training data
PREFILLED = ", prefilled"  # behind a method's name
SIZES = ["0.1K", "0.5K", "1K", "5K", "80K"]  # of the paper's Figure 4


def _attacks_caption(results: Results) -> str:
    """Names of the attacks that no training has only those that have a column."""
    drawn = {name.rpartition(", ")[2] for name in _defences(results).index.unique("dataset")}
    unseen = [name for name in NOT_TRAINED if name in drawn]
    *first, last = unseen or [""]
    names = f"{', '.join(first)} and {last}" if first else last
    return (
        "Each square is the share of harmful requests of the house, under one attack, whose reply"
        " is safe."
        + (f" {names} {'are' if first else 'is'} in nobody's training data." if unseen else "")
        + " Prefilled: with a fake check behind the prompt."
    )


@figure(
    _attacks_caption,
    subject="replies to harmful requests that are safe (DSR, %)",
    each_model=True,
)
def attacks(results: Results) -> Figure | None:
    """DSR of every method under every attack, as shaded squares; a row more for a method that was
    also asked with a fake check."""
    found = _defences(results)
    there = found.index.unique("method")
    rows = [row for m in analyze.METHODS for row in (m, m + PREFILLED) if row in there]
    columns = {name: _short(name) for name in found.index.unique("dataset")}
    if not rows:
        return None
    printed = pd.concat([results.printed(table, "dsr") for table in TABLES])
    printed = 100 * _prefilled_apart(printed[~printed.index.duplicated()])
    height = 0.5 if len(printed) else 0.42
    fig, (axes,) = style.figure(size=(0.95 * len(columns) + 2.4, height * len(rows) + 1.3))
    squares(axes, found, rows, columns, printed=printed)
    if len(printed):
        charts.shared_legend(fig, columns=1)
    return fig


@figure(
    "A method that refuses everything would be at the upper left, one that refuses nothing at"
    " the lower right. Dashed: as many safe replies as answered requests.",
    subject="safety against over-refusal",
    each_model=True,
)
def pareto(results: Results) -> Figure | None:
    """Safety against over-refusal: up and to the right is better."""
    safety = _percent(results, "defence_by_judge", "dsr")
    answered = _percent(results, "over_refusal", "over_refusal_accuracy")
    points, intervals = {}, {}
    benign, harmful = _either(answered, *BENIGN), _either(safety, *ATTACKS)
    for method in analyze.METHODS:
        one, other = (method, benign), (method, harmful)
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


@figure(
    "Above ours, below the numbers that the paper prints on its Figure 4, with levels of the"
    " base model and of WJ-SFT. Sizes are not the paper's: they stand in for its own.",
    subject="the size of the training data",
    each_model=True,
)
def figure4(results: Results) -> Figure | None:
    """Safety, over-refusal and reasoning over the size of the training data: ours, the paper's."""
    ours = _sizes(results)
    if len(ours) < 2:
        return None
    printed = own_numbers(results.reported).query("item == 'figure4'")
    fig, every = style.figure(2, 3, size=(3.4, 2.7), sharey="col")
    for column, (metric, label) in enumerate(PANELS.items()):
        found = _percent(results, "figure4", metric)
        upper, lower = every[column], every[3 + column]
        values = array(found, [analyze.RESA], list(ours.values()))
        _curve(upper, list(ours), values[..., 0], values[..., 1:])
        levels = [
            (analyze.BASE, "no data"),
            *((v.method, size_name(v)) for v in _learnt(results, analyze.WJ)),
        ]
        for method, size in levels:
            if (method, size) in found.index:
                _level(upper, found.loc[(method, size), "value"], method)
        own = printed[printed["metric"] == metric].set_index(["method", "dataset"])["number"] * 100
        theirs = own.reindex([(analyze.RESA, size) for size in SIZES]).to_numpy()[None]
        _curve(lower, SIZES, theirs, np.full((*theirs.shape, 2), np.nan))
        _level(lower, own[analyze.BASE, "no data"], analyze.BASE)
        _level(lower, own[analyze.WJ, "262K"], analyze.WJ)
        upper.set(title=label, ylim=(-4, 104))
        several = len(results.analysis.models) > 1
        upper.set_xlabel(f"samples, {results.models[0]}" if several else "samples")
        lower.set_xlabel("samples, paper (Qwen2.5-7B)")
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "The phrase rule decides everywhere else; the other two look for the phrases of published"
    " benchmarks. Each of them also accepts a safe completion.",
    subject="mean DSR by judge",
    each_model=True,
)
def judges(results: Results) -> Figure | None:
    """The mean DSR of every method by each judge of refusal."""
    found = _together(results, "defence_by_judge", analyze.JUDGES, *ATTACKS)
    series = [name for name in analyze.JUDGES.values() if name in found.index.unique(0)]
    rows = [m for m in analyze.METHODS if m in found.index.unique(1)]
    if not rows:
        return None
    numbers = array(found, series, rows)
    fig, (axes,) = style.figure(size=(8.6, 3.6))
    charts.points(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=[_folded(method) for method in rows],
        series=series,
        looks=style.looks(analyze.JUDGES.values()),
        label="Safe replies (%)",
    )
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "On the attacks of the paper's four-attack tables that could be run. A fooled check calls a"
    " plan safe that breaks a rule of the house.",
    subject="inside the check",
    each_model=True,
)
def checks(results: Results) -> Figure | None:
    """What happens inside the check: plans that are harmful, and checks that let them pass."""
    metrics = {
        "well_formed": "well formed",
        "summary_safety": "plan harmless",
        "check_jailbreak_rate": "check fooled",
    }
    found = _together(results, "checks", metrics, FOUR_ATTACKS.ours, FOUR_ATTACKS.name)
    rows = [method for method in analyze.WITH_PLAN if method in found.index.unique(1)]
    if not rows:
        return None
    fig, (axes,) = style.figure(size=(7.6, 3.4))
    folded = {method: _folded(method) for method in rows}
    series = dict(zip(metrics.values(), ["#6E6E6E", style.RIGHT, style.WRONG], strict=True))
    bars(axes, found, series, folded, "Replies to harmful requests (%)")
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "Means over the completions of a step and over seeds, whose range is the band; parts are"
    " weighted as in the paper.",
    subject="the reward of ReSA-RL and its parts",
)
def reward(results: Results) -> Figure | None:
    """The reward of reinforcement and its parts, step by step; a panel for each model."""
    found = [
        (
            model,
            [
                results.record(f"train-{name}-s{seed}", model)["training"]["curve"]
                for seed in variant.seeds
            ],
        )
        for model in results.models
        for name, variant in results.settings_of(model).variants.items()
        if variant.reinforced
    ]
    if not found:
        return None
    fig, every = style.figure(1, len(found), size=(6.0, 3.4))
    colours = {name: look.colour for name, look in style.looks(["reward", *PARTS]).items()}
    for axes, (model, runs) in zip(every, found, strict=True):
        curves.rewards(axes, runs, colours=colours)
        axes.set_ylabel("mean reward")
        axes.set_ylim(bottom=0)
        axes.set_title(results.titled(model))
    charts.shared_legend(fig, columns=5)
    return fig


def _defences(results: Results) -> pd.DataFrame:
    """DSR by (method, attack) in percent, without the averages of the paper's tables."""
    found = _percent(results, "defence_by_judge", "dsr")
    averages = {average.ours for average in AVERAGES} | {average.name for average in AVERAGES}
    return _prefilled_apart(found[~found.index.get_level_values("dataset").isin(averages)])


def _prefilled_apart(cells: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Cells by (method, attack), where a method that was asked with a fake check is a method of its
    own."""
    keys = [
        (method + PREFILLED * dataset.endswith(PREFILLING), dataset.removesuffix(PREFILLING))
        for method, dataset in cells.index
    ]
    return cells.set_axis(pd.MultiIndex.from_tuples(keys, names=["method", "dataset"]))


def _percent(results: Results, item: str, metric: str) -> pd.DataFrame:
    """Value and interval of the cells of an item, by (method, dataset), in percent."""
    scale = 1 if analyze.METRICS[metric].unit == "%" else 100
    return results.of(item, metric)[NUMBERS] * scale


def _together(
    results: Results, item: str, metrics: Mapping[str, str], *datasets: str
) -> pd.DataFrame:
    """Cells of several metrics on the first of the data sets that has any, by (name of the metric,
    method), in percent."""
    parts = {name: _percent(results, item, metric) for metric, name in metrics.items()}
    every = pd.concat(parts)
    here = every[every.index.get_level_values("dataset") == _either(every, *datasets)]
    return here.droplevel("dataset")


def _either(cells: pd.DataFrame, *datasets: str) -> str:
    """The first data set that has cells: an average that is the paper's has the paper's name."""
    there = cells.index.get_level_values("dataset")
    return next((name for name in datasets if name in there), datasets[0])


def _sizes(results: Results) -> dict[str, str]:
    """Label on the axis -> data set, smallest first."""
    sized = sorted(_learnt(results, analyze.RESA), key=lambda v: v.size or math.inf)
    return {v.point or str(v.size or "all"): size_name(v) for v in sized}


def _learnt(results: Results, method: str) -> list[Variant]:
    return [v for v in results.settings.variants.values() if v.method == method]


def _curve(axes: Axes, sizes: Sequence[str], values: np.ndarray, ends: np.ndarray) -> None:
    charts.points(axes, values, ends, groups=sizes, series=[analyze.RESA], looks=LOOKS, joined=True)


def _level(axes: Axes, value: float, method: str) -> None:
    axes.axhline(value, color=LOOKS[method].colour, linestyle=(0, (4, 3)), label=method)


def _short(dataset: str) -> str:
    """A column's label: without the house, and folded."""
    label = dataset.removeprefix(f"{HOUSE}, ")
    return label.replace("Prefix injection", "Prefix\ninjection").replace("Deep", "Deep-\n")


def _folded(name: str) -> str:
    return name.replace(" (", "\n(").replace("-Adaptive", "-\nAdaptive").replace(" A", "\nA")
