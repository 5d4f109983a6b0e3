"""The figures of R-Tuning, named after the paper's. Figures 1 and 2 are drawings, 9, 10 and 12
repeat others at other models, which ours show together; `refusal` is ours.

The corrected protocol is drawn plain, the official one, where it differs, hatched, dashed or open.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.r_tuning import analyze
from papers.r_tuning.confidences import answered, by_seed, mean_over_seeds, pooled
from shared.comparison.groups import Group
from shared.metrics.calibration import expected_calibration_error, reliability_bins
from shared.metrics.ranking import average_precision, precision_recall_curve
from shared.plots import charts, curves, style
from shared.plots.figure import figure
from shared.plots.printed import beside, explain_in_text
from shared.plots.printed import mark as mark_printed
from shared.plots.results import NUMBERS, Results, bars

OFFICIAL = ", official"  # ends the name of a method under the official protocol
RATE = "#882255"  # the colour of an answer rate
BY = ("model", "method", "dataset")
ANSWERABLE = " answerable"  # ends the name of the answerable half of an unanswerable set


@figure(
    "Accuracy on the questions that each method is willing to answer, with 95 % intervals. "
    "Vanilla and Pretrain-T answer all questions; Pretrain-W is the untuned model on those "
    "that R-Tuning answers. Hatched: the official protocol."
)
def figure3(results: Results) -> Figure | None:
    """Accuracy on the questions a method answers (Pretrain-W: on those R-Tuning answers)."""
    cells = results.cells[
        (results.cells["item"] == "figure3") & (results.cells["metric"] == "accuracy")
    ]
    return _bars(results, cells, ("R-Tuning", "Vanilla", "Pretrain-T", analyze.PRETRAIN_W_PADDING))


@figure(
    "Precision over recall of models trained on five tasks, as in Figure 8. The paper draws the "
    "mean of the five sets in domain; here each has its own panel. HaluEval-QA is out of domain."
)
def figure4(results: Results) -> Figure | None:
    """Precision when only the most confident answers are kept, after training on five tasks."""
    printed = results.printed("table13", "ap", BY)
    return _curves(results, ("R-Tuning", "Vanilla"), printed, multi=True)


@figure(
    "Accuracy of R-Tuning-R on the questions it answers beside the baselines, with 95 % "
    "intervals; diamonds: share of the questions that R-Tuning-R answers (hollow: the paper's). "
    "Pretrain-W is the untuned model on those. Hatched: the official protocol."
)
def figure5(results: Results) -> Figure | None:
    """Accuracy with R-Tuning-R as bars, and the share of questions it answers as diamonds."""
    table8 = results.cells[results.cells["item"] == "table8"]
    rates = table8[(table8["metric"] == "answer_rate") & (table8["method"] == "R-Tuning-R")]
    rates = _named(rates).set_index(["model", "name", "dataset"])["value"]
    printed = results.printed("table8", "answer_rate", BY)

    def mark(axes: Axes, model: str, places: Mapping[tuple[str, str], float]) -> None:
        found = {x: rates[model, *bar] for bar, x in places.items() if (model, *bar) in rates.index}
        look = {"color": RATE, "markeredgecolor": "white", "markersize": 8, "zorder": 4}
        axes.plot(list(found), list(found.values()), "D", label="answer rate, R-Tuning-R", **look)
        top = max([axes.get_ylim()[1], *(1.08 * rate for rate in found.values())])
        axes.set(ylim=(0, top), ylabel="Accuracy, answer rate (%)")
        theirs = [printed.get((model, *bar), np.nan) for bar in places]
        mark_printed(axes, list(places.values()), theirs, RATE)

    accuracy = table8[table8["metric"] == "accuracy"]
    methods = ("R-Tuning-R", "Vanilla", "Pretrain-T", analyze.PRETRAIN_W)
    return _bars(results, accuracy, methods, results.printed("table8", "accuracy", BY), mark)


@figure("Training questions that the untuned model answers right (D1) and wrong (D0).")
def figure6(results: Results) -> Figure | None:
    """How many training questions the untuned model gets right (D1) and wrong (D0)."""
    found = [group for group in results.groups if "perplexity" in group.columns]
    if not found:
        return None
    counts = np.array([[g.columns[part].sum() for g in found] for part in ("d1", "d0")])
    fig, (axes,) = style.figure(size=(7, 1.5 + 0.62 * len(found)))
    charts.stacked_counts(
        axes,
        counts,
        groups=[results.titled(group.model, results.dataset(group.dataset)) for group in found],
        series=("D1, answered right: I am sure", "D0, answered wrong: I am unsure"),
        colours=(style.RIGHT, style.WRONG),
        label="training questions",
    )
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Confidence of correct and of wrong answers, as shares of all answers (all seeds "
    "together); dashed lines: the means. For the methods of the R-Tuning family, confidence "
    'is half that of the answer and half the probability of "sure".',
    each_model=True,
)
def figure7(results: Results) -> Figure | None:
    """Confidence of correct and of wrong answers; the better they part, the higher the AP."""

    def draw(axes: Axes, group: Group) -> None:
        correct, confidence = pooled(group)
        charts.histogram_pair(axes, confidence[correct == 1], confidence[correct == 0])

    return _grid(results, ("R-Tuning", "Vanilla", "R-Tuning-U", "Vanilla-C"), draw)


@figure(
    "Precision over recall when answers are kept from the most confident down; lines: mean of"
    " the seeds, bands: their range, AP: mean of the seeds in percent. Dashed: the official "
    "protocol."
)
def figure8(results: Results) -> Figure | None:
    """Precision when only the most confident answers are kept; the area is the AP."""
    return _curves(results, ("R-Tuning", "Vanilla"), results.printed("table1", "ap", BY))


@figure(
    "Reliability diagrams (all seeds together): accuracy of the answers in each tenth of "
    "confidence. Dotted: gap between accuracy and confidence; below the axis: share of the "
    "answers. ECE: mean of the seeds.",
    each_model=True,
)
def figure11(results: Results) -> Figure | None:
    """Accuracy of the answers given with a confidence, in ten bins; calibrated is the diagonal."""

    def draw(axes: Axes, group: Group) -> None:
        correct, confidence = pooled(group)
        bins = reliability_bins(correct, confidence, np.ones(len(correct)))
        columns = {name: bins[name].to_numpy() for name in ("confidence", "accuracy", "weight")}
        charts.reliability_diagram(axes, **columns, colour=style.look(group.method).colour)
        error = mean_over_seeds(group, expected_calibration_error)
        axes.text(0.04, 0.93, f"ECE {_number(error, 3)}", transform=axes.transAxes, va="top")

    return _grid(results, ("R-Tuning-U", "Vanilla-C"), draw)


@figure(
    "As Figure 8, with the methods of the uncertainty experiments. Dashed: the official protocol.",
    each_model=True,
)
def figure13(results: Results) -> Figure | None:
    """The curves of Figure 8 for the methods that measure uncertainty without labels."""
    methods = ("R-Tuning", "R-Tuning-U", "Vanilla-C", "Vanilla-U")
    drawn = {group.method for group in _answered(results, methods)}
    printed = results.printed("table2", "ap", BY)
    return _curves(results, methods, printed) if drawn - {"R-Tuning"} else None


@figure(
    "Not in the paper: share of unanswerable questions refused against the share of "
    "answerable ones refused, with 95 % intervals. On the diagonal a model refuses without "
    "telling them apart; the upper left corner is ideal. Open markers: the official protocol."
)
def refusal(results: Results) -> Figure | None:
    """Refused of the unanswerable questions, and of answerable ones of the same kind."""
    rates = results.cells[results.cells["metric"] == "refusal_rate"].dropna(subset=["value"])
    rates = _named(_differing(rates)).drop_duplicates(["model", "dataset", "name"])
    sets = [
        name for name in rates["dataset"].unique() if name + ANSWERABLE in set(rates["dataset"])
    ]
    if not sets:
        return None
    panels = list(product(results.models, sets))
    fig, every = style.figure(len(results.models), len(sets), size=(4.4, 4.2))
    for axes, (model, name) in zip(every, panels, strict=True):
        here = rates[rates["model"] == model].set_index(["dataset", "name"])[NUMBERS]
        halves = here.xs(name + ANSWERABLE).add_suffix("_x").join(here.xs(name), how="inner")
        looks = {method: _look(method) for method in halves.index}
        charts.tradeoff(
            axes,
            {row.Index: (row.value_x, row.value) for row in halves.itertuples()},
            {
                row.Index: ((row.ci_low_x, row.ci_high_x), (row.ci_low, row.ci_high))
                for row in halves.itertuples()
            },
            looks=looks,
            hollow=[method for method in looks if method.endswith(OFFICIAL)],
            labels=("refused of the answerable (%)", "refused of the unanswerable (%)"),
        )
        axes.set_title(results.titled(model, results.dataset(name)))
    charts.shared_legend(fig, columns=2 * len(sets))
    return fig


def _bars(
    results: Results,
    cells: pd.DataFrame,
    methods: Sequence[str],
    printed: pd.Series | None = None,
    mark: Callable[[Axes, str, Mapping[tuple[str, str], float]], None] | None = None,
) -> Figure | None:
    """Bars of one metric by data set, a panel a model: those trained as the first method, or all.

    `printed` are the paper's numbers by `BY`, marked at the bars of the corrected protocol. `mark`
    adds to a panel, given its model and the x position of each bar by (name, dataset).
    """
    cells = cells[cells["method"].isin(methods)].dropna(subset=["value"])
    trained = cells[cells["method"] == methods[0]]["model"]
    cells = cells[cells["model"].isin(trained)] if len(trained) else cells
    if cells.empty:
        return None
    cells = _named(_differing(cells))
    datasets = {d: results.dataset(d).replace(" (", "\n(") for d in cells["dataset"].unique()}
    models = list(cells["model"].unique())
    fig, panels = style.figure(len(models), 1, size=(max(7.0, 2.6 * len(datasets)), 3.8))
    for axes, model in zip(panels, models, strict=True):
        here = cells[cells["model"] == model]
        order = [_label(*key) for key in product(methods, ("corrected", "official"))]
        names = [name for name in order if name in set(here["name"])]
        positions = bars(
            axes,
            here.set_index(["name", "dataset"]),
            {name: _look(name).colour for name in names},
            datasets,
            "Accuracy (%)",
            None if printed is None else _of_model(printed, model),
            hatched=[name.endswith(OFFICIAL) for name in names],
        )
        if mark:
            mark(axes, model, dict(zip(product(names, datasets), positions.flat, strict=True)))
        axes.set_title(results.titled(model))
    charts.shared_legend(fig, columns=4)
    return fig


def _of_model(printed: pd.Series, model: str) -> pd.Series:
    """The paper's numbers beside a model of ours, by (name in a figure, data set)."""
    own = printed[printed.index.get_level_values("model") == model].droplevel("model")
    return own.rename(lambda method: _label(method, "corrected"), level="method")


