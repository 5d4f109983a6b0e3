"""The figures of RoleRef. figure2, figure3 and figure10 are named after the paper's; the others
have no number there, or are ours.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from papers.roleref.analyze import BASE, CONFLICT, NAMES, PARTS, PROSE, at_layer
from papers.roleref.methods import METHODS
from papers.roleref.settings import ALL_TYPES, TRAINING_SETS, TYPES
from shared.plots import charts, style
from shared.plots.figure import figure
from shared.plots.results import NUMBERS, Results, array, bars, squares
from shared.plots.style import Look

GEOMETRY = ("id", "type", "role", "lean")  # columns of that file of scores
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


@figure(
    "Accuracy of probes trained on three types (answer+fake+out_series), by layer; mean over "
    "roles, with 95 % intervals. At layer 0 the last token is the same for all questions, so "
    "what a probe says there is one class for everything."
)
def figure2(results: Results) -> Figure:
    """Probe accuracy by layer, as coded and corrected, beside the paper's; a row a model."""
    fig, panels = style.figure(len(results.models), 3, size=(4.4, 3.6), sharey=True)
    for model, row in zip(results.models, np.reshape(panels, (-1, 3)), strict=True):
        for axes, (protocol, words) in zip(row, PROTOCOLS.items(), strict=False):
            cells = results.only(model).of("figure2_layers", "probe_accuracy", protocol)[NUMBERS]
            layers = _layers(cells.index.get_level_values("dataset"))
            lines = {
                part: cells.loc[[(ALL_TYPES, at_layer(part, n)) for n in layers]].to_numpy().T
                for part in PARTS
            }
            labels = ("Layer", "Probe accuracy (%)")
            charts.lines_with_band(axes, layers, lines, looks=_plain(PART_LOOKS), labels=labels)
            axes.set_title(results.titled(model, f"Ours, {words}"))
        _printed_curves(row[2], results, results.analysis.stand_ins.models.get(model, model))
    charts.shared_legend(fig, columns=3)
    return fig


def _printed_curves(axes: Axes, results: Results, model: str) -> None:
    """Of one of the paper's models."""
    printed = results.reported.query("item == 'figure2_layers' and model == @model")
    printed = printed.set_index("dataset")["number"]
    layers = _layers(printed.index)
    for part in PARTS:
        values = printed.reindex([at_layer(part, n) for n in layers])
        axes.plot(layers, values, color=PART_LOOKS[part].colour, label=part)
    title = f"Paper, {model.removesuffix('-Instruct')} (digitised)"
    axes.set(xlabel="Layer", ylim=(-3, 103), title=title)


@figure(
    "Probe accuracy in percent at the last layer, mean over roles. Rows: types the probe learns"
    " from; columns: types it is tested on.",
    each_model=True,
)
def transfer(results: Results) -> Figure:
    """Which types a probe is trained on, and which it then tells."""
    columns = {name: name.replace("_", "_\n") for name in [*TYPES, "contextual", "parametric"]}
    rows = {name: name.replace("+out", "\n+out") for name in TRAINING_SETS}
    fig, panels = style.figure(2, 1, size=(8.4, 2.5))
    for axes, (protocol, words) in zip(panels, PROTOCOLS.items(), strict=True):
        cells = results.of("figure2", "probe_accuracy", protocol).rename(index=rows, level="method")
        squares(axes, cells, list(rows.values()), columns)
        axes.set_title(f"Probe {words}")
    return fig


@figure(
    "Probe accuracy on the last hidden state after each change to the model (linear probe), "
    "with 95 % intervals. Each method's probes learn from its own hidden states."
)
def probe_by_method(results: Results) -> Figure:
    """How well a probe tells each type after a change to the model."""
    return _method_bars(results, "probe_by_method", "probe_accuracy", "Probe accuracy (%)")


@figure(
    "Share of the replies that refuse, by rules, with Wilson's 95 % intervals. A refusal is "
    "right on the four conflict types and wrong on answerable questions. The paper's scores by "
    "GPT-4o could not be recovered."
)
def main(results: Results) -> Figure:
    """Refusals by type of question and method."""
    return _method_bars(results, "main", "refusal_rate", "Refused (%)")


@figure(
    "Replies that stay in the role, are readable, and (answerable questions) hold the answer, "
    "by rules, with Wilson's 95 % intervals."
)
def keeping(results: Results) -> Figure:
    """What is kept: staying in the role, readable and right replies to answerable questions."""
    names = {
        "in_role_rate": ("In the role", (*TYPES,)),
        "readable_rate": ("Readable", (*TYPES,)),
        "right_rate": ("Right", ("answerable",)),
    }
    fig, panels = style.figure(len(results.models), 3, size=(4.2, 3.4), sharey=True)
    for model, row in zip(results.models, np.reshape(panels, (-1, 3)), strict=True):
        for axes, (metric, (title, datasets)) in zip(row, names.items(), strict=True):
            cells = results.only(model).of("main", metric, "corrected")
            methods = _methods(cells)
            numbers = array(cells, methods, datasets)
            groups = [name.replace("_", "_\n") for name in datasets]
            looks = {name: METHOD_LOOKS[name] for name in methods}
            charts.points(
                axes, numbers[..., 0], numbers[..., 1:], groups=groups, series=methods, looks=looks,
                label="Replies (%)",
            )  # fmt: skip
            axes.set_title(results.titled(model, title))
            axes.tick_params(axis="x", labelsize=7.5)
        row[0].set_ylim(-3, 103)
    charts.shared_legend(fig, columns=4)
    return fig


