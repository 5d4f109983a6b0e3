"""Draw the figures: `python -m papers.roleref.figures --scale cpu --results DIR`.

Reads `DIR/cells.csv` and `DIR/scores/`, writes `DIR/figures/` with a PNG and a PDF of each figure
and `captions.json`. figure2, figure3 and figure10 are named after the paper's; the others have no
number there, or are ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from papers.roleref.analyze import BASE, CONFLICT, METHODS, PARTS, PROSE, at_layer
from papers.roleref.settings import ALL_TYPES, METHOD_NAMES, TRAINING_SETS, TYPES, Settings
from shared.comparison.cells import read_cells
from shared.comparison.reported import read_reported
from shared.comparison.scores import read_scores
from shared.errors import one_line_errors
from shared.plots import charts, drawing, style
from shared.plots.drawing import Drawing, figures_parser
from shared.plots.style import Look
from shared.settings import load_settings

NUMBERS = ["value", "ci_low", "ci_high"]
PROTOCOLS = {"corrected": "linear, cross-validated", "official": "as coded"}
TYPE_LOOKS = {
    "answerable": Look("#0072B2", "o"),
    "out_series": Look("#D55E00", "s"),
    "context_conflict": Look("#E69F00", "D"),
    "fake": Look("#009E73", "^"),
    "absent": Look("#CC79A7", "v"),
}
PART_LOOKS = {
    "non-conflict": TYPE_LOOKS["answerable"],
    "contextual": TYPE_LOOKS["out_series"],
    "parametric": TYPE_LOOKS["fake"],
}
METHOD_LOOKS = {
    BASE: Look("#9A9A9A", "P"),
    "LoRA": Look("#E69F00", "^"),
    "FT": Look("#D55E00", "v"),
    "Representation Editing": Look("#0072B2", "o"),
}


@dataclass(frozen=True)
class Data:
    """What the figures are drawn from."""

    scale: str
    settings: Settings
    cells: pd.DataFrame
    reported: pd.DataFrame
    geometry: pd.DataFrame
    methods_map: pd.DataFrame

    def of(self, item: str, metric: str, protocol: str = "corrected") -> pd.DataFrame:
        """Value and interval of the cells of an item, by (method, dataset)."""
        own = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        own = own[own["protocol"] == protocol]
        return own.set_index(["method", "dataset"])[NUMBERS]


def figure2(data: Data) -> Figure | None:
    """Probe accuracy by layer, as coded and corrected, beside the paper's Llama-3.1."""
    fig, panels = style.figure(1, 3, size=(4.4, 3.6), sharey=True)
    for axes, (protocol, words) in zip(panels, PROTOCOLS.items(), strict=False):
        found = data.of("figure2_layers", "probe_accuracy", protocol)
        layers = _layers(found.index.get_level_values("dataset"))
        lines = {
            part: found.loc[[(ALL_TYPES, at_layer(part, n)) for n in layers]].to_numpy().T
            for part in PARTS
        }
        labels = ("Layer", "Probe accuracy (%)")
        charts.lines_with_band(axes, layers, lines, looks=_plain(PART_LOOKS), labels=labels)
        axes.set_title(f"Ours, {words}")
    printed = data.reported.query("item == 'figure2_layers' and model == 'Llama-3.1-8B-Instruct'")
    printed = printed.set_index("dataset")["number"]
    layers = _layers(printed.index)
    for part in PARTS:
        values = printed.reindex([at_layer(part, n) for n in layers])
        panels[2].plot(layers, values, color=PART_LOOKS[part].colour, label=part)
    panels[2].set(xlabel="Layer", ylim=(-3, 103), title="Paper, Llama-3.1-8B (digitised)")
    charts.shared_legend(fig, columns=3)
    return fig


def transfer(data: Data) -> Figure:
    """Which types a probe is trained on, and which it then tells."""
    columns = [*TYPES, "contextual", "parametric"]
    fig, panels = style.figure(2, 1, size=(8.4, 2.5))
    for axes, (protocol, words) in zip(panels, PROTOCOLS.items(), strict=True):
        found = data.of("figure2", "probe_accuracy", protocol)["value"]
        values = np.array([[found[learnt, name] for name in columns] for learnt in TRAINING_SETS])
        texts = [[f"{value:.0f}" for value in row] for row in values]
        names = [name.replace("_", "_\n") for name in columns]
        rows = [name.replace("+out", "\n+out") for name in TRAINING_SETS]
        charts.matrix(axes, values, texts, rows=rows, columns=names, limits=(0, 100))
        axes.set_title(f"Probe {words}")
    return fig


