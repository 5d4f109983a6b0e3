"""Draw the figures: `python -m papers.kie_hvqa.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv`, `DIR/scores/`, `DIR/runs/` and `DIR/data/`, writes `DIR/figures/` with a PNG
and a PDF of each figure and `captions.json`. The paper's figures show examples only; `table1` is
its main table, the others are ours.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from papers.kie_hvqa import analyze
from papers.kie_hvqa.notation import parse_answer, parse_tags
from papers.kie_hvqa.settings import ALL, ENGINE_METHOD, SUBSET_NAMES, Settings
from shared.comparison.cells import read_cells
from shared.comparison.scores import read_scores
from shared.data.degradation import HIDDEN_FROM, KINDS
from shared.errors import one_line_errors
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import load_settings

METRIC_NAMES = {
    "clear": "Clear characters",
    "not_clear": "Not clear enough",
    "final": "Final text",
    "avg": "Mean of the three",
}
ORDER = [ENGINE_METHOD, *analyze.METHODS]
# a model that reads: as it was, and after its trainings
LOOKS = {
    "OCR engine": style.Look("#9A9A9A", "P"),
    "Zero-shot": style.Look("#E69F00", "^"),
    "SFT": style.Look("#56B4E9", "s"),
    "SFT+RL": style.Look("#0072B2", "o"),
    "SFT+RL (Eq. 3)": style.Look("#009E73", "D"),
    "SFT+RL (only clear)": style.Look("#CC79A7", "<"),
    "SFT+RL (only final)": style.Look("#D55E00", "v"),
}
EXAMPLES = 4  # of each subset
CLASS_COLOURS = {"clear": style.INK, "partly": "#D55E00", "hidden": "#9A9A9A"}
WINDOW = 5  # steps that a curve is averaged over


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    settings: Settings
    cells: pd.DataFrame
    results: Path

    def cells_of(self, item: str, metric: str) -> pd.DataFrame:
        """Value and interval of the cells of an item, by (method, dataset)."""
        own = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        return own.set_index(["method", "dataset"])[["value", "ci_low", "ci_high"]]

    def scores(self, name: str) -> pd.DataFrame:
        return read_scores(self.results / "scores" / f"{name}.parquet")

    @cached_property
    def tested(self) -> pd.DataFrame:
        return pd.read_parquet(self.results / "data" / "test.parquet")

    def curve(self, variant: str) -> pd.DataFrame:
        """Reward and parts by step, of the first seed."""
        path = self.results / "runs" / f"train-{variant}-s{self.settings.seeds[0]}.json"
        return pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["curve"])


def table1(data: Data) -> Figure:
    """Similarities by subset, a panel a metric."""
    first = data.cells_of("table1", "avg")
    methods = [m for m in ORDER if m in first.index.get_level_values("method")]
    datasets = list(dict.fromkeys(first.index.get_level_values("dataset")))
    fig, panels = style.figure(2, 2, size=(6.2, 3.0))
    for axes, (metric, name) in zip(panels, METRIC_NAMES.items(), strict=True):
        cells = data.cells_of("table1", metric)
        rows = cells.reindex(pd.MultiIndex.from_product([methods, datasets]))
        shape = (len(methods), len(datasets))
        charts.grouped_bars(
            axes,
            rows["value"].to_numpy().reshape(shape),
            rows[["ci_low", "ci_high"]].to_numpy().reshape(*shape, 2),
            groups=datasets,
            series=methods,
            colours=[LOOKS[method].colour for method in methods],
            label="Similarity (%)",
        )
        axes.set_title(name)
    charts.shared_legend(fig, columns=len(methods))
    return fig


def rates(data: Data) -> Figure:
    """Hidden characters that were made up and clear ones that were left out, by method."""
    names = {
        "hallucination": "hidden characters made up",
        "clear_refused": "clear characters left out",
    }
    cells = {metric: data.cells_of("rates", metric).xs(ALL, level="dataset") for metric in names}
    methods = [m for m in [*ORDER, *analyze.ABLATIONS[:2]] if m in cells["hallucination"].index]
    rows = np.stack(
        [cells[metric].loc[methods, ["value", "ci_low", "ci_high"]] for metric in names], axis=1
    ).astype(float)
    fig, (axes,) = style.figure(size=(8.0, 3.6))
    charts.grouped_bars(
        axes,
        rows[..., 0],
        rows[..., 1:],
        groups=list(names.values()),
        series=methods,
        colours=[LOOKS[method].colour for method in methods],
        label="Share (%)",
    )
    charts.shared_legend(fig, columns=4)
    return fig


def rewards(data: Data) -> Figure:
    """The reward and its parts over the steps of GRPO, a panel a reward."""
    variants = data.settings.rewards
    fig, panels = style.figure(1, len(variants), size=(3.6, 3.2), sharey=True)
    colours = dict(zip(["reward", *METRIC_NAMES, "format"], COLOURS, strict=False))
    for axes, (variant, reward) in zip(panels, variants.items(), strict=True):
        curve = data.curve(variant).rolling(WINDOW, min_periods=1).mean()
        for part in curve:
            width = 2.2 if part == "reward" else 1.3
            label = METRIC_NAMES.get(part, part).lower()
            axes.plot(curve.index + 1, curve[part], color=colours[part], lw=width, label=label)
        axes.set(title=reward.method, xlabel="step")
    panels[0].set_ylabel(f"reward (mean of {WINDOW} steps)")
    charts.shared_legend(fig, columns=5)
    return fig


COLOURS = (style.INK, "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#9A9A9A")


def examples(data: Data) -> Figure:
    """Some degraded pictures, what could be read, and the final texts that were written."""
    seed = data.settings.seeds[0]
    shown = {
        method: data.scores(f"{variant}-s{seed}").set_index("id")["reply"]
        for variant, method in data.settings.methods.items()
        if method in analyze.METHODS[:3]
    }
    rows = pd.concat(
        data.tested[data.tested["subset"] == subset].head(EXAMPLES) for subset in SUBSET_NAMES
    )
    fig, panels = style.figure(EXAMPLES, len(SUBSET_NAMES), size=(3.3, 1.6 + 0.12 * len(shown)))
    by_column = [rows[rows["subset"] == subset].to_dict("records") for subset in SUBSET_NAMES]
    for place, axes in enumerate(panels):
        row, column = divmod(place, len(by_column))
        axes.axis("off")
        if row < len(by_column[column]):
            example = by_column[column][row]
            _example(axes, example, {m: found[example["id"]] for m, found in shown.items()})
    for axes, subset in zip(panels, SUBSET_NAMES.values(), strict=False):
        axes.set_title(subset)
    return fig


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


def legibility(data: Data) -> Figure | None:
    """Share of characters that the OCR engine reads, by how strongly they were degraded."""
    if data.settings.reads != "lines":
        return None
    characters = data.scores("legibility")
    clear = characters.loc[characters["kind"] == "", "read"].mean()
    bins = np.linspace(0, 1, 11)
    fig, (axes,) = style.figure(size=(6.0, 3.8))
    looks = style.looks(KINDS)
    for kind in KINDS:
        own = characters[characters["kind"] == kind]
        grouped = own.groupby(pd.cut(own["strength"], bins), observed=True)
        strengths, shares = grouped["strength"].mean(), 100 * grouped["read"].mean()
        colour, marker = looks[kind]
        label = kind.replace("_", " ")
        axes.plot(strengths, shares, marker=marker, color=colour, label=label)
    axes.axhline(100 * clear, color=style.INK, lw=1, ls=":", label="not degraded")
    axes.axvline(HIDDEN_FROM, color=style.FAINT, lw=6, zorder=0)
    axes.set(xlim=(0, 1), ylim=(-2, 102), xlabel="strength", ylabel="read by RapidOCR (%)")
    charts.shared_legend(fig, columns=3)
    return fig


CAPTIONS = {
    "table1": (
        "Similarity (as eval.py computes it) of what was listed as clear, as not clear enough, and "
        "of the final text, with 95 % intervals. The OCR engine knows no classes: all it reads "
        "counts as clear."
    ),
    "rates": (
        "Not in the paper: share of hidden characters for which something was written, and of "
        "clear characters left out, with 95 % intervals; lower is better."
    ),
    "rewards": (
        "Mean reward of the sampled replies and its weighted parts over the steps of GRPO. Every "
        "reward is 1.1 for a perfect reply."
    ),
    "examples": (
        "The first test rows of each subset. Truth: black is clear, orange partly occluded, grey "
        "hidden, which should be left out; ␣ is a space in the final text, for a refusal."
    ),
    "legibility": (
        "Not in the paper: whether the rule that decides the classes agrees with a reader that has "
        "no part in it. Left of the grey line characters count as partly occluded, right of it as "
        "hidden."
    ),
}
FIGURES: dict[str, Callable[[Data], Figure | None]] = {
    function.__name__: function for function in (table1, rates, rewards, examples, legibility)
}


def draw_all(data: Data, folder: Path) -> list[str]:
    """Write every figure that the data allow into `folder`, in its place; gives their names."""
    drawings = {
        name: Drawing(partial(function, data), _subject(data), CAPTIONS[name])
        for name, function in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def _subject(data: Data) -> str:
    paper = data.settings.stand_ins.models.get(data.settings.name)
    stands = f", stand-in for {paper}" if paper else ""
    return f"{data.settings.name}{stands}; scale {data.scale}"


def main() -> None:
    arguments = figures_parser("kie_hvqa").parse_args()
    data = Data(
        scale=arguments.scale,
        settings=load_settings("kie_hvqa", arguments.scale, arguments.model),
        cells=read_cells(arguments.results / "cells.csv"),
        results=arguments.results,
    )
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