@figure("t-SNE of the last hidden states of the test questions before any change.", each_model=True)
def figure3(results: Results) -> Figure:
    """t-SNE of the last layer, all roles together, coloured by type and by role."""
    geometry = results.scores("geometry", needs=GEOMETRY)
    roles = style.looks(list(dict.fromkeys(geometry["role"])))
    named = {
        "By type of question": (geometry["type"], TYPE_LOOKS),
        "By role": (geometry["role"], roles),
    }
    return _maps(geometry, named)


@figure(
    "t-SNE of the last hidden states before and after each change, all together.",
    each_model=True,
)
def figure10(results: Results) -> Figure:
    """t-SNE of the last layer of the model before and after each change."""
    places = results.scores("methods_map", needs=("id", "variant", "tsne_x"))
    variants = results.settings.variants
    names = {name: METHODS[variant.method].name for name, variant in variants.items()}
    named = {
        "By method": (places["variant"].astype(str).map(names), METHOD_LOOKS),
        "By type of question": (places["type"], TYPE_LOOKS),
    }
    return _maps(places, named)


def _maps(places: pd.DataFrame, named: dict[str, tuple[pd.Series, dict[str, Look]]]) -> Figure:
    """The same t-SNE map for each title, coloured by what its names say."""
    fig, panels = style.figure(1, len(named), size=(4.8, 4.4))
    for axes, (title, (names, looks)) in zip(panels, named.items(), strict=True):
        _scatter(axes, places[["tsne_x", "tsne_y"]].to_numpy(), names, looks)
        axes.set_title(title)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8)
    return fig


@figure(
    "First two principal components of the test questions' hidden states, after each role's "
    "mean is taken off.",
    each_model=True,
)
def pca(results: Results) -> Figure:
    """Principal components at four depths, each role's mean taken off."""
    geometry = results.scores("geometry", needs=GEOMETRY)
    layers = [c.removeprefix("pca_x_") for c in geometry if c.startswith("pca_x_")]
    fig, panels = style.figure(1, len(layers), size=(3.2, 3.2))
    for axes, layer in zip(panels, layers, strict=True):
        places = geometry[[f"pca_x_{layer}", f"pca_y_{layer}"]].to_numpy()
        _scatter(axes, places, geometry["type"], TYPE_LOOKS)
        axes.set_title(f"Layer {int(layer)}")
    charts.shared_legend(fig, columns=5)
    return fig


@figure(
    "Left: cosine of each question, seen from halfway between the regions, with the axis from "
    "the rejection region (out_series) to the direct response region (answerable) of its role; "
    "mean and 95 % interval. Right: leaning to the direct response region (1 at its centre, -1 "
    "at that of the rejection region) in the last layer.",
    each_model=True,
)
def regions(results: Results) -> Figure:
    """Where the types lie between the two regions, by layer and in the last one."""
    geometry = results.scores("geometry", needs=GEOMETRY)
    fig, panels = style.figure(1, 2, size=(5.2, 3.6))
    cosines = [c for c in geometry if c.startswith("cosine_")]
    layers = np.array([int(c.removeprefix("cosine_")) for c in cosines])
    lines = {}
    for name in TYPES:
        values = geometry.loc[geometry["type"] == name, cosines].to_numpy(float)
        error = 1.96 * values.std(axis=0) / np.sqrt(len(values))
        lines[name] = (
            values.mean(axis=0),
            values.mean(axis=0) - error,
            values.mean(axis=0) + error,
        )
    labels = ("Layer", "Cosine with the axis")
    charts.lines_with_band(panels[0], layers, lines, looks=_plain(TYPE_LOOKS), labels=labels)
    panels[0].set_title("By layer")
    leans = [geometry.loc[geometry["type"] == name, "lean"].to_numpy(float) for name in TYPES]
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


@figure(
    "Edits of different strength c, share of dimensions and blocks (corrected protocol, a part "
    "of the questions), with 95 % intervals. Left: on the diagonal an edit refuses without "
    "telling conflicts apart. Right: perplexity of ordinary text is the price of an edit. Open "
    "markers: most replies can't be read any more.",
    each_model=True,
)
def sweep(results: Results) -> Figure:
    """The price of an edit: refusals that are wanted against those that are not, and perplexity."""
    found = {
        n: results.of("sweep", n, "corrected")
        for n in ("refusal_rate", "perplexity", "readable_rate")
    }
    labels = [edit.label for edit in results.settings.sweep.all_edits()]
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


def _method_bars(results: Results, item: str, metric: str, label: str) -> Figure:
    """Bars of one metric by type of question, a panel a model."""
    fig, panels = style.figure(len(results.models), 1, size=(9.0, 3.8))
    for axes, model in zip(panels, results.models, strict=True):
        cells = results.only(model).of(item, metric, "corrected")
        colours = {name: METHOD_LOOKS[name].colour for name in _methods(cells)}
        bars(axes, cells, colours, list(TYPES), label)
        axes.set_title(results.titled(model))
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


def _methods(cells: pd.DataFrame) -> list[str]:
    there = set(cells.index.get_level_values("method"))
    return [name for name in NAMES if name in there]


def _ends(found: pd.DataFrame, name: str) -> tuple[float, float]:
    row = found.loc[name].iloc[0]
    return row["ci_low"], row["ci_high"]


def _plain(looks: dict[str, Look]) -> dict[str, Look]:
    """Without markers: there are many points on a line."""
    return {name: Look(look.colour, "") for name, look in looks.items()}
