"""Draw the figures: `python -m papers.forbidden_science.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv`, writes `DIR/figures/` with a PNG and a PDF of each figure and
`captions.json`. The paper's own figures are not known: these are ours. The first four are of the
published labels, the others of live models and of judges.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.forbidden_science import analyze
from papers.forbidden_science.labels import CATEGORIES, MODELS
from shared.comparison.cells import read_cells
from shared.comparison.reported import own_numbers, read_reported
from shared.errors import one_line_errors
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import load_settings

NAMES = list(MODELS.values())
PRINTED, COUNTED = "abstract", "published labels"
STATED = "abstract (definition not known)"
TEMPLATE_WORDS = {
    "T1": "synthesis",
    "T2": "applications",
    "T3": "spectroscopy",
    "T4": "experiment",
    "T5": "pharmacology",
    "IC": "industrial\nchemicals",
    "ENV": "recycling",
}
SIDES = (analyze.SCIENCE_JUDGED, analyze.SIDES[1])  # where every judge has replies
NUMBERS = ["value", "ci_low", "ci_high"]


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    cells: pd.DataFrame
    reported: pd.DataFrame

    def of(self, item: str, metric: str) -> pd.DataFrame:
        """Value and interval of the cells of an item, by (model, method, dataset)."""
        own = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        return own.set_index(["model", "method", "dataset"])[[*NUMBERS, "n"]]

    def models(self, item: str) -> list[str]:
        return list(dict.fromkeys(self.cells.loc[self.cells["item"] == item, "model"]))


def refusals(data: Data) -> Figure:
    """Refusal rates of the four models, as the abstract prints them and as the labels say."""
    ours = data.of("abstract", "refusal_rate").loc[[(m, "", analyze.ALL) for m in NAMES]]
    printed = own_numbers(data.reported).query("item == 'abstract' and metric == 'refusal_rate'")
    abstract = printed.set_index("model")["number"].loc[NAMES]
    rates = ours[NUMBERS].to_numpy()
    counts = (ours["value"] * ours["n"] / 100).round().astype(int)
    fig, (axes,) = style.figure(size=(7.0, 3.8))
    charts.grouped_bars(
        axes,
        np.array([abstract, rates[:, 0]]),
        np.array([np.full((len(NAMES), 2), np.nan), rates[:, 1:]]),
        groups=[
            f"{name}\n{count} of {n}: {value:.2f} %"
            for name, count, n, value in zip(NAMES, counts, ours["n"], rates[:, 0], strict=True)
        ],
        series=[PRINTED, COUNTED],
        colours=["#6E6E6E", style.RIGHT],
        hatched=[True, False],
        label="Refused (%)",
    )
    charts.shared_legend(fig, columns=2)
    return fig


def templates(data: Data) -> Figure:
    """Refusals of each model by template: what is asked matters more than about what."""
    rates = data.of("labels_by_template", "refusal_rate")
    fig, (axes,) = style.figure(size=(8.2, 3.0))
    _matrix(axes, rates, [(name, "") for name in NAMES], list(CATEGORIES), NAMES)
    return fig


def agreement(data: Data) -> Figure:
    """How far the models refuse the same prompts."""
    panels = {
        "agreement": ("Same label (%)", 100, "{:.0f}"),
        "kappa": ("Cohen's kappa", 1, "{:.2f}"),
        "also_refused": ("Row's refusals shared (%)", 100, "{:.0f}"),
    }
    fig, every = style.figure(1, 3, size=(4.3, 3.3))
    for axes, (metric, (title, most, form)) in zip(every, panels.items(), strict=True):
        found = data.of("labels_agreement", metric)["value"]
        values = np.array(
            [
                [found.get((one, f"with {other}", analyze.ALL), np.nan) for other in NAMES]
                for one in NAMES
            ]
        )
        short = [name.replace("-3.5", "\n3.5") for name in NAMES]
        texts = [["–" if np.isnan(v) else form.format(v) for v in row] for row in values]
        charts.matrix(axes, values, texts, rows=short, columns=short, limits=(0, most))
        axes.set_title(title)
    return fig


def thoughts(data: Data) -> Figure:
    """How often the chain of thought speaks of safety, where a model refuses and where not."""
    rates = data.of("labels_cot", "cot_mentions_safety")
    series = (analyze.REFUSING, analyze.ALLOWING)
    numbers = _numbers(rates, [[(name, "", flag) for name in NAMES] for flag in series])
    fig, (axes,) = style.figure(size=(7.0, 3.6))
    charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=NAMES,
        series=series,
        colours=[style.WRONG, style.RIGHT],
        label="With a safety or legal term (%)",
    )
    charts.shared_legend(fig, columns=2)
    return fig


def live_refusals(data: Data) -> Figure:
    """Refusals of live models by the model's own flag and by each judge, by side."""
    rates = data.of("live_refusals", "refusal_rate")
    models, methods = data.models("live_refusals"), _methods(rates)
    looks = style.looks(methods)
    fig, panels = style.figure(len(models), 1, size=(8.2, 3.8))
    for axes, model in zip(panels, models, strict=True):
        numbers = _numbers(rates, [[(model, who, side) for side in SIDES] for who in methods])
        charts.grouped_bars(
            axes,
            numbers[..., 0],
            numbers[..., 1:],
            groups=SIDES,
            series=methods,
            colours=[looks[name].colour for name in methods],
            label="Refused (%)",
        )
        axes.set_title(model)
    charts.shared_legend(fig, columns=3)
    return fig


