"""What the scores of R-Tuning mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from papers.r_tuning.methods import BASE, METHODS
from papers.r_tuning.settings import Settings, Variant
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_table
from shared.comparison.scores import read_scores
from shared.metrics.calibration import expected_calibration_error
from shared.metrics.metric import Metric
from shared.metrics.ranking import average_precision
from shared.metrics.rates import mean_among, rate, rate_among

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
        Metric("confidence", ("confidence",), rate),
        Metric("sure_probability", ("sure_probability",), rate),
        Metric("ece", ("correct", "confidence"), expected_calibration_error, unit=""),
        Metric("refusal_rate", ("refused",), rate),
        Metric("perplexity_d1", ("perplexity", "d1"), mean_among, unit=""),
        Metric("perplexity_d0", ("perplexity", "d0"), mean_among, unit=""),
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


def training(method: str) -> str:
    """The training whose seeds a method's are; none of the pre-trained model."""
    read = {PRETRAIN_W: "R-Tuning-R", PRETRAIN_W_PADDING: "R-Tuning", "Pretrain-T": ""}
    return read.get(method, "Vanilla" if method.startswith("Vanilla") else method)


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper; what its figures show is drawn."""
    items = [item for item in found["item"].unique() if item.startswith("table")]
    return {item: markdown_table(found, item) for item in items}
