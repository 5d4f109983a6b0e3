"""What the scores of R-Tuning mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups`, and a
function for each claim that is more than "A beats B".
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from papers.r_tuning.methods import BASE, METHODS
from papers.r_tuning.settings import Settings, Variant
from shared.comparison.cells import Item
from shared.comparison.findings import Finding
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.markdown import markdown_table
from shared.comparison.scores import read_scores
from shared.metrics.calibration import expected_calibration_error
from shared.metrics.metric import Metric
from shared.metrics.ranking import average_precision
from shared.metrics.rates import mean, rate, rate_among

READS = ("tasks", "variants")

PRETRAIN_W = "Pretrain-W"  # Table 8: on the questions that R-Tuning-R answers
PRETRAIN_W_PADDING = "Pretrain-W (R-Tuning)"  # Figure 3: on those that R-Tuning answers
PRETRAIN = {"R-Tuning": PRETRAIN_W_PADDING, "R-Tuning-R": PRETRAIN_W}
TESTS = ("id_test", "ood_test")
REFUSAL_SETS = ("unanswerable", "answerable")
CORRECT = {"corrected": "correct", "official": "correct_official"}

METRICS = {
    metric.name: metric
    for metric in [
        Metric("ap", ("correct", "confidence"), average_precision),
        Metric("ap_strict", ("correct_strict", "confidence"), average_precision),
        # eq. 3: right among those willingly answered
        Metric("accuracy", ("correct", "willing"), rate_among),
        Metric("accuracy_strict", ("correct_strict", "willing"), rate_among),
        Metric("accuracy_all", ("correct",), rate),  # Table 14: over all questions
        Metric("answer_rate", ("willing",), rate),
        Metric("confidence", ("confidence",), mean),
        Metric("sure_probability", ("sure_probability",), mean),
        Metric("ece", ("correct", "confidence"), expected_calibration_error, unit=""),
        Metric("refusal_rate", ("refused",), rate),
        Metric("perplexity_d1", ("perplexity", "d1"), rate_among, unit=""),
        Metric("perplexity_d0", ("perplexity", "d0"), rate_among, unit=""),
        Metric("d1_share", ("d1",), rate),
    ]
}

ITEMS = [
    Item("table1", ["ap", "ap_strict"], ["R-Tuning", "Vanilla"]),
    Item("table2", ["ap", "ap_strict"], ["R-Tuning", "R-Tuning-U", "Vanilla-C", "Vanilla-U"]),
    Item("table3", ["refusal_rate"], ["R-Tuning", "Vanilla", "Pretrain-T"]),
    Item("table4", ["perplexity_d1", "perplexity_d0"], ["Pretrain-T"]),
    Item("table7", ["refusal_rate"], ["R-Tuning-R", "R-Tuning", "Vanilla", "Pretrain-T"]),
    Item(
        "table8",
        ["accuracy", "accuracy_strict"],
        ["R-Tuning-R", "Vanilla", "Pretrain-T", PRETRAIN_W],
    ),
    Item("table8", ["answer_rate"], ["R-Tuning-R"]),
    Item("table10", ["perplexity_d1", "perplexity_d0"], ["Pretrain-T"]),
    Item(
        "table12",
        ["accuracy", "answer_rate"],
        ["R-Tuning-R", "Min-loss"],
        ["ParaRel ID", "ParaRel OOD"],
    ),
    Item("table14", ["accuracy_all", "confidence"], ["R-Tuning-U", "Vanilla-C"]),
    Item("table15", ["sure_probability"], ["R-Tuning-U", "Vanilla-C"]),
    Item("table16", ["ece"], ["R-Tuning-U", "Vanilla-C"]),
    Item(
        "figure3",
        ["accuracy", "accuracy_strict"],
        ["R-Tuning", "Vanilla", "Pretrain-T", PRETRAIN_W_PADDING],
    ),
    Item("figure3", ["answer_rate"], ["R-Tuning"]),
    Item("figure6", ["d1_share"], ["Pretrain-T"]),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `<task>/base.parquet` and `<task>/<variant>-s<seed>.parquet`."""
    found = []
    for task in settings.tasks:
        base = read_scores(scores / task / "base.parquet")
        found += _training_groups(base, settings)
        runs = {
            name: {s: read_scores(scores / task / f"{name}-s{s}.parquet") for s in variant.seeds}
            for name, variant in settings.variants.items()
            if task in (variant.tasks or settings.tasks)
        }
        protocols = {settings.variants[name].protocol for name in runs}
        for protocol in sorted(protocols):
            own = {n: runs[n] for n in runs if settings.variants[n].protocol == protocol}
            for method, frames in _methods(base, own, settings.variants, protocol):
                found += _test_groups(frames, method, protocol, settings)
    return found