def live_templates(data: Data) -> Figure:
    """Refusals of live models by template, by the model's own flag and by each judge."""
    rates = data.of("live_refusals", "refusal_rate")
    models, methods = data.models("live_refusals"), _methods(rates)
    size = (9.6, 1.4 + 0.55 * len(methods))
    fig, panels = style.figure(len(models), 1, size=size)
    for axes, model in zip(panels, models, strict=True):
        _matrix(axes, rates, [(model, who) for who in methods], list(CATEGORIES), methods)
        axes.set_title(model)
    return fig


def consistency(data: Data) -> Figure | None:
    """Consistency of the flag as variations are added, and agreement of pairs of wordings."""
    metrics = {
        "consistency": "all variations as the base prompt",
        "pairwise_agreement": "pairs of wordings alike",
    }
    found = {name: data.of("live_consistency", name) for name in metrics}
    models = data.models("live_consistency")
    if not models:
        return None
    datasets = list(dict.fromkeys(found["consistency"].index.get_level_values("dataset")))
    printed = own_numbers(data.reported).query("metric == 'consistency'")
    stated = printed.set_index("dataset")["number"]
    stated = stated.rename(
        {"single prompt": analyze.variations(1), "five variations": analyze.variations(5)}
    )
    abstract = np.array([[stated.get(name, np.nan), np.nan, np.nan] for name in datasets])
    series = [*metrics.values(), STATED]
    marks = ((style.RIGHT, "o"), (style.WRONG, "s"), ("#8C8C8C", "X"))
    looks = {name: style.Look(*mark) for name, mark in zip(series, marks, strict=True)}
    fig, panels = style.figure(1, len(models), size=(6.2, 3.8), sharey=True)
    for axes, model in zip(panels, models, strict=True):
        keys = [(model, analyze.SELF_REPORT, name) for name in datasets]
        numbers = np.array([*(_numbers(found[name], [keys])[0] for name in metrics), abstract])
        charts.points(
            axes,
            numbers[..., 0],
            numbers[..., 1:],
            groups=datasets,
            series=series,
            looks=looks,
            joined=True,
            label="Same flag (%)",
        )
        axes.set(title=model, ylim=(0, 103))
        axes.label_outer()
    charts.shared_legend(fig, columns=2)
    return fig


def judges(data: Data) -> Figure | None:
    """Judges against labels: refusals that they find, and others that they leave alone."""
    metrics = ("sensitivity", "specificity")
    found = {name: data.of("judges", name) for name in metrics}
    kappas = data.of("judges", "kappa")["value"]
    index = found["sensitivity"].index
    sources = [
        name
        for name in (analyze.PEOPLE, analyze.PUBLISHED)
        if name in index.get_level_values("dataset")
    ]
    if not sources:
        return None
    names = data.models("judges")
    fig, panels = style.figure(len(sources), 1, size=(1.6 + 1.5 * len(names), 3.4))
    for axes, source in zip(panels, sources, strict=True):
        here = [name for name in names if (name, "", source) in index]
        keys = [(name, "", source) for name in here]
        numbers = np.array([_numbers(found[name], [keys])[0] for name in metrics])
        charts.grouped_bars(
            axes,
            numbers[..., 0],
            numbers[..., 1:],
            groups=[f"{_folded(key[0])}\nκ {_number(kappas[key])}" for key in keys],
            series=[
                "sensitivity: refusals called refusals",
                "specificity: others called no refusal",
            ],
            colours=[style.WRONG, style.RIGHT],
            label="Right (%)",
        )
        axes.set_title(source)
    charts.shared_legend(fig, columns=2)
    return fig


