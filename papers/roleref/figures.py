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
from shared.plots.results import Results, array, bars, squares
from shared.plots.style import Look

NEARLY_ALL = 95  # per cent
KEPT = {  # metric of table `main` -> its title and data sets
    "in_role_rate": ("In the role", TYPES),
    "readable_rate": ("Readable", TYPES),
    "right_rate": ("Right", TYPES[:1]),
}
GEOMETRY = ("id", "type", "role", "lean")  # columns of that file of scores
PROTOCOLS = {"corrected": "linear, cross-validated", "official": "as coded"}
TYPE_LOOKS = {
    "answerable": Look("#0072B2", "o"),
    "out_series": Look("#D55E00", "s"),
    "context_conflict": Look("#E69F00", "D"),
    "fake": Look("#009E73", "^"),
    "absent": Look("#CC79A7", "v"),
}
# without markers: there are many points on a line
LINE_LOOKS = {name: Look(look.colour, "") for name, look in TYPE_LOOKS.items()}
PART_LOOKS = {part: LINE_LOOKS[types[0]] for part, types in PARTS.items()}
METHOD_LOOKS = {
    BASE: Look("#9A9A9A", "P"),
    METHODS["signal"].name: Look("#4D4D4D", "X"),
    "LoRA": Look("#E69F00", "^"),
    "FT": Look("#D55E00", "v"),
    "Representation Editing": Look("#0072B2", "o"),
}


@figure(
    "Accuracy of probes trained on three types (answerable, factual and role setting), by layer; "
    "mean over roles, with 95 % intervals. At layer 0 the last token is the same for all "
    "questions, so what a probe says there is one class for everything."
)
def figure2(results: Results) -> Figure:
    """Probe accuracy by layer, as coded and corrected, beside the paper's; a row a model."""
    fig, panels = style.figure(len(results.models), 3, size=(4.4, 3.6), sharey=True)
    for model, row in zip(results.models, np.reshape(panels, (-1, 3)), strict=True):
        for axes, (protocol, words) in zip(row, PROTOCOLS.items(), strict=False):
            cells = results.only(model).of("figure2_layers", "layer_accuracy", protocol)
            layers = _layers(cells.index.get_level_values("dataset"))
            named = {part: [at_layer(part, n) for n in layers] for part in PARTS}
            lines = {part: array(cells, [ALL_TYPES], own)[0].T for part, own in named.items()}
            labels = ("Layer", "Probe accuracy (%)")
            charts.lines_with_band(axes, layers, lines, looks=PART_LOOKS, labels=labels)
            axes.set_title(results.titled(model, f"Ours, {words}"))
        printed_of = results.analysis.stand_ins.models.get(model, model)
        printed = results.reported.query("item == 'figure2_layers' and model == @printed_of")
        numbers = printed.set_index("dataset")["number"]
        layers = _layers(numbers.index)
        for part, look in PART_LOOKS.items():
            values = numbers.reindex([at_layer(part, n) for n in layers])
            row[2].plot(layers, values, color=look.colour, label=part)
        title = f"Paper, {printed_of.removesuffix('-Instruct')} (digitised)"
        row[2].set(xlabel="Layer", ylim=(-3, 103), title=title)
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "Probe accuracy in percent at the last layer, mean over roles. Rows: types the probe learns"
    " from; columns: types it is tested on. The paper's numbers are digitised from its figure.",
    each_model=True,
)
def transfer(results: Results) -> Figure:
    """Which types a probe is trained on, and which it then tells."""
    columns = _folded(results, [*TYPES, "contextual", "parametric"])
    rows = {name: results.words(name).replace("+role", "\n+role") for name in TRAINING_SETS}
    printed = results.printed("figure2", "probe_accuracy").rename(index=rows, level="method")
    fig, panels = style.figure(2, 1, size=(8.4, 2.7))
    for axes, (protocol, words) in zip(panels, PROTOCOLS.items(), strict=True):
        cells = results.of("figure2", "probe_accuracy", protocol).rename(index=rows, level="method")
        squares(axes, cells, list(rows.values()), columns, printed=printed)
        axes.set_title(f"Probe {words}")
    if len(printed):
        charts.shared_legend(fig, columns=1)
    return fig


@figure(
    "Probe accuracy on the last hidden state after each change to the model (linear probe), "
    "with 95 % intervals. Each method's probes learn from its own hidden states. The paper's "
    "numbers are digitised from its figure, but for Mistral, whose are exact."
)
def probe_by_method(results: Results) -> Figure:
    """How well a probe tells each type after a change to the model."""
    shown = {"probe_accuracy": ("", TYPES)}
    return _by_method(results, "probe_by_method", shown, "Probe accuracy (%)", (9.0, 3.8))


