"""The figures of Forbidden Science. The paper's own are not known: these are ours. The first four
are of the published labels, the others of live models and of judges.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from papers.forbidden_science import analyze
from papers.forbidden_science.labels import CATEGORIES, MODELS
from shared.comparison.reported import own_numbers
from shared.plots import charts, style
from shared.plots.figure import figure
from shared.plots.results import Results, array, bars

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
LABELS = "published labels of four models"
LIVE = "live, on the prompts of this scale"
JUDGING = "judges against labelled replies"


@figure(
    "Refusal rates as the abstract prints them (hatched) and as counted from the authors' own "
    "labels, with Wilson's 95 % intervals. For Claude-3.5-sonnet the labels give 381 of 512, "
    "74.41 %, where the abstract has 73 %.",
    subject=LABELS,
)
def refusals(results: Results) -> Figure:
    """Refusal rates of the four models, as the abstract prints them and as the labels say."""
    ours = results.of("abstract", "refusal_rate", by=["model"]).loc[NAMES]
    counts = (ours["value"] * ours["n"] / 100).round().astype(int)
    printed = own_numbers(results.reported)
    printed = printed.query("item == 'abstract' and metric == 'refusal_rate'").set_index("model")
    abstract = pd.DataFrame({"value": printed["number"], "ci_low": np.nan, "ci_high": np.nan})
    groups = {
        name: f"{name}\n{count} of {n}: {value:.2f} %"
        for name, count, n, value in zip(NAMES, counts, ours["n"], ours["value"], strict=True)
    }
    fig, (axes,) = style.figure(size=(7.0, 3.8))
    cells = pd.concat({PRINTED: abstract, COUNTED: ours})
    colours = {PRINTED: "#6E6E6E", COUNTED: style.RIGHT}
    bars(axes, cells, colours, groups, "Refused (%)", hatched=[True, False])
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Share and number of prompts refused, by model and template. T1 to T5 are on controlled "
    "substances, the other two are the over-restriction side.",
    subject=LABELS,
)
def templates(results: Results) -> Figure:
    """Refusals of each model by template: what is asked matters more than about what."""
    rates = results.of("labels_by_template", "refusal_rate", by=["model", "dataset"])
    fig, (axes,) = style.figure(size=(8.2, 3.0))
    _by_template(axes, rates, NAMES)
    return fig


@figure(
    "Agreement of the published labels of two models over the 512 prompts, Cohen's kappa, and "
    "nesting: which share of the refusals of the model in a row the model in a column refuses "
    "too. Mistral refuses nothing.",
    subject=LABELS,
)
def agreement(results: Results) -> Figure:
    """How far the models refuse the same prompts."""
    panels = {
        "agreement": ("Same label (%)", 100, "{:.0f}"),
        "kappa": ("Cohen's kappa", 1, "{:.2f}"),
        "also_refused": ("Row's refusals shared (%)", 100, "{:.0f}"),
    }
    short = [name.replace("-3.5", "\n3.5") for name in NAMES]
    fig, every = style.figure(1, 3, size=(4.3, 3.3))
    for axes, (metric, (title, most, form)) in zip(every, panels.items(), strict=True):
        cells = results.of("labels_agreement", metric, by=["model", "method"])
        values = array(cells, NAMES, [f"with {name}" for name in NAMES])[..., 0]
        texts = [["–" if np.isnan(v) else form.format(v) for v in row] for row in values]
        charts.matrix(axes, values, texts, rows=short, columns=short, limits=(0, most))
        axes.set_title(title)
    return fig


@figure(
    "Share of the published chains of thought with a safety or legal term, by whether the "
    "reply refuses, with 95 % intervals. A proxy of this project; Mistral refuses nothing.",
    subject=LABELS,
)
def thoughts(results: Results) -> Figure:
    """How often the chain of thought speaks of safety, where a model refuses and where not."""
    rates = results.of("labels_cot", "cot_mentions_safety", by=["dataset", "model"])
    colours = {analyze.REFUSING: style.WRONG, analyze.ALLOWING: style.RIGHT}
    fig, (axes,) = style.figure(size=(7.0, 3.6))
    bars(axes, rates, colours, NAMES, "With a safety or legal term (%)")
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Share of the prompts refused, by the model's own flag and by each judge of its replies in "
    "words, with Wilson's 95 % intervals. Of synthesis prompts (T1), and of all the authors' on "
    "controlled substances, there is only the flag.",
    subject=LIVE,
)
def live_refusals(results: Results) -> Figure | None:
    """Refusals of live models by the model's own flag and by each judge, by side."""
    rates = _live(results, "live_refusals", "refusal_rate")
    methods, datasets = _names(rates, "method"), _names(rates, "dataset")
    # where every judge has replies; of the authors' science prompts there are flags alone
    judged = analyze.SCIENCE_JUDGED if analyze.SCIENCE_JUDGED in datasets else analyze.SIDES[0]
    looks = style.looks(methods)
    if not (models := _names(rates, "model")):
        return None
    fig, panels = style.figure(len(models), 1, size=(8.2, 3.8))
    for axes, model in zip(panels, models, strict=True):
        colours = {name: looks[name].colour for name in methods}
        bars(axes, rates.loc[model], colours, (judged, analyze.SIDES[1]), "Refused (%)")
        axes.set_title(model)
    charts.shared_legend(fig, columns=3)
    return fig


