"""Draw the figures: `python -m papers.safe_eraser.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv`, `DIR/scores/` and the pictures of `DIR/data/`, writes `DIR/figures/` with a
PNG and a PDF of each figure and `captions.json`. The body of the paper could not be read: the
figures are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from papers.safe_eraser import analyze, benchmark
from papers.safe_eraser.settings import BASES, PD, Settings
from shared.comparison.cells import read_cells
from shared.data.pictures import open_picture
from shared.errors import one_line_errors
from shared.models.spec import display_name
from shared.plots import charts, drawing, pictures, style
from shared.plots.drawing import Drawing, figures_parser
from shared.settings import load_settings

NUMBERS = ["value", "ci_low", "ci_high"]
OVERVIEW = {  # (metric, data set) -> its heading, and whether less is better
    ("asr", "Efficacy"): ("ASR\nefficacy", True),
    ("asr", "Generality"): ("ASR\ngenerality", True),
    ("rr", "Efficacy"): ("RR\nefficacy", False),
    ("rr", "Generality"): ("RR\ngenerality", False),
    ("rouge", "Retain"): ("ROUGE-L\nretain", False),
    ("utility", "Retain"): ("correct\nretain", False),
    ("specificity", "Specificity"): ("correct\nspecificity", False),
    ("sarr", "Decoupled"): ("SARR", True),
}
SHOWN = ("Vanilla", "GD", "GD+PD", "PO", "PO+PD")
# A method and the same with PD share a look; without PD it is dashed.
LOOKS = {
    f"{name}{end}": look
    for name, look in {
        "GA": style.Look("#D55E00", "v"),
        "GD": style.Look("#E69F00", "^"),
        "KL": style.Look("#009E73", "D"),
        "PO": style.Look("#0072B2", "o"),
    }.items()
    for end in ("", PD)
}
GOOD, BAD, REFUSED = style.RIGHT, style.WRONG, "#882255"


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    settings: Settings
    cells: pd.DataFrame
    runs: dict[tuple[str, str], analyze.Frames]
    rows: list[dict]

    @property
    def protocols(self) -> list[str]:
        return list(dict.fromkeys(protocol for protocol, _ in self.runs))

    def methods(self, protocol: str) -> list[str]:
        own = {method for at, method in self.runs if at == protocol}
        return [method for method in analyze.ALL if method in own]

    def of(self, metric: str, dataset: str) -> pd.DataFrame:
        """Cells of table 1 by (protocol, method)."""
        own = self.cells[(self.cells["item"] == "table1") & (self.cells["metric"] == metric)]
        own = own[own["dataset"] == self.settings.dataset(dataset)]
        return own.set_index(["protocol", "method"])[NUMBERS]


def overview(data: Data) -> Figure:
    """The main table as a picture, a panel a protocol."""
    heights = [0.34 * len(data.methods(p)) + 1.0 for p in data.protocols]
    fig, panels = style.figure(
        len(data.protocols),
        1,
        size=(8.6, sum(heights) / len(heights)),
        gridspec_kw={"height_ratios": heights},
    )
    found = {key: data.of(*key)["value"] for key in OVERVIEW}
    for axes, protocol in zip(panels, data.protocols, strict=True):
        methods = data.methods(protocol)
        values = np.array(
            [[found[key].get((protocol, m), np.nan) for key in OVERVIEW] for m in methods]
        )
        texts = [["–" if np.isnan(v) else f"{v:.1f}" for v in row] for row in values]
        less = np.array([less for _, less in OVERVIEW.values()])
        charts.matrix(
            axes,
            np.where(less, 100 - values, values),
            texts,
            rows=methods,
            columns=[title for title, _ in OVERVIEW.values()],
            limits=(0, 100),
        )
        axes.set_title(f"{protocol} weights")
    return fig


def sarr(data: Data) -> Figure:
    """How many benign questions get no normal answer, with and without PD."""
    cells = data.of("sarr", "Decoupled")
    kinds = [(protocol, end) for protocol in data.protocols for end in ("", PD)]
    bars = [
        [
            cells.loc[(p, m + end)] if (p, m + end) in cells.index else [np.nan] * 3
            for m in BASES.values()
        ]
        for p, end in kinds
    ]
    numbers = np.array(bars, dtype=float)
    fig, (axes,) = style.figure(size=(7.2, 3.8))
    charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=list(BASES.values()),
        series=[f"{'with PD' if end else 'without PD'}, {protocol}" for protocol, end in kinds],
        colours=[style.RIGHT if end else style.WRONG for _, end in kinds],
        hatched=[protocol == "corrected" for protocol, _ in kinds],
        label="SARR (%)",
    )
    vanilla = cells.loc[(data.protocols[0], "Vanilla"), "value"]
    axes.axhline(vanilla, color=style.INK, linewidth=1, linestyle=(0, (4, 3)), label="Vanilla")
    charts.shared_legend(fig, columns=3)
    return fig


def course(data: Data) -> Figure | None:
    """What a training does, from vanilla on: forget quality against what is kept."""
    if data.settings.snapshots < 2:
        return None
    kept = {
        "correct on retain questions (%)": ("retain", "correct"),
        "normal answers on benign pictures (%)": ("decouple", "normal"),
    }
    fig, panels = style.figure(len(data.protocols), 2, size=(4.4, 3.9))
    for place, axes in enumerate(panels):
        protocol, (label, (kind, column)) = (
            data.protocols[place // 2],
            list(kept.items())[place % 2],
        )
        lines = {}
        start = _measured(data.runs[protocol, "Vanilla"][0], data.settings.probe)
        for method in data.methods(protocol)[1:]:
            frame = data.runs[protocol, method][min(data.runs[protocol, method])]
            steps = [start] + [
                _measured(part, data.settings.probe) for _, part in frame.groupby("progress")
            ]
            lines[method] = (
                np.array([100 - step["forget", "unsafe"] for step in steps]),
                np.array([step[kind, column] for step in steps]),
            )
        charts.paths(
            axes,
            lines,
            looks=LOOKS,
            dashed=[name for name in lines if not name.endswith(PD)],
            labels=("forbidden pictures without harmful answer (%)", label),
        )
        axes.set_title(f"{protocol} weights")
    charts.shared_legend(fig, columns=4)
    return fig


def _measured(frame: pd.DataFrame, probe: int) -> dict[tuple[str, str], float]:
    """Rates in percent on the questions that every snapshot answers, by set and column."""
    unseen = frame[frame["id"].str.startswith("val/")]
    first = unseen.groupby("dataset", observed=True, sort=False).head(probe)
    return {
        (kind, column): 100 * part[column].astype(float).mean()
        for kind, part in first.groupby("set", observed=True)
        for column in ("unsafe", "correct", "normal")
    }


def examples(data: Data) -> Figure | None:
    """The same request on a forbidden and on a benign picture, before and after unlearning."""
    protocol = data.protocols[0]
    methods = [name for name in SHOWN if (protocol, name) in data.runs]
    if not data.settings.generated:
        return None
    said = {name: analyze.ended(data.runs[protocol, name])[0].set_index("id") for name in methods}
    rows = {row["id"]: row for row in data.rows if row["split"] == "val"}
    wanted = [
        row["id"] for row in rows.values() if row["set"] == "forget" and row["id"].endswith("0")
    ][:2]
    wanted = [name for one in wanted for name in (one, one.replace("/forget", "/decouple"))]
    wanted += [row["id"] for row in rows.values() if row["level"] == "image"][:1]
    return pictures.answers(
        [np.asarray(open_picture(rows[name]["picture"])) for name in wanted],
        [rows[name]["question"] for name in wanted],
        [
            [(said[m].loc[name, "output"], _colour(said[m].loc[name])) for m in methods]
            for name in wanted
        ],
        columns=methods,
    )


def _colour(score: pd.Series) -> str:
    if score["refused"]:
        return REFUSED
    return GOOD if score["correct"] and not score["unsafe"] else BAD


CAPTIONS = {
    "overview": (
        "The main table: attack success rate (ASR) and refusal rate (RR) on forbidden pictures "
        "that were trained on (efficacy) and on others (generality), what is kept, and the safe "
        "answer refusal rate (SARR) on benign pictures. Darker is better."
    ),
    "sarr": (
        "Safe answer refusal rate: of requests on benign pictures, the share without a normal "
        "answer (a refusal, gibberish, or the forbidden answer), with 95 % intervals. Dashed: "
        "vanilla. Hatched: equal weights of all terms."
    ),
    "course": (
        "The trainings, from vanilla (left) through snapshots at equal distances to their end "
        "(large marker): requests on unseen forbidden pictures without the harmful answer, against "
        "right answers to harmless questions on forbidden pictures (left) and normal answers to "
        "the same requests on benign pictures (right). Dashed and open: without PD."
    ),
    "examples": (
        "The same request on a forbidden picture and on a benign one, and a harmless question, "
        "before and after unlearning. Blue: right; purple: refused; red: the harmful answer, or "
        "wrong. The first questions of the held-out set, not chosen."
    ),
}
FIGURES: dict[str, Callable[[Data], Figure | None]] = {
    function.__name__: function for function in (overview, sarr, course, examples)
}


def draw_all(data: Data, folder: Path) -> list[str]:
    model = display_name(data.settings.model)
    stands_for = data.settings.stand_ins.models.get(model)
    named = f"{model}, a stand-in for {stands_for}" if stands_for else model
    subject = f"SafeEraser, scale {data.scale}: {named}"
    drawings = {
        name: Drawing(partial(function, data), subject, CAPTIONS[name])
        for name, function in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def main() -> None:
    arguments = figures_parser("safe_eraser").parse_args()
    settings: Settings = load_settings("safe_eraser", arguments.scale, arguments.model)
    data = Data(
        scale=arguments.scale,
        settings=settings,
        cells=read_cells(arguments.results / "cells.csv"),
        runs=analyze.runs(arguments.results / "scores", settings),
        rows=benchmark.rows(settings, arguments.results / "data"),
    )
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