def probe_by_method(data: Data) -> Figure:
    """How well a probe tells each type after a change to the model."""
    found = data.of("probe_by_method", "probe_accuracy")
    return _method_bars(found, list(TYPES), "Probe accuracy (%)")


def main_table(data: Data) -> Figure:
    """Refusals by type of question and method."""
    found = data.of("main", "refusal_rate")
    return _method_bars(found, list(TYPES), "Refused (%)")


def keeping(data: Data) -> Figure:
    """What is kept: staying in the role, readable and right replies to answerable questions."""
    fig, panels = style.figure(1, 3, size=(4.2, 3.4), sharey=True)
    names = {
        "in_role_rate": ("In the role", (*TYPES,)),
        "readable_rate": ("Readable", (*TYPES,)),
        "right_rate": ("Right", ("answerable",)),
    }
    for axes, (metric, (title, datasets)) in zip(panels, names.items(), strict=True):
        found = data.of("main", metric)
        methods = _methods(found)
        numbers = _array(found, methods, datasets)
        groups = [name.replace("_", "_\n") for name in datasets]
        looks = {name: METHOD_LOOKS[name] for name in methods}
        charts.points(
            axes, numbers[..., 0], numbers[..., 1:], groups=groups, series=methods, looks=looks,
            label="Replies (%)",
        )  # fmt: skip
        axes.set_title(title)
        axes.tick_params(axis="x", labelsize=7.5)
    panels[0].set_ylim(-3, 103)
    charts.shared_legend(fig, columns=4)
    return fig


def figure3(data: Data) -> Figure:
    """t-SNE of the last layer, all roles together, coloured by type and by role."""
    fig, panels = style.figure(1, 2, size=(4.8, 4.4))
    places = data.geometry[["tsne_x", "tsne_y"]].to_numpy()
    _scatter(panels[0], places, data.geometry["type"], TYPE_LOOKS)
    roles = list(dict.fromkeys(data.geometry["role"]))
    _scatter(panels[1], places, data.geometry["role"], style.looks(roles))
    for axes, title in zip(panels, ("By type of question", "By role"), strict=True):
        axes.set_title(title)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8)
    return fig


def figure10(data: Data) -> Figure:
    """t-SNE of the last layer of the model before and after each change."""
    frame = data.methods_map
    names = {name: METHOD_NAMES[v.method] for name, v in data.settings.variants.items()}
    methods = frame["variant"].astype(str).map(names)
    places = frame[["tsne_x", "tsne_y"]].to_numpy()
    fig, panels = style.figure(1, 2, size=(4.8, 4.4))
    _scatter(panels[0], places, methods, METHOD_LOOKS)
    _scatter(panels[1], places, frame["type"], TYPE_LOOKS)
    for axes, title in zip(panels, ("By method", "By type of question"), strict=True):
        axes.set_title(title)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8)
    return fig


def pca(data: Data) -> Figure:
    """Principal components at four depths, each role's mean taken off."""
    layers = [c.removeprefix("pca_x_") for c in data.geometry if c.startswith("pca_x_")]
    fig, panels = style.figure(1, len(layers), size=(3.2, 3.2))
    for axes, layer in zip(panels, layers, strict=True):
        places = data.geometry[[f"pca_x_{layer}", f"pca_y_{layer}"]].to_numpy()
        _scatter(axes, places, data.geometry["type"], TYPE_LOOKS)
        axes.set_title(f"Layer {int(layer)}")
    charts.shared_legend(fig, columns=5)
    return fig