Frames = dict[int, pd.DataFrame]  # by seed


def _methods(
    base: pd.DataFrame, runs: dict[str, Frames], variants: dict[str, Variant], protocol: str
) -> Iterator[tuple[str, Frames]]:
    """(name of the method, its scores by seed), rows as the comparison reads them:
    `correct`, `confidence` (which AP ranks by), `willing`, `refused`, ..."""
    plain = _plain(base[base["split"] != "train"], protocol)
    yield BASE.name, {0: plain}
    sampled: Frames = {}
    for name, frames in runs.items():
        method = METHODS[variants[name].method].name
        reading = METHODS[variants[name].method].willing
        read = {s: reading(_plain(frame, protocol)) for s, frame in frames.items()}
        yield method, read
        if variants[name].sampled:
            sampled = {s: _majority(frames[s]) for s in variants[name].sampled}
        if method in PRETRAIN:
            willing = {s: frame[["id", "willing"]] for s, frame in read.items()}
            kept = plain.drop(columns="willing")
            yield (
                PRETRAIN[method],
                {s: kept.merge(frame, on="id") for s, frame in willing.items()},
            )
    checked = next((frames for n, frames in runs.items() if variants[n].checks_answers_of), {})
    for seed, frame in checked.items():
        sure = frame.set_index("id")["sure_of_majority"]
        sampled[seed]["sure_probability"] = sampled[seed]["id"].map(sure)
    if sampled:
        yield "Vanilla-C", sampled
    if checked:
        yield (
            "Vanilla-U",
            {s: sampled[s].assign(confidence=sampled[s]["sure_probability"]) for s in checked},
        )


