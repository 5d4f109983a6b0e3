"""The figures of Refusal Tokens. The paper's own could not be read: these are ours."""

import numpy as np
from matplotlib.figure import Figure

from papers.refusal_tokens import analyze, decisions
from papers.refusal_tokens.analyze import CALIBRATED, CATEGORIES, KEYS, ONE, UNTUNED
from shared.comparison.groups import Group
from shared.metrics.tradeoff import roc_curve
from shared.plots import charts, curves, style
from shared.plots.figure import figure
from shared.plots.results import Results, array, bars, squares

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


def _ours(results: Results, paper: str) -> str:
    """Our name of a data set of the paper."""
    ours = {theirs: name for name, theirs in results.analysis.stand_ins.datasets.items()}
    return ours.get(paper, paper)


@figure(
    "Refused of the requests that should be refused against refused of the contrast requests, "
    "as the threshold on the likeliest refusal token falls (lines: mean of the seeds, bands: "
    "their range; dashed: without contrast data). Markers on or near a line: what a model does "
    "by itself, judged on its words. Star: refusing everything.",
    each_model=True,
)
def roc(results: Results) -> Figure | None:
    """True against false positives over all thresholds, with what the models do by themselves."""
    dataset = _ours(results, "CoCoNot")
    found = {
        group.method: [_curve(group, seed) for seed in range(len(group.seeds))]
        for group in results.groups
        if group.method in analyze.TOKENS
        and (group.dataset, group.protocol) == (dataset, "corrected")
    }
    if not found:  # a model that is only asked
        return None
    areas = results.of("roc", "auroc", "corrected")["value"]
    true, false = (
        results.of("refusal_f1", metric, "corrected")["value"].xs(dataset, level="dataset")
        for metric in ("tpr", "fpr")
    )
    fig, (axes,) = style.figure(size=(6.4, 5.6))
    curves.rates_over_thresholds(
        axes,
        found,
        looks=LOOKS,
        points={name: (false[name], true[name]) for name in true.index},
        dashed=[name for name in found if name.endswith("no contrast")],
        labels={name: f"{name}: area {areas[name, dataset]:.3f}" for name in found},
        always="always refuse",
    )
    axes.set(xlabel="refused of the contrast set (%)", ylabel="refused of the original set (%)")
    axes.set_title(dataset)
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Refusals in words (%) by category of the request, with the token of one category "
    "suppressed at a time. A model that is controlled category by category has low numbers on "
    "the diagonal alone.",
    each_model=True,
)
def control(results: Results) -> Figure | None:
    """Refusals by category (columns) when the token of one category (rows) is suppressed."""
    suppressed = {decisions.COMPARED.of(CATEGORIES): "none"}
    suppressed |= {rule.of(CATEGORIES): key for key, rule in decisions.SUPPRESSED.items()}
    rates = results.of("control", "refusal_rate", "corrected").rename(index=suppressed)
    if rates.empty:
        return None
    categories = {_ours(results, f"{analyze.ORIGINAL}, {key}"): key for key in KEYS}
    fig, (axes,) = style.figure(size=(7.6, 4.2))
    squares(axes, rates, list(suppressed.values()), categories)
    axes.set(xlabel="requests of category", ylabel="suppressed token")
    axes.set_title("Refused (%)")
    return fig


@figure(
    "Refusals in words after a forced first token, with 95 % intervals. What is refused after "
    "[respond] shows how far the token alone decides; with five category tokens, [refuse] "
    "stands for the likeliest of them.",
    each_model=True,
)
def forced(results: Results) -> Figure:
    """Refusals in words after a forced token, beside the untuned model."""
    series = {UNTUNED: UNTUNED}
    for name in CALIBRATED:
        series |= {rule.of(name): name for rule in decisions.FORCED.values()}
    return _bars(results, "forced", series, [analyze.ORIGINAL, analyze.CONTRAST, analyze.ORDINARY])


@figure(
    "Refusals in words of requests that should be answered, with 95 % intervals: contrast "
    "requests look like those to refuse.",
    each_model=True,
)
def contrast(results: Results) -> Figure:
    """Refusals of what should be answered, with and without contrast data in training."""
    series = {name: name for name in (UNTUNED, *analyze.GENERAL)}
    return _bars(results, "contrast", series, [analyze.CONTRAST, analyze.ORDINARY])


