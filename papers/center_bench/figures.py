"""The figures of CenterBench. The paper's own are known by their number alone (nine), so these are
ours, about what its abstract speaks of: accuracy and the gap, by level and by type of question.
`scorer_audit` shows what either scorer accepts.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from papers.center_bench.analyze import (
    FOLLOWS,
    GAPS,
    LEVELS,
    PREPARED,
    RELEASED,
    SOLVERS,
    SUBSETS,
    TYPES,
    WHOLE,
    by_level,
    by_subset,
    by_type,
    model_labels,
    prepared,
)
from shared.comparison.scores import read_scores
from shared.plots import charts, style
from shared.plots.figure import figure
from shared.plots.results import Results, array, squares

SCORERS = {"corrected": "strict scorer", "official": "official scorer"}
NAMES = {"level": by_level, "type": by_type}  # of the data sets of a part
LABELS = {
    "level": [str(level) for level in LEVELS],
    "type": ["action", "agent", "count", "nested", "causes", "conse-\nquence"],
}
# In the audit, where every row is labelled
SHORT = {kind: name.replace("-\n", "") for kind, name in zip(TYPES, LABELS["type"], strict=True)}
Y_LABELS = {"accuracy": "Accuracy (%)", "gap": "Gap (points)"}
ACCURACIES = [by_subset(source) for source in SUBSETS]
BY = ("model", "method", "dataset")
TITLES = {  # of the gaps; accuracies are titled by their data set
    "CenterBench": "CenterBench, plausible − implausible",
    "Generated": "Generated, plausible − implausible",
    "Generated, same words": "Generated, plausible − same words",
}


@figure(
    "Accuracy by level (number of relative clauses), of models with 95 % intervals over "
    "sentences. Upper rows of a source: the strict scorer; lower rows: the official one."
)
def accuracy_by_level(results: Results) -> Figure | None:
    return _panels(results, "accuracy", "level", ACCURACIES)


@figure(
    "Accuracy on plausible sentences minus accuracy on the others, by level, with 95 % "
    "intervals over sentences. The paper's claim is that it widens. Plausibility, the shortcut "
    "itself, shows what a model that only guesses would: its gap is wide from the first level and "
    "need not widen (claim c1b), so readings_by_level looks at the answers themselves."
)
def gap_by_level(results: Results) -> Figure | None:
    return _panels(results, "gap", "level", [list(GAPS)])


@figure(
    "Which reading of the sentence the answers follow, in % of the questions on which the shortcut "
    "(the most plausible verb for each noun) is wrong: its structure (the right answer), the "
    "shortcut, the nearest verb, or none of these; with 95 % intervals over sentences, by the "
    "strict scorer. At level 1 the shortcut, where wrong, is also the nearest verb."
)
def readings_by_level(results: Results) -> Figure | None:
    """A row a subset, a column a model and mode, a line a reading."""
    found = {
        reading: results.of("readings_by_level", metric, by=BY)
        for reading, metric in FOLLOWS.items()
    }
    cells = pd.concat(found, names=["reading"]).reset_index()
    cells = cells[cells["model"].isin(results.models)].dropna(subset=["value"])
    if cells.empty:
        return None
    cells = cells.assign(label=model_labels(cells)).set_index(["label", "reading", "dataset"])
    labels = list(dict.fromkeys(cells.index.get_level_values("label")))
    there = set(cells.index.get_level_values("dataset"))
    subsets = [name for name in WHOLE if there & {*by_level([name])}]
    fig, panels = style.figure(len(subsets), len(labels), size=(3.9, 2.6), sharey=True)
    for axes, (subset, label) in zip(panels, product(subsets, labels), strict=True):
        numbers = array(cells.loc[label], list(FOLLOWS), by_level([subset]))
        charts.points(
            axes,
            numbers[..., 0],
            numbers[..., 1:],
            groups=LABELS["level"],
            series=list(FOLLOWS),
            looks=style.looks(FOLLOWS),
            joined=True,
            label="Answers (%)",
        )
        axes.set(title=f"{subset}, {label}", ylim=(-4, 104), xlabel="Level")
        axes.label_outer()
    charts.shared_legend(fig, columns=min(4, 2 * len(labels)))
    return fig


@figure(
    "Accuracy on plausible sentences minus accuracy on the others, by type of question, with "
    "95 % intervals. The paper's claim is that it is below zero for consequences."
)
def gap_by_type(results: Results) -> Figure | None:
    return _panels(results, "gap", "type", [list(GAPS)])


@figure(
    "Accuracy by type of question, with 95 % intervals. action: what an entity did; agent: who "
    "acted on it; count: how many entities; nested: what the entity acted upon did; causes: "
    "the events before; consequence: what followed."
)
def accuracy_by_type(results: Results) -> Figure | None:
    return _panels(results, "accuracy", "type", ACCURACIES)


@figure(
    "Share of prepared answers that each scorer accepts (%), on the released questions. The "
    "official one can't tell who did what to whom where it compares sentence embeddings.",
    subject="both scorers",
)
def scorer_audit(results: Results) -> Figure | None:
    """What both scorers accept of answers that are right or wrong by construction."""
    key = ["type", "right", "answer_kind"]
    kinds = read_scores(results.folder / "scores" / "scorer_audit.parquet", key)[key]
    kinds = kinds.drop_duplicates()
    if kinds.empty:
        return None
    kinds = kinds.sort_values("type", key=lambda types: types.map(TYPES.index), kind="stable")
    accepted = results.of("scorer_audit", "accepted", by=("dataset", "protocol"))
    halves = sorted(kinds.groupby("right"), reverse=True)
    heights = [len(rows) for _, rows in halves]
    fig, panels = style.figure(
        len(halves),
        size=(8.4, 0.32 * sum(heights) / len(heights) + 0.6),
        gridspec_kw={"height_ratios": heights},
    )
    for axes, (right, rows) in zip(panels, halves, strict=True):
        labels = {
            prepared(kind, right, answer): f"{SHORT[kind]}: {answer}"
            for kind, answer in zip(rows["type"], rows["answer_kind"], strict=True)
        }
        shown = accepted.rename(labels, level="dataset")
        squares(axes, shown, list(labels.values()), SCORERS, digits=1)
        wish = "all should be accepted" if right else "none should be accepted"
        axes.set_title(f"{'Right' if right else 'Wrong'} answers: {wish}")
    return fig


def _panels(
    results: Results, metric: str, part: str, rows: Sequence[Sequence[str]]
) -> Figure | None:
    """For each of `rows` (of data sets) and each scorer a row of panels, one a data set: a metric
    over the levels or types, markers of one look a model. What has no numbers of a model is left
    out, and so are the intervals of solvers, which would hide those of models."""
    models = _models(results)
    solvers = np.isin(models, list(SOLVERS.values()))
    numbers = {
        (protocol, dataset): _numbers(results, metric, part, protocol, dataset, models)
        for protocol in SCORERS
        for row in rows
        for dataset in row
    }
    numbers = {k: found for k, found in numbers.items() if np.isfinite(found[~solvers]).any()}
    drawn = [
        (protocol, [name for name in row if (protocol, name) in numbers])
        for row in rows
        for protocol in SCORERS
    ]
    drawn = [(protocol, datasets) for protocol, datasets in drawn if datasets]
    if not drawn:
        return None
    columns = max(len(datasets) for _, datasets in drawn)
    fig, panels = style.figure(len(drawn), columns, size=(4.6, 2.8), sharey=True)
    for index, axes in enumerate(panels):
        protocol, datasets = drawn[index // columns]
        if index % columns >= len(datasets):
            axes.set_axis_off()
            continue
        dataset = datasets[index % columns]
        found = numbers[protocol, dataset]
        there = np.isfinite(found).any(axis=(1, 2))
        found = np.where(solvers[:, None, None] & [False, True, True], np.nan, found)
        charts.points(
            axes,
            found[there, :, 0],
            found[there, :, 1:],
            groups=LABELS[part],
            series=[name for name, any_ in zip(models, there, strict=True) if any_],
            looks=style.looks(models),
            joined=part == "level",
        )
        axes.set_title(TITLES.get(dataset, dataset))
        if index % columns == 0:
            axes.set_ylabel(f"{Y_LABELS[metric]}\n{SCORERS[protocol]}")
        if part == "level" and index // columns == len(drawn) - 1:
            axes.set_xlabel("Level")
        if metric == "gap":
            axes.axhline(0, color=style.INK, linewidth=0.9, zorder=1.5)
        else:
            axes.set_ylim(-4, 104)
    charts.shared_legend(fig, columns=4)
    return fig


def _models(results: Results) -> list[str]:
    """Names of language models (with their mode) and solvers, in the order of the cells."""
    cells = results.cells
    return list(dict.fromkeys(model_labels(cells[~cells["model"].isin([RELEASED, PREPARED])])))


def _numbers(
    results: Results, metric: str, part: str, protocol: str, dataset: str, models: Sequence[str]
) -> np.ndarray:
    """Value and interval (models, levels or types, 3); NaN where there is no cell."""
    cells = results.of(f"{metric}_by_{part}", metric, protocol, BY)
    cells = cells.reset_index()
    cells = cells.assign(label=model_labels(cells)).set_index(["label", "dataset"])
    return array(cells, models, NAMES[part]([dataset]))