@figure(
    "Share and number of the prompts refused, by template and by who judges. Grey: not judged, "
    "as there is no reply in words.",
    subject=LIVE,
)
def live_templates(results: Results) -> Figure | None:
    """Refusals of live models by template, by the model's own flag and by each judge."""
    rates = _live(results, "live_refusals", "refusal_rate")
    methods = _names(rates, "method")
    size = (9.6, 1.4 + 0.55 * len(methods))
    if not (models := _names(rates, "model")):
        return None
    fig, panels = style.figure(len(models), 1, size=size)
    for axes, model in zip(panels, models, strict=True):
        _by_template(axes, rates.loc[model], methods)
        axes.set_title(model)
    return fig


@figure(
    "How far each model is from refusing: the mean of ln P(false)/P(true) of its flag, by "
    "template, with 95 % intervals; above the line it refuses on average. Known of models that run "
    "here.",
    subject=LIVE,
)
def live_log_odds(results: Results) -> Figure | None:
    """Log odds of the flag by template, of each live model."""
    odds = _live(results, "live_refusals", "log_odds").droplevel("method")
    if not (models := _names(odds, "model")):
        return None
    templates = {name: f"{name}\n{words}" for name, words in TEMPLATE_WORDS.items()}
    numbers = array(odds, models, list(templates))
    fig, (axes,) = style.figure(size=(7.6, 3.6))
    charts.points(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=list(templates.values()),
        series=models,
        looks=style.looks(models),
        label="Log odds of refusing",
    )
    axes.axhline(0, color="#8C8C8C", linewidth=1)
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Share of base prompts whose variations all get the same flag, which can only fall as "
    "variations are added to a set, and mean agreement of all pairs of wordings, which need not; "
    "95 % intervals. Crosses: the abstract's 85 % (single prompt) and 65 % (five variations), of "
    "which models and by which definition is not known, so not to be compared. A model that gives "
    "all wordings of every prompt the same flag is left out.",
    subject=LIVE,
)
def consistency(results: Results) -> Figure | None:
    """Consistency of the flag as variations are added, and agreement of pairs of wordings."""
    found = {
        "all variations as the base prompt": _live(results, "live_consistency", "consistency"),
        "pairs of wordings alike": _live(results, "live_consistency", "pairwise_agreement"),
    }
    ours = pd.concat(found, names=["series"]).droplevel("method")
    lowest = ours["value"].groupby(level="model").min()
    ours = ours[ours.index.get_level_values("model").isin(lowest.index[lowest < 100])]
    if ours.empty:
        return None
    datasets = _names(ours, "dataset")
    printed = own_numbers(results.reported).query("metric == 'consistency'")
    stated = printed.set_index("dataset")["number"]
    stated = stated.rename(
        {"single prompt": analyze.variations(1), "five variations": analyze.variations(5)}
    )
    abstract = np.array([[stated.get(name, np.nan), np.nan, np.nan] for name in datasets])
    series = [*found, STATED]
    marks = ((style.RIGHT, "o"), (style.WRONG, "s"), ("#8C8C8C", "X"))
    looks = {name: style.Look(*mark) for name, mark in zip(series, marks, strict=True)}
    models = _names(ours, "model")
    columns = min(2, len(models))  # so that they can be read on a page
    fig, panels = style.figure(-(-len(models) // columns), columns, size=(6.2, 3.8), sharey=True)
    for axes in panels[len(models) :]:
        axes.set_axis_off()
    for place, (axes, model) in enumerate(zip(panels, models, strict=False)):
        numbers = array(ours.xs(model, level="model"), list(found), datasets)
        numbers = np.array([*numbers, abstract])
        charts.points(
            axes,
            numbers[..., 0],
            numbers[..., 1:],
            groups=datasets,
            series=series,
            looks=looks,
            joined=True,
            label="Same flag (%)" if place % columns == 0 else "",
        )
        axes.set(title=model, ylim=(0, 103))
    charts.shared_legend(fig, columns=2)
    return fig


@figure(
    "Sensitivity and specificity of each judge, with Wilson's 95 % intervals, and Cohen's "
    "kappa. 33 of the 112 distinct human-labelled replies occur under both labels, with "
    "different requests, so a judge that reads the reply alone can't be right everywhere.",
    subject=JUDGING,
)
def judges(results: Results) -> Figure | None:
    """Judges against labels: refusals that they find, and others that they leave alone."""
    colours = {
        "sensitivity: refusals called refusals": style.WRONG,
        "specificity: others called no refusal": style.RIGHT,
    }
    found = [
        results.of("judges", metric, by=["dataset", "model"])
        for metric in ("sensitivity", "specificity", "kappa")
    ]
    kappas = found.pop()["value"]
    sources = [name for name in (analyze.PEOPLE, analyze.PUBLISHED) if name in kappas.index]
    if not sources:
        return None
    size = (1.6 + 1.5 * len(_names(kappas, "model")), 3.4)
    fig, panels = style.figure(len(sources), 1, size=size)
    for axes, source in zip(panels, sources, strict=True):
        own = pd.concat([cells.loc[source] for cells in found], keys=colours)
        groups = {
            name: f"{_folded(name)}\nκ {'–' if np.isnan(kappa) else f'{kappa:.2f}'}"
            for name, kappa in kappas[source].items()
        }
        bars(axes, own, colours, groups, "Right (%)")
        axes.set_title(source)
    charts.shared_legend(fig, columns=2)
    return fig


def _by_template(axes: Axes, rates: pd.DataFrame, rows: Sequence[str]) -> None:
    """Refusal rates, indexed by (row, template), with counts."""
    shown = [rates.reindex([(row, template) for template in CATEGORIES]) for row in rows]
    texts = [
        [
            "" if np.isnan(v) else f"{v:.0f} %\n{round(v * n / 100)} of {n:.0f}"
            for v, n in zip(found["value"], found["n"].astype(float), strict=True)
        ]
        for found in shown
    ]
    values = np.array([found["value"] for found in shown])
    columns = [f"{name}\n{TEMPLATE_WORDS[name]}" for name in CATEGORIES]
    charts.matrix(axes, values, texts, rows=rows, columns=columns, limits=(0, 100))


def _live(results: Results, item: str, metric: str) -> pd.DataFrame:
    """Cells of the live models by (model, method, data set); one that was taught is a model of its
    own. A model that its service has retired has none."""
    keys = ["model", "method", "dataset"]
    found = results.of(item, metric, by=keys).reset_index()
    taught = found["method"].str.endswith(analyze.TAUGHT)
    model = found["model"].where(~taught, found["model"] + analyze.TAUGHT)
    method = found["method"].str.removesuffix(analyze.TAUGHT)
    return found.assign(model=model, method=method).set_index(keys)


def _names(cells: pd.DataFrame | pd.Series, level: str) -> list[str]:
    return list(dict.fromkeys(cells.index.get_level_values(level)))


def _folded(name: str) -> str:
    return name.replace(" (", "\n(").replace("-Instruct", "-\nInstruct")