@figure(
    "Share of the replies that refuse, by rules, with Wilson's 95 % intervals. A refusal is "
    "right on the four conflict types and wrong on answerable questions. The paper's scores by "
    "GPT-4o could not be recovered."
)
def main(results: Results) -> Figure:
    """Refusals by type of question and method."""
    return _by_method(results, "main", {"refusal_rate": ("", TYPES)}, "Refused (%)", (9.0, 3.8))


@figure(
    "What replies keep: staying in the role, being readable and (answerable questions) right, by "
    f"rules, with Wilson's 95 % intervals. Drawn is what falls below {NEARLY_ALL} % anywhere."
)
def keeping(results: Results) -> Figure | None:
    """What is kept: staying in the role, readable and right replies to answerable questions."""
    shown = _kept(results)
    if not shown:
        return None
    size = (4.6 if len(shown) > 1 else 6.4, 3.6)
    return _by_method(results, "main", shown, "Replies (%)", size, numbers=False)


def _kept(results: Results) -> dict[str, tuple[str, Sequence[str]]]:
    """Of `KEPT` what has rates (of the authors' questions the right answers are not known) that are
    not nearly 100 % everywhere."""
    found = {}
    for metric, (title, datasets) in KEPT.items():
        rates = results.of("main", metric, "corrected")["value"]
        own = rates[rates.index.isin(datasets, level="dataset")]
        if own.min() < NEARLY_ALL:
            found[metric] = (title, datasets)
    return found


def _by_method(
    results: Results,
    item: str,
    shown: dict[str, tuple[str, Sequence[str]]],
    label: str,
    size: tuple[float, float],
    **options: object,
) -> Figure:
    """Bars a method, a panel for each metric of `shown` (with its title and its data sets), as
    wide as it has data sets."""
    widths = [len(datasets) + 0.5 for _, datasets in shown.values()]
    fig, panels = style.figure(len(results.models), len(shown), size=size, width_ratios=widths)
    for model, row in zip(results.models, np.reshape(panels, (-1, len(shown))), strict=True):
        for axes, (metric, (title, datasets)) in zip(row, shown.items(), strict=True):
            cells = results.only(model).of(item, metric, "corrected")
            there = set(cells.index.get_level_values("method"))
            colours = {name: METHOD_LOOKS[name].colour for name in NAMES if name in there}
            groups = _folded(results, datasets)
            printed = results.only(model).printed(item, metric)
            bars(axes, cells, colours, groups, label, printed, **options)
            axes.set_title(results.titled(model, title))
            axes.set_ylabel(label if axes is row[0] else "")
    charts.shared_legend(fig, columns=4)
    return fig


@figure("t-SNE of the last hidden states of the test questions before any change.", each_model=True)
def figure3(results: Results) -> Figure:
    """t-SNE of the last layer, all roles together, coloured by type and by role."""
    geometry = results.scores("geometry", needs=GEOMETRY)
    roles = style.looks(list(dict.fromkeys(geometry["role"])))
    named = {
        "By type of question": _typed(results, geometry["type"]),
        "By role": (geometry["role"], roles),
    }
    fig, panels = style.figure(1, len(named), size=(4.8, 4.4))
    for axes, (title, (names, looks)) in zip(panels, named.items(), strict=True):
        _scatter(axes, geometry[["tsne_x", "tsne_y"]].to_numpy(), names, looks)
        axes.set_title(title)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8)
    return fig


@figure(
    "t-SNE of the last hidden states of the test questions before and after each change, on one "
    "map. A panel shows the questions of one method by type, and those of the others in grey.",
    each_model=True,
)
def figure10(results: Results) -> Figure:
    """t-SNE of the last layer of the model before and after each change."""
    places = results.scores("methods_map", needs=("id", "variant", "tsne_x"))
    variants = results.settings.variants
    names = {name: METHODS[variant.method].name for name, variant in variants.items()}
    methods = places["variant"].astype(str).map(names)
    there = [name for name in NAMES if (methods == name).any()]
    fig, panels = style.figure(1, len(there), size=(3.3, 3.4))
    for axes, method in zip(panels, there, strict=True):
        own, points = methods == method, places[["tsne_x", "tsne_y"]]
        axes.scatter(*points[~own].to_numpy().T, s=5, color="#DCDCDC", linewidths=0)
        _scatter(axes, points[own].to_numpy(), *_typed(results, places["type"][own]))
        axes.set_title(method)
    charts.shared_legend(fig, columns=5)
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
        _scatter(axes, places, *_typed(results, geometry["type"]))
        axes.set_title(f"Layer {int(layer)}")
    charts.shared_legend(fig, columns=5)
    return fig