def _differing(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells, without the official ones of a method where all equal the corrected ones."""
    key = ["item", "model", "method", "metric"]
    twice = cells.duplicated([*key, "dataset", "value"], keep=False)
    same = twice.groupby([cells[name] for name in key]).transform("all")
    return cells[(cells["protocol"] != "official") | ~same]


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells with the `name` of their method in a figure."""
    names = map(_label, cells["method"], cells["protocol"])
    return cells.assign(name=list(names))


def _answered(results: Results, methods: Sequence[str], multi: bool = False) -> list[Group]:
    """Groups of test answers in the single-task experiments or in the one of several tasks."""
    own = [g for g in results.groups if (g.dataset in analyze.MULTI) is multi]
    return answered((g for g in own if g.dataset != analyze.AVERAGE), methods)


def _curves(
    results: Results, methods: Sequence[str], printed: pd.Series, multi: bool = False
) -> Figure | None:
    """Precision-recall curves, a panel for each model and data set: two a row, so that they can be
    read on a page. printed: the paper's AP by `BY`, in the legend of the corrected protocol."""
    groups = _answered(results, methods, multi)
    panels = list(dict.fromkeys((group.model, group.dataset) for group in groups))
    if not panels:
        return None
    columns = min(2, len(panels))
    fig, every = style.figure(-(-len(panels) // columns), columns, size=(4.4, 3.8))
    for axes, panel in zip(every, panels, strict=True):
        here = {
            _label(group.method, group.protocol): group
            for group in groups
            if (group.model, group.dataset) == panel
        }
        curves.precision_recall(
            axes,
            {
                name: [
                    precision_recall_curve(*seed, np.ones(len(seed[0])))[:2]
                    for seed in by_seed(group)
                    if seed[0].any()
                ]
                for name, group in here.items()
            },
            looks={name: _look(name) for name in here},
            dashed=[name for name in here if name.endswith(OFFICIAL)],
            labels={name: _ap(name, group, printed) for name, group in here.items()},
        )
        if any((panel[0], group.method, panel[1]) in printed.index for group in here.values()):
            explain_in_text(axes)
        axes.legend(loc="best")
        axes.set_title(results.titled(panel[0], results.dataset(panel[1])))
    return fig


def _grid(
    results: Results, methods: Sequence[str], draw: Callable[[Axes, Group], None]
) -> Figure | None:
    """A panel for each method (rows) and each model and data set (columns).

    Where both protocols have scores, the corrected one is drawn.
    """
    groups = _answered(results, methods)
    if not groups:
        return None
    shown = {(g.method, g.model, g.dataset): g for g in reversed(groups)}
    rows = list(dict.fromkeys(group.method for group in groups))
    columns = list(dict.fromkeys((group.model, group.dataset) for group in groups))
    fig, every = style.figure(len(rows), len(columns), size=(3.6, 2.9), sharey="row")
    for axes, (method, panel) in zip(every, product(rows, columns), strict=True):
        group = shown.get((method, *panel))
        if group is None:
            axes.set_axis_off()
            continue
        draw(axes, group)
        axes.set_title(f"{_label(method, group.protocol)}, {group.dataset}")
        axes.label_outer()
    charts.shared_legend(fig, columns=3)
    return fig


def _ap(name: str, group: Group, printed: pd.Series) -> str:
    """A line of a legend: the AP of a group, mean over its seeds, and the paper's."""
    ours = f"{name}: AP {_number(100 * mean_over_seeds(group, average_precision), 1)}"
    theirs = printed.get((group.model, group.method, group.dataset), np.nan)
    return beside(ours, theirs if name == group.method else np.nan, digits=1, between="  ")


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _label(method: str, protocol: str) -> str:
    method = method.partition(" (")[0]  # of Pretrain-W a figure shows only one kind
    return method + (OFFICIAL if protocol == "official" else "")


def _look(name: str) -> style.Look:
    """The look of a method, the same under both protocols."""
    return style.look(name.removesuffix(OFFICIAL))