@figure(
    "F1 of refusing, by the words of the replies, with 95 % intervals; dashed: F1 of refusing "
    "everything, which is high as more requests should be refused than answered.",
    each_model=True,
)
def f1(results: Results) -> Figure:
    """F1 of every variant beside the F1 of refusing everything."""
    dataset = _ours(results, "CoCoNot")
    floor = results.of("refusal_f1", "f1_always", "corrected")["value"].iloc[0]
    series = [UNTUNED, *analyze.GENERAL]
    numbers = array(results.of("refusal_f1", "f1", "corrected"), series, [dataset])[:, 0]
    fig, (axes,) = style.figure(size=(8.6, 3.9))
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
    axes.plot([-0.5, len(series) - 0.5], [floor, floor], label="always refuse", **line)
    axes.set_ylim(0, 1.02)
    axes.set_title(dataset)
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Refusals in words at five thresholds on the probability of the likeliest refusal token, "
    "with 95 % intervals; dashed: probabilities at the softmax temperature that the released "
    "script ends up with.",
    each_model=True,
)
def thresholds(results: Results) -> Figure | None:
    """Refusals in words at each threshold on the probability of refusal."""
    if results.of("thresholds", "refusal_rate").empty:
        return None
    labels = {"corrected": "{}", "official": "{}, softmax at T = 2"}
    panels = [_ours(results, name) for name in (analyze.ORIGINAL, analyze.CONTRAST)]
    fig, every = style.figure(1, 2, size=(4.8, 3.8), sharey=True)
    for axes, dataset in zip(every, panels, strict=True):
        lines, looks = {}, {}
        for name in CALIBRATED:
            methods = [rule.of(name) for rule in decisions.THRESHOLD.values()]
            for protocol, label in labels.items():
                rates = results.of("thresholds", "refusal_rate", protocol)
                numbers = array(rates, methods, [dataset])[:, 0]
                lines[label.format(name)] = tuple(numbers.T)
                looks[label.format(name)] = LOOKS[name]
        charts.lines_with_band(
            axes,
            np.array(decisions.LEVELS),
            lines,
            looks=looks,
            dashed=[label for label in lines if label not in CALIBRATED],
            labels=("threshold t", "refused (%)"),
        )
        axes.set(title=dataset, ylim=(-3, 103))
        axes.label_outer()
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "The same replies of one model before several judges: how many requests of CoCoNot count as "
    "complied with (%), as inspect-evals measured it; one is of CoCoNot's own paper, on replies "
    "of its own. So much may the choice of the judge alone move a number."
)
def judges(results: Results) -> Figure | None:
    """Compliance by kind of request, judge, model and system prompt, as others measured it."""
    own = results.reported[results.reported["item"] == "coconot_judges"]
    if own.empty:
        return None
    parts = own["method"].str.partition(", judged by ")
    own = own.assign(system=parts[0], judge=parts[2])
    kinds = {name: name.rpartition(" ")[2] for name in own["dataset"].unique()}
    fig, every = style.figure(2, 2, size=(4.8, 3.0), sharey=True)
    looks = style.looks(own["judge"])
    for axes, ((model, system), rows) in zip(every, own.groupby(["model", "system"]), strict=True):
        values = rows.pivot(index="judge", columns="dataset", values="number")
        values = values.loc[list(looks), list(kinds)].to_numpy()
        charts.points(
            axes,
            values,
            np.full((*values.shape, 2), np.nan),
            groups=list(kinds.values()),
            series=list(looks),
            looks=looks,
            label="complied with (%)",
        )
        axes.set(title=f"{model}, {system}", ylim=(-3, 103))
        axes.tick_params(axis="x", rotation=20)
        axes.label_outer()
    charts.shared_legend(fig, columns=2)
    return fig


def _bars(results: Results, item: str, series: dict[str, str], datasets: list[str]) -> Figure:
    """Bars of refusals. series: method under a rule -> the method whose colour it has."""
    fig, (axes,) = style.figure(size=(9.0, 4.0))
    bars(
        axes,
        results.of(item, "refusal_rate", "corrected"),
        {name: LOOKS[method].colour for name, method in series.items()},
        [_ours(results, name) for name in datasets],
        "Refused (%)",
        hatched=["[refuse]" in name or name.endswith("no contrast") for name in series],
    )
    charts.shared_legend(fig, columns=3)
    return fig


def _curve(group: Group, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates of one seed over all thresholds."""
    columns = group.of_seed(seed)
    scores = (np.asarray(columns[name], dtype=float) for name in ("refuse", "chance"))
    return roc_curve(*scores, np.ones(len(group.ids)))[:2]