def _plain(frame: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """A model that answers everything and is as confident as its tokens."""
    return frame.assign(
        correct=frame[CORRECT[protocol]], confidence=frame["answer_confidence"], willing=True
    )


def _majority(frame: pd.DataFrame) -> pd.DataFrame:
    """Vanilla-C: the majority of k sampled answers, its share as confidence (eq. 8)."""
    frame = frame[frame["split"].isin(TESTS)]
    return frame.assign(
        correct=frame["majority_correct"],
        correct_strict=frame["majority_correct_strict"],
        confidence=frame["majority_share"],
        willing=True,
    )


def _test_groups(frames: Frames, method: str, protocol: str, settings: Settings) -> Iterator[Group]:
    columns = ["correct", "correct_strict", "confidence", "willing", "sure_probability"]
    for splits, names in ((TESTS, columns), (REFUSAL_SETS, ["refused"])):
        chosen = {s: frame[frame["split"].isin(splits)] for s, frame in frames.items()}
        present = [
            name
            for name in names
            if all(name in frame and frame[name].notna().any() for frame in chosen.values())
        ]
        for dataset in next(iter(chosen.values()))["dataset"].unique():
            yield group_from_frames(
                {s: frame[frame["dataset"] == dataset] for s, frame in chosen.items()},
                present,
                model=settings.name,
                method=method,
                dataset=str(dataset),
                protocol=protocol,
            )


def _training_groups(base: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    """D1 and D0 of the training questions, and each question's perplexity (Tables 4, 10)."""
    train = base[base["split"] == "train"]
    perplexity = np.exp(train["nll"] / train["tokens"])
    train = train.assign(d1=train["correct"], d0=~train["correct"].astype(bool))
    train = train.assign(perplexity=perplexity)
    for dataset, rows in train.groupby("dataset", observed=True):
        yield group_from_frames(
            {0: rows},
            ["d1", "d0", "perplexity"],
            model=settings.name,
            method=BASE.name,
            dataset=str(dataset).removesuffix(" train"),
            protocol="corrected",
        )


# Claims that are more than "A beats B". Each takes cells (the paper's or ours, under the paper's
# names) with the columns item, model, method, dataset, metric, value.

SIZES = ["OpenLLaMA-3B", "LLaMA-7B", "LLaMA-13B"]


def _values(cells: pd.DataFrame, item: str, metric: str, column: str = "value") -> pd.Series:
    """Values of one item and metric by (method, model, dataset)."""
    own = cells[(cells["item"] == item) & (cells["metric"] == metric)]
    return own.set_index(["method", "model", "dataset"])[column]


def _by_size(values: pd.Series, method: str) -> pd.DataFrame:
    """A method's values: a row per dataset, a column per size of model, smallest first."""
    own = values[values.index.get_level_values("method") == method]
    table = own.unstack("model").droplevel("method")
    return table[[size for size in SIZES if size in table]]


def _count(holds: pd.Series, note: str = "") -> Finding:
    exceptions = ", ".join(
        key if isinstance(key, str) else " / ".join(key) for key in holds.index[~holds]
    )
    return Finding(
        int(holds.sum()), len(holds), note or (f"not: {exceptions}" if exceptions else "")
    )


ONE_SIZE = Finding(0, 0, "needs models of at least two sizes")


def _gap(cells: pd.DataFrame) -> pd.DataFrame:
    values = _values(cells, "table1", "ap")
    return _by_size(values, "R-Tuning") - _by_size(values, "Vanilla")


def gap_grows_with_size(cells: pd.DataFrame) -> Finding:
    gap = _gap(cells)
    return ONE_SIZE if gap.shape[1] < 2 else _count(gap.iloc[:, -1] > gap.iloc[:, 0])


def gap_larger_out_of_domain(cells: pd.DataFrame) -> Finding:
    gap = _gap(cells)
    if gap.shape[1] < 2:
        return Finding(0, 0, "a claim about the largest model; needs LLaMA-13B")
    largest = gap.iloc[:, -1]
    outside = largest.index.str.endswith("OOD")
    out, inside = largest[outside].mean(), largest[~outside].mean()
    return Finding(int(out > inside), 1, f"lead {out:.2f} out of domain, {inside:.2f} in domain")


def ap_rises_with_size(cells: pd.DataFrame) -> Finding:
    table = _by_size(_values(cells, "table1", "ap"), "R-Tuning")
    if table.shape[1] < 2:
        return ONE_SIZE
    return _count((table.diff(axis=1).iloc[:, 1:] > 0).all(axis=1))


def vanilla_falls_from_7b_to_13b(cells: pd.DataFrame) -> Finding:
    table = _by_size(_values(cells, "table1", "ap"), "Vanilla")
    if not {"LLaMA-7B", "LLaMA-13B"} <= set(table):
        return Finding(0, 0, "needs LLaMA-7B and LLaMA-13B")
    named = table.loc[["ParaRel OOD", "MMLU ID"]]
    return _count(named["LLaMA-13B"] < named["LLaMA-7B"])


def refusal_thresholds(cells: pd.DataFrame) -> Finding:
    """Lower and upper bounds in percent, as the claim states them."""
    bounds = {"R-Tuning": (87, 100), "R-Tuning-R": (97.6, 100), "Vanilla": (0, 35)}
    bounds["Pretrain-T"] = (0, 28)
    values = _values(cells, "table7", "refusal_rate")
    values = values[~values.index.get_level_values("dataset").str.endswith("answerable")]
    within = [bounds[method][0] <= v <= bounds[method][1] for (method, *_), v in values.items()]
    return _count(pd.Series(within, index=values.index, dtype=bool))


def _lower_in_d1(cells: pd.DataFrame, item: str, metric: str) -> Finding:
    """Counts of D1 below D0; on our cells, which have bootstrap draws, also their difference."""
    first, second = (_values(cells, item, f"{metric}_{part}") for part in ("d1", "d0"))
    if first.empty:
        return Finding(0, 0, f"no cells of {item}")
    counted = _count(first < second)
    if "draws" not in cells:
        return counted
    n = cells.loc[(cells["item"] == item) & cells["metric"].str.startswith(metric), "n"].sum()
    one, zero = (
        np.mean(_values(cells, item, f"{metric}_{part}", "draws").tolist(), axis=0)
        for part in ("d1", "d0")
    )
    effect = float((first - second).mean())
    return Finding.of_draws(counted.in_direction, counted.total, effect, one - zero, n=int(n))


def perplexity_lower_in_d1(cells: pd.DataFrame) -> Finding:
    return _lower_in_d1(cells, "table4", "perplexity")


def entropy_lower_in_d1(cells: pd.DataFrame) -> Finding:
    found = _lower_in_d1(cells, "table5", "entropy")
    return found if found.total else Finding(0, 0, "needs answers of gpt-3.5-turbo")


def _min_loss(cells: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Table 12: a row per (model, dataset), columns Min-loss and R-Tuning-R; or empty."""
    table = _values(cells, "table12", metric).unstack("method")
    return table.dropna() if {"Min-loss", "R-Tuning-R"} <= set(table) else table.iloc[:0]


def min_loss_better_at_3b(cells: pd.DataFrame) -> Finding:
    table = _min_loss(cells, "accuracy")
    table = table[table.index.get_level_values("model") == "OpenLLaMA-3B"]
    if table.empty:
        return Finding(0, 0, "no run of min-loss")
    return _count(table["Min-loss"] > table["R-Tuning-R"])


def min_loss_worse_out_of_domain(cells: pd.DataFrame) -> Finding:
    table = _min_loss(cells, "accuracy")
    models, datasets = (table.index.get_level_values(level) for level in ("model", "dataset"))
    table = table[models.isin(SIZES[1:]) & datasets.str.endswith("OOD")]
    if table.empty:
        return Finding(0, 0, "needs LLaMA-7B and LLaMA-13B")
    return _count(table["Min-loss"] < table["R-Tuning-R"])


def accuracy_trades_off_with_answer_rate(cells: pd.DataFrame) -> Finding:
    accuracy, answered = _min_loss(cells, "accuracy"), _min_loss(cells, "answer_rate")
    if accuracy.empty:
        return Finding(0, 0, "no run of min-loss")
    better = accuracy["Min-loss"] > accuracy["R-Tuning-R"]
    fewer = answered["Min-loss"] < answered["R-Tuning-R"]
    return _count(better == fewer)


def no_gain_at_chance(cells: pd.DataFrame) -> Finding:
    """On MMLU with the smallest model, AP of both methods within 2 points of chance (25 %)."""
    values = _values(cells, "table1", "ap")
    models, datasets = (values.index.get_level_values(level) for level in ("model", "dataset"))
    values = values[(models == SIZES[0]) & datasets.str.startswith("MMLU")]
    if values.empty:
        return Finding(0, 0, "MMLU was not run")
    near = (values - 25).abs() <= 2
    return _count(near.groupby("dataset").all())


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper; what its figures show is drawn."""
    items = [item for item in found["item"].unique() if item.startswith("table")]
    return {item: markdown_table(found, item) for item in items}