def regions(data: Data) -> Figure:
    """Where the types lie between the two regions, by layer and in the last one."""
    fig, panels = style.figure(1, 2, size=(5.2, 3.6))
    cosines = [c for c in data.geometry if c.startswith("cosine_")]
    layers = np.array([int(c.removeprefix("cosine_")) for c in cosines])
    lines = {}
    for name in TYPES:
        values = data.geometry.loc[data.geometry["type"] == name, cosines].to_numpy(float)
        error = 1.96 * values.std(axis=0) / np.sqrt(len(values))
        lines[name] = (
            values.mean(axis=0),
            values.mean(axis=0) - error,
            values.mean(axis=0) + error,
        )
    labels = ("Layer", "Cosine with the axis")
    charts.lines_with_band(panels[0], layers, lines, looks=_plain(TYPE_LOOKS), labels=labels)
    panels[0].set_title("By layer")
    leans = [
        data.geometry.loc[data.geometry["type"] == name, "lean"].to_numpy(float) for name in TYPES
    ]
    parts = panels[1].violinplot(leans, showmeans=True, widths=0.8)
    for body, name in zip(parts["bodies"], TYPES, strict=True):
        body.set(facecolor=TYPE_LOOKS[name].colour, alpha=0.6)
    for name in ("cmeans", "cbars", "cmins", "cmaxes"):
        parts[name].set(color=style.INK, linewidth=0.8)
    panels[1].axhline(0, color="#8C8C8C", linewidth=1, linestyle=(0, (4, 3)))
    panels[1].set_xticks(range(1, len(TYPES) + 1), [n.replace("_", "_\n") for n in TYPES])
    panels[1].set(ylabel="Leaning to the direct region", title="Last layer")
    charts.shared_legend(fig, columns=5)
    return fig


def sweep(data: Data) -> Figure:
    """The price of an edit: refusals that are wanted against those that are not, and perplexity."""
    found = {n: data.of("sweep", n) for n in ("refusal_rate", "perplexity", "readable_rate")}
    labels = [edit.label for edit in data.settings.sweep.all_edits()]
    looks = style.looks(labels)
    fig, panels = style.figure(1, 2, size=(4.8, 4.4))
    rates = found["refusal_rate"]
    wrong, wanted = (rates.loc[[(n, d) for n in labels]] for d in ("answerable", CONFLICT))
    prose = found["perplexity"].loc[[(name, PROSE) for name in labels]]
    readable = found["readable_rate"]["value"]
    collapsed = [name for name in labels if readable[name, CONFLICT] < 50]
    charts.tradeoff(
        panels[0],
        {n: (wrong.loc[n, "value"].item(), wanted.loc[n, "value"].item()) for n in labels},
        {n: (_ends(wrong, n), _ends(wanted, n)) for n in labels},
        looks=looks,
        hollow=collapsed,
        labels=("Non-conflict questions refused (%)", "Conflicts refused (%)"),
    )
    for name in labels:
        x, y = prose.loc[name].iloc[0], wanted.loc[name].iloc[0]
        panels[1].errorbar(
            x["value"], y["value"],
            xerr=np.abs([[x["ci_low"] - x["value"]], [x["ci_high"] - x["value"]]]),
            yerr=np.abs([[y["ci_low"] - y["value"]], [y["ci_high"] - y["value"]]]),
            fmt=looks[name].marker, color=looks[name].colour, capsize=2.5, markersize=8, label=name,
            markerfacecolor="white" if name in collapsed else looks[name].colour,
        )  # fmt: skip
    panels[1].set(
        xscale="log", xlabel="Perplexity of ordinary text", ylabel="Conflicts refused (%)"
    )
    panels[1].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[1].xaxis.set_major_formatter("{x:g}")
    panels[1].xaxis.set_minor_locator(NullLocator())
    charts.shared_legend(fig, columns=2)
    return fig


def _method_bars(found: pd.DataFrame, datasets: Sequence[str], label: str) -> Figure:
    methods = _methods(found)
    numbers = _array(found, methods, datasets)
    fig, (axes,) = style.figure(size=(9.0, 3.8))
    charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=datasets,
        series=methods,
        colours=[METHOD_LOOKS[name].colour for name in methods],
        label=label,
    )
    charts.shared_legend(fig, columns=4)
    return fig


def _scatter(axes: Axes, places: np.ndarray, names: pd.Series, looks: dict[str, Look]) -> None:
    names = np.asarray(names, dtype=str)
    for name, look in looks.items():
        own = names == name
        if own.any():
            axes.scatter(*places[own].T, s=14, color=look.colour, marker=look.marker, label=name,
                         alpha=0.75, linewidths=0)  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])


