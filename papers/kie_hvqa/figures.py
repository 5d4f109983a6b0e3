"""The figures of KIE-HVQA. The paper's show examples only; `table1` is its main table, the others
are ours.
"""

import io
from itertools import chain, product, zip_longest

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from papers.kie_hvqa import analyze
from papers.kie_hvqa.notation import parse_answer, parse_tags
from papers.kie_hvqa.settings import ENGINE, SUBSET_NAMES
from shared.comparison.scores import read_scores
from shared.data.degradation import HIDDEN_FROM, KINDS, READ_TO
from shared.plots import charts, curves, style
from shared.plots.figure import figure
from shared.plots.results import Results, bars

METRIC_NAMES = {
    "clear": "Clear characters",
    "not_clear": "Not clear enough",
    "final": "Final text",
    "avg": "Mean of the three",
}
COLOURS = {  # of the methods, in the order of drawing
    "OCR engine": "#9A9A9A",
    "Zero-shot": "#E69F00",
    "SFT": "#56B4E9",
    "SFT+RL": "#0072B2",
    "SFT+RL (Eq. 3)": "#009E73",
    "SFT+RL (only clear)": "#CC79A7",
    "SFT+RL (only final)": "#D55E00",
}
PART_COLOURS = {
    "reward": style.INK,
    "clear": "#0072B2",
    "not_clear": "#E69F00",
    "final": "#009E73",
    "format": "#9A9A9A",
}
BY = ("model", "method", "dataset")
EXAMPLES = 4  # of each subset
CLASS_COLOURS = {"clear": style.INK, "partly": "#D55E00", "hidden": "#9A9A9A"}
WINDOW = 5  # steps that a curve is averaged over


@figure(
    "Similarity (as eval.py computes it) of what was listed as clear, as not clear enough, and "
    "of the final text, with 95 % intervals. The OCR engine knows no classes: all it reads "
    "counts as clear."
)
def table1(results: Results) -> Figure:
    """Similarities by subset, a panel a metric."""
    fig, panels = style.figure(2, 2, size=(6.2, 3.0))
    for axes, (metric, name) in zip(panels, METRIC_NAMES.items(), strict=True):
        cells, printed = (
            _labelled(results, of("table1", metric, by=BY)) for of in (results.of, results.printed)
        )
        series = _series(results, cells)
        groups = list(cells.index.unique("dataset"))
        bars(axes, cells, series, groups, "Similarity (%)", printed)
        axes.set_title(name)
    charts.shared_legend(fig, columns=min(len(series) + 1, 5))
    return fig


@figure(
    "Not in the paper: share of hidden characters for which something was written, and of "
    "clear characters left out, with 95 % intervals; lower is better."
)
def rates(results: Results) -> Figure | None:
    """Hidden characters that were made up and clear ones that were left out, by method."""
    names = {
        "hallucination": "hidden characters made up",
        "clear_refused": "clear characters left out",
    }
    found = {
        name: _labelled(results, results.of("rates", metric, by=BY))
        for metric, name in names.items()
    }
    cells = pd.concat(found).xs(results.settings.everything, level="dataset").swaplevel()
    if cells["value"].isna().all():  # the authors' rows don't say what each character is
        return None
    fig, (axes,) = style.figure(size=(8.0, 3.6))
    bars(axes, cells, _series(results, cells), list(names.values()), "Share (%)")
    charts.shared_legend(fig, columns=4)
    return fig


@figure(
    "Mean reward of the sampled replies and its weighted parts over the steps of GRPO, and over "
    "seeds, whose range is the band. Every reward is 1.1 for a perfect reply.",
    each_model=True,
)
def rewards(results: Results) -> Figure | None:
    """The reward and its parts over the steps of GRPO, a panel a reward."""
    settings = results.settings
    methods = {name: each.method for name, each in settings.variants.items() if each.reward}
    if not methods:
        return None
    fig, panels = style.figure(1, len(methods), size=(3.6, 3.2), sharey=True)
    for axes, (variant, method) in zip(panels, methods.items(), strict=True):
        runs = [results.record(f"train-{variant}-s{seed}")["curve"] for seed in settings.seeds]
        labels = {part: name.lower() for part, name in METRIC_NAMES.items()}
        curves.rewards(axes, runs, colours=PART_COLOURS, labels=labels, window=WINDOW)
        axes.set_title(method)
    panels[0].set_ylabel(f"reward (mean of {WINDOW} steps)")
    charts.shared_legend(fig, columns=5)
    return fig