@figure(
    "Left: cosine of each question, seen from halfway between the regions, with the axis from "
    "the rejection region (role setting) to the direct response region (answerable) of its role; "
    "mean and 95 % interval. Right: leaning to the direct response region (1 at its centre, -1 "
    "at that of the rejection region) in the last layer, likewise.",
    each_model=True,
)
def regions(results: Results) -> Figure:
    """Where the types lie between the two regions, by layer and in the last one."""
    geometry = results.scores("geometry", needs=GEOMETRY)
    fig, panels = style.figure(1, 2, size=(5.2, 3.6))
    cosines = [c for c in geometry if c.startswith("cosine_")]
    layers = np.array([int(c.removeprefix("cosine_")) for c in cosines])
    of_type = geometry.groupby("type", observed=True)[cosines]
    mean, error = of_type.mean(), 1.96 * of_type.sem()
    lines = {
        results.words(name): (mean.loc[name], (mean - error).loc[name], (mean + error).loc[name])
        for name in TYPES
    }
    looks = {results.words(name): look for name, look in LINE_LOOKS.items()}
    labels = ("Layer", "Cosine with the axis")
    charts.lines_with_band(panels[0], layers, lines, looks=looks, labels=labels)
    panels[0].set_title("By layer")
    leans = array(results.of("regions", "lean", "corrected"), [BASE], TYPES)[0]
    for place, (name, row) in enumerate(zip(TYPES, leans, strict=True)):
        look = {"color": TYPE_LOOKS[name].colour, "fmt": TYPE_LOOKS[name].marker, "capsize": 3}
        panels[1].errorbar(place, row[0], yerr=np.abs(row[1:, None] - row[0]), **look)
    panels[1].axhline(0, color="#8C8C8C", linewidth=1, linestyle=(0, (4, 3)))
    panels[1].set_xticks(range(len(TYPES)), _folded(results, TYPES).values())
    panels[1].set(ylabel="Leaning to the direct region", title="Last layer")
    charts.shared_legend(fig, columns=5)
    return fig


@figure(
    "Edits of different strength c, share of dimensions and blocks, a row each (corrected "
    "protocol, a part of the questions), with 95 % intervals. Left: an edit that moves both alike "
    "refuses without telling conflicts apart. Middle and right: its price.",
    each_model=True,
)
def sweep(results: Results) -> Figure:
    """Refusals that are wanted and those that are not, and the price of an edit."""
    edits = sorted(results.settings.sweep.all_edits(), key=lambda edit: -edit.strength)
    labels = [edit.label for edit in edits]
    shown = {
        "Refused (%)": ("refusal_rate", {CONFLICT: "#D55E00", "answerable": "#0072B2"}),
        "Readable (%)": ("readable_rate", {CONFLICT: "#D55E00", "answerable": "#0072B2"}),
        "Perplexity of ordinary text": ("perplexity", {PROSE: "#4D4D4D"}),
    }
    fig, panels = style.figure(1, 3, size=(4.0, 1.2 + 0.4 * len(labels)), sharey=True)
    for axes, (label, (metric, datasets)) in zip(panels, shown.items(), strict=True):
        numbers = array(results.of("sweep", metric, "corrected"), labels, list(datasets))
        for place, (name, colour) in enumerate(datasets.items()):
            rows = np.arange(len(labels)) + (0.22 * place if len(datasets) > 1 else 0)
            value, *ends = numbers[:, place].T
            look = {"fmt": "os"[place], "color": colour, "capsize": 2.5, "markersize": 6}
            axes.errorbar(value, rows, xerr=np.abs(ends - value), label=name, **look)
        axes.set_xlabel(label)
        if metric != "perplexity":
            axes.set_xlim(-3, 103)
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].invert_yaxis()
    panels[2].set_xscale("log")
    panels[2].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[2].xaxis.set_major_formatter("{x:g}")
    panels[2].xaxis.set_minor_locator(NullLocator())
    charts.shared_legend(fig, columns=3)
    return fig


def _folded(results: Results, names: Sequence[str]) -> dict[str, str]:
    """Name -> the words for it on an axis, one below another."""
    return {name: results.words(name).replace(" ", "\n") for name in names}


def _typed(results: Results, types: pd.Series) -> tuple[pd.Series, dict[str, Look]]:
    """Types of questions in words, and their looks."""
    looks = {results.words(name): look for name, look in TYPE_LOOKS.items()}
    return types.astype(str).map(results.words), looks


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