def _layers(datasets: Sequence[str]) -> np.ndarray:
    return np.array(sorted({int(name.rpartition(" ")[2]) for name in datasets}))


def _methods(found: pd.DataFrame) -> list[str]:
    there = set(found.index.get_level_values("method"))
    return [name for name in METHODS if name in there]


def _array(found: pd.DataFrame, methods: Sequence[str], datasets: Sequence[str]) -> np.ndarray:
    """(methods, datasets, 3): value, lower and upper end."""
    return np.array([found.reindex([(m, d) for d in datasets]).to_numpy(float) for m in methods])


def _ends(found: pd.DataFrame, name: str) -> tuple[float, float]:
    row = found.loc[name].iloc[0]
    return row["ci_low"], row["ci_high"]


def _plain(looks: dict[str, Look]) -> dict[str, Look]:
    """Without markers: there are many points on a line."""
    return {name: Look(look.colour, "") for name, look in looks.items()}


CAPTIONS = {
    "figure2": (
        "Accuracy of probes trained on three types (answer+fake+out_series), by layer; mean over "
        "roles, with 95 % intervals. At layer 0 the last token is the same for all questions, so "
        "what a probe says there is one class for everything."
    ),
    "transfer": (
        "Probe accuracy in percent at the last layer, mean over roles. Rows: types the probe "
        "learns from; columns: types it is tested on."
    ),
    "probe_by_method": (
        "Probe accuracy on the last hidden state after each change to the model (linear probe), "
        "with 95 % intervals. Each method's probes learn from its own hidden states."
    ),
    "main": (
        "Share of the replies that refuse, by rules, with Wilson's 95 % intervals. A refusal is "
        "right on the four conflict types and wrong on answerable questions. The paper's scores by "
        "GPT-4o could not be recovered."
    ),
    "keeping": (
        "Replies that stay in the role, are readable, and (answerable questions) hold the answer, "
        "by rules, with Wilson's 95 % intervals."
    ),
    "figure3": "t-SNE of the last hidden states of the test questions before any change.",
    "figure10": "t-SNE of the last hidden states before and after each change, all together.",
    "pca": (
        "First two principal components of the test questions' hidden states, after each role's "
        "mean is taken off."
    ),
    "regions": (
        "Left: cosine of each question, seen from halfway between the regions, with the axis from "
        "the rejection region (out_series) to the direct response region (answerable) of its role; "
        "mean and 95 % interval. Right: leaning to the direct response region (1 at its centre, -1 "
        "at that of the rejection region) in the last layer."
    ),
    "sweep": (
        "Edits of different strength c, share of dimensions and blocks (corrected protocol, a part "
        "of the questions), with 95 % intervals. Left: on the diagonal an edit refuses without "
        "telling conflicts apart. Right: perplexity of ordinary text is the price of an edit. "
        "Open markers: most replies can't be read any more."
    ),
}
FIGURES: dict[str, Callable[[Data], Figure | None]] = {
    "figure2": figure2,
    "transfer": transfer,
    "probe_by_method": probe_by_method,
    "main": main_table,
    "keeping": keeping,
    "figure3": figure3,
    "figure10": figure10,
    "pca": pca,
    "regions": regions,
    "sweep": sweep,
}


def draw_all(data: Data, folder: Path) -> list[str]:
    """Write every figure into `folder`, in its place; gives their names."""
    models = ", ".join(dict.fromkeys(data.cells["model"]))
    subject = f"RoleRef, scale {data.scale}: {models}, {data.geometry['role'].nunique()} roles"
    drawings = {
        name: Drawing(partial(function, data), subject, CAPTIONS[name])
        for name, function in FIGURES.items()
    }
    return drawing.draw_all(drawings, folder)


def main() -> None:
    arguments = figures_parser("roleref").parse_args()
    scores = arguments.results / "scores"
    data = Data(
        scale=arguments.scale,
        settings=load_settings("roleref", arguments.scale, arguments.model),
        cells=read_cells(arguments.results / "cells.csv"),
        reported=read_reported("roleref"),
        geometry=read_scores(scores / "geometry.parquet", ("id", "type", "role", "lean")),
        methods_map=read_scores(scores / "methods_map.parquet", ("id", "variant", "tsne_x")),
    )
    draw_all(data, arguments.results / "figures")


if __name__ == "__main__":
    one_line_errors(main)