@figure(
    "The first test rows of each subset. Truth: black is clear, orange partly occluded, grey "
    "hidden, which should be left out; ␣ is a space in the final text, for a refusal.",
    each_model=True,
    reads_data=True,
)
def examples(results: Results) -> Figure | None:
    """Some degraded pictures, what could be read, and the final texts that were written."""
    tested = pd.read_parquet(results.folder / "data" / "test.parquet")
    if not tested["tags"].any():  # the authors' rows don't say what each character is
        return None
    subsets = [tested[tested["subset"] == subset] for subset in SUBSET_NAMES]
    columns = [rows.head(EXAMPLES).to_dict("records") for rows in subsets]
    settings = results.settings
    shown = {
        variant.method: results.scores(f"{name}-s{settings.seeds[0]}").set_index("id")["reply"]
        for name, variant in settings.variants.items()
        if variant.method in analyze.METHODS[:3]
    }
    fig, panels = style.figure(EXAMPLES, len(SUBSET_NAMES), size=(3.3, 1.6 + 0.12 * len(shown)))
    for axes in panels:
        axes.axis("off")
    for axes, row in zip(panels, chain(*zip_longest(*columns)), strict=False):
        if row:
            _example(axes, row, {method: found[row["id"]] for method, found in shown.items()})
    for axes, subset in zip(panels, SUBSET_NAMES.values(), strict=False):
        axes.set_title(subset)
    return fig


@figure(
    "Not in the paper: how much of each degradation an OCR engine stands. Left of the grey band "
    "characters count as partly occluded, right of it as hidden; in it nothing is drawn.",
    subject=f"{ENGINE} on the test lines",
)
def legibility(results: Results) -> Figure | None:
    """Share of characters that the OCR engine reads, by how strongly they were degraded."""
    if results.settings.reads != "lines":
        return None
    characters = read_scores(results.folder / "scores" / "legibility.parquet")
    clear = characters.loc[characters["kind"] == "", "read"].mean()
    bins = np.linspace(0, 1, 11)
    fig, (axes,) = style.figure(size=(6.0, 3.8))
    for kind, (colour, marker) in style.looks(KINDS).items():
        own = characters[characters["kind"] == kind]
        of_bin = pd.cut(own["strength"], bins, right=False)  # 0.2 and 0.6 begin a class
        at = own.groupby(of_bin, observed=True)[["strength", "read"]].mean()
        look = {"marker": marker, "color": colour, "label": results.words(kind)}
        axes.plot(at["strength"], 100 * at["read"], **look)
    axes.axhline(100 * clear, color=style.INK, lw=1, ls=":", label="not degraded")
    axes.axvspan(READ_TO, HIDDEN_FROM, color=style.FAINT, lw=0, zorder=0)
    axes.set(xlim=(0, 1), ylim=(-2, 102), xlabel="strength", ylabel="read by RapidOCR (%)")
    charts.shared_legend(fig, columns=3)
    return fig


def _labelled(results: Results, cells: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Cells that are indexed by `BY`, by (method, dataset); of several models each method is named
    with its model."""
    labels = [(_label(results, *key[:2]), key[2]) for key in cells.index]
    return cells.set_axis(pd.MultiIndex.from_tuples(labels, names=["method", "dataset"]))


def _label(results: Results, model: str, method: str) -> str:
    several = len(results.models) > 1 and model in results.models
    return f"{model}, {method}" if several else method


def _series(results: Results, cells: pd.DataFrame) -> dict[str, str]:
    """Label → colour, in the order of drawing. Of several models that are asked as they are, each
    has a colour of its own."""
    looks = style.looks(results.models)
    found = {}
    for method, model in product(COLOURS, [*results.models, ENGINE]):
        own = len(results.models) > 1 and method == analyze.BASE and model in looks
        colour = looks[model].colour if own else COLOURS[method]
        found.setdefault(_label(results, model, method), colour)
    return {label: colour for label, colour in found.items() if label in cells.index.unique(0)}


def _example(axes: Axes, row: dict, replies: dict[str, str]) -> None:
    """A picture; below it its true characters, coloured by class, and each final text."""
    axes.imshow(Image.open(io.BytesIO(row["image"])), cmap="gray", vmin=0, vmax=255)
    axes.set_anchor("N")
    below = {"transform": axes.transAxes, "fontfamily": "DejaVu Sans Mono", "fontsize": 9}
    below["va"] = "top"
    axes.text(0, -0.05, "truth", **below)
    for place, character in enumerate(parse_tags(row["tags"])):
        colour = CLASS_COLOURS[character.legibility]
        axes.text(0.32 + 0.035 * place, -0.05, character.text, color=colour, **below)
    for line, (method, reply) in enumerate(replies.items(), start=1):
        answer = parse_answer(reply)
        text = answer.final.replace(" ", "␣") if answer else "(no answer)"
        axes.text(0, -0.05 - 0.2 * line, method, **below)
        axes.text(0.32, -0.05 - 0.2 * line, text, **below)