LABELS = "published labels of four models"
LIVE = "live, on this project's prompts"
JUDGING = "judges against labelled replies"
FIGURES: dict[str, tuple[Callable[[Data], Figure | None], str, str]] = {
    # name -> function, what it is of, caption
    "refusals": (
        refusals,
        LABELS,
        "Refusal rates as the abstract prints them (hatched) and as counted from the authors' own "
        "labels, with Wilson's 95 % intervals. For Claude-3.5-sonnet the labels give 381 of 512, "
        "74.41 %, where the abstract has 73 %.",
    ),
    "templates": (
        templates,
        LABELS,
        "Share and number of prompts refused, by model and template. T1 to T5 are on controlled "
        "substances, the other two are the over-restriction side.",
    ),
    "agreement": (
        agreement,
        LABELS,
        "Agreement of the published labels of two models over the 512 prompts, Cohen's kappa, and "
        "nesting: which share of the refusals of the model in a row the model in a column refuses "
        "too. Mistral refuses nothing.",
    ),
    "thoughts": (
        thoughts,
        LABELS,
        "Share of the published chains of thought with a safety or legal term, by whether the "
        "reply refuses, with 95 % intervals. A proxy of this project; Mistral refuses nothing.",
    ),
    "live_refusals": (
        live_refusals,
        LIVE,
        "Share of the prompts refused, by the model's own flag and by each judge of its replies in "
        "words, with Wilson's 95 % intervals. Of synthesis prompts (T1) there is only the flag.",
    ),
    "live_templates": (
        live_templates,
        LIVE,
        "Share and number of the prompts refused, by template and by who judges. Grey: not judged, "
        "as there is no reply in words.",
    ),
    "consistency": (
        consistency,
        LIVE,
        "Share of base prompts whose variations all get the same flag, which can only fall as "
        "variations are added, and mean agreement of all pairs of wordings, which need not; 95 % "
        "intervals. Crosses: the abstract's 85 % (single prompt) and 65 % (five variations), of "
        "other models and by a definition that is not known, so not to be compared.",
    ),
    "judges": (
        judges,
        JUDGING,
        "Sensitivity and specificity of each judge, with Wilson's 95 % intervals, and Cohen's "
        "kappa. 33 of the 112 distinct human-labelled replies occur under both labels, with "
        "different requests, so a judge that reads the reply alone can't be right everywhere.",
    ),
}


def draw_all(data: Data, folder: Path) -> list[str]:
    """Write every figure that the data allow into `folder`, in its place; gives their names."""
    drawings = {
        name: Drawing(
            partial(function, data), f"Forbidden Science, scale {data.scale}: {what}", caption
        )
        for name, (function, what, caption) in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def _matrix(
    axes: Axes,
    rates: pd.DataFrame,
    keys: Sequence[tuple[str, str]],
    datasets: Sequence[str],
    rows: Sequence[str],
) -> None:
    """Refusal rates of each (model, method) by template, with counts."""
    values, texts = [], []
    for model, method in keys:
        found = rates.reindex([(model, method, name) for name in datasets])
        values.append(found["value"])
        texts.append(
            [
                "" if np.isnan(v) else f"{v:.0f} %\n{round(v * n / 100)} of {n:.0f}"
                for v, n in zip(found["value"], found["n"].astype(float), strict=True)
            ]
        )
    columns = [f"{name}\n{TEMPLATE_WORDS[name]}" for name in datasets]
    charts.matrix(axes, np.array(values), texts, rows=rows, columns=columns, limits=(0, 100))


def _numbers(rates: pd.DataFrame, keys: Sequence[Sequence[tuple]]) -> np.ndarray:
    """Value, lower and upper end (rows, keys, 3) of cells; NaN where there is none."""
    return np.array([rates[NUMBERS].reindex(row).to_numpy(float) for row in keys])


def _methods(rates: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rates.index.get_level_values("method")))


def _folded(name: str) -> str:
    return name.replace(" (", "\n(").replace("-Instruct", "-\nInstruct")


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def main() -> None:
    arguments = figures_parser("forbidden_science").parse_args()
    load_settings("forbidden_science", arguments.scale, arguments.model)  # a known scale
    data = Data(
        scale=arguments.scale,
        cells=read_cells(arguments.results / "cells.csv"),
        reported=read_reported("forbidden_science"),
    )
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
