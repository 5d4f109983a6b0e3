"""What the scores of R-Tuning mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from papers.r_tuning.methods import BASE, METHODS
from papers.r_tuning.settings import ASKED, Settings, Variant
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.scores import read_scores
from shared.metrics.calibration import expected_calibration_error
from shared.metrics.metric import Metric
from shared.metrics.ranking import average_precision
from shared.metrics.rates import count, mean_among, rate, rate_among
from shared.metrics.traits import traits
from shared.models.spec import display_name

READS = ("tasks", "unanswerable", "variants", "asker")

PRETRAIN_W = "Pretrain-W"  # Table 8: on the questions that R-Tuning-R answers
PRETRAIN_W_PADDING = "Pretrain-W (R-Tuning)"  # Figure 3: on those that R-Tuning answers
PRETRAIN = {"R-Tuning": PRETRAIN_W_PADDING, "R-Tuning-R": PRETRAIN_W}
NEEDED = ("id", "dataset", "split", "correct")  # columns of all scores
TESTS = ("id_test", "ood_test")
SINGLE = ["ParaRel ID", "ParaRel OOD", "MMLU ID", "MMLU OOD"]
MULTI = ["ParaRel", "MMLU", "WiCE", "HotpotQA", "FEVER", "HaluEval-QA"]  # Table 13
AVERAGE = "Average"
ASKER = "gpt-3.5-turbo"  # Tables 5 and 11
REFUSAL_SETS = ("unanswerable", "answerable")
# Table 6: what it counts → our data sets. Those of two tests are counted in their own task, others
# in the multi-task mixture, which has them whole.
PARTS = {"train": "train", "ID test": "ID", "OOD test": "OOD"}
SIZES = {
    **{f"{s} {p}": [f"{s} {own}"] for s in ("ParaRel", "MMLU") for p, own in PARTS.items()},
    **{f"{s} total": [f"{s} {own}" for own in PARTS.values()] for s in ("ParaRel", "MMLU")},
    **{f"{s} train": [f"{s} train"] for s in ("WiCE", "HotpotQA", "FEVER")},
    **{f"{s} test": [s] for s in ("WiCE", "HotpotQA", "FEVER", "HaluEval-QA")},
    **{f"{s} test": [s] for s in ("FalseQA", "NEC", "SelfAware")},
    "SelfAware answerable": ["SelfAware answerable"],
}


@traits(share=True)
def mean_average_precision(
    correct: np.ndarray, confidence: np.ndarray, sets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """AP (eqs 4-6), averaged over the sets of a group (n,), each ranked by itself."""
    parts = [sets == each for each in np.unique(sets)]
    each = [average_precision(correct[p], confidence[p], weights[..., p]) for p in parts]
    return np.mean(each, axis=0)


METRICS = {
    metric.name: metric
    for metric in [
        Metric("ap", ("correct", "confidence", "set"), mean_average_precision),
        Metric("ap_strict", ("correct_strict", "confidence", "set"), mean_average_precision),
        # eq. 3: right among those willingly answered
        Metric("accuracy", ("correct", "willing"), rate_among),
        Metric("accuracy_strict", ("correct_strict", "willing"), rate_among),
        Metric("accuracy_all", ("correct",), rate),  # Table 14: over all questions
        Metric("answer_rate", ("willing",), rate),
        Metric("confidence", ("confidence",), rate),
        Metric("sure_probability", ("sure_probability",), rate),
        Metric("ece", ("correct", "confidence"), expected_calibration_error, unit=""),
        Metric("refusal_rate", ("refused",), rate),
        *(
            Metric(f"{what}_{part}", (what, part), mean_among, unit="")
            for what in ("perplexity", "relative_perplexity", "entropy")
            for part in ("d1", "d0")
        ),
        Metric("d1_share", ("d1",), rate),
        Metric("size", ("row",), count, unit=""),
    ]
}

ITEMS = [
    Item("table1", ["ap", "ap_strict"], ["R-Tuning", "Vanilla"], SINGLE),
    Item(
        "table2", ["ap", "ap_strict"], ["R-Tuning", "R-Tuning-U", "Vanilla-C", "Vanilla-U"], SINGLE
    ),
    Item("table3", ["refusal_rate"], ["R-Tuning", "Vanilla", "Pretrain-T"]),
    Item("table4", ["perplexity_d1", "perplexity_d0"], ["Pretrain-T"]),
    Item("table5", ["entropy_d1", "entropy_d0"], [ASKER]),
    Item("table6", ["size"], [""], list(SIZES)),
    Item("table7", ["refusal_rate"], ["R-Tuning-R", "R-Tuning", "Vanilla", "Pretrain-T"]),
    Item(
        "table8",
        ["accuracy", "accuracy_strict"],
        ["R-Tuning-R", "Vanilla", "Pretrain-T", PRETRAIN_W],
        SINGLE,
    ),
    Item("table8", ["answer_rate"], ["R-Tuning-R"], SINGLE),
    Item("table10", ["perplexity_d1", "perplexity_d0"], ["Pretrain-T"]),
    Item("table11", ["entropy_d1", "entropy_d0"], [ASKER]),
    # more than the paper has: without what relations differ in by their wording
    Item(
        "table4_by_relation", ["relative_perplexity_d1", "relative_perplexity_d0"], ["Pretrain-T"]
    ),
    Item(
        "table12",
        ["accuracy", "answer_rate"],
        ["R-Tuning-R", "Min-loss"],
        ["ParaRel ID", "ParaRel OOD"],
    ),
    Item("table13", ["ap", "ap_strict"], ["R-Tuning", "Vanilla"], [*MULTI, AVERAGE]),
    Item("table14", ["accuracy_all", "confidence"], ["R-Tuning-U", "Vanilla-C"]),
    Item("table15", ["sure_probability"], ["R-Tuning-U", "Vanilla-C"]),
    Item("table16", ["ece"], ["R-Tuning-U", "Vanilla-C"]),
    Item(
        "figure3",
        ["accuracy", "accuracy_strict"],
        ["R-Tuning", "Vanilla", "Pretrain-T", PRETRAIN_W_PADDING],
        SINGLE,
    ),
    Item("figure3", ["answer_rate"], ["R-Tuning"], SINGLE),
    Item("figure6", ["d1_share"], ["Pretrain-T"]),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `<task>/base.parquet` and `<task>/<variant>-s<seed>.parquet`."""
    found: list[Group] = []
    for task in settings.tasks:
        base = read_scores(scores / task / "base.parquet", NEEDED)
        if settings.asker and settings.asker.task == task:
            asked = read_scores(scores.parent / f"{ASKED}.parquet")
            found += _asked_groups(base, asked, settings)
        known = {group.dataset for group in found if "perplexity" in group.columns}
        found += [g for g in _training_groups(base, settings) if g.dataset not in known]
        runs = {
            name: {
                s: read_scores(scores / task / f"{name}-s{s}.parquet", NEEDED)
                for s in variant.seeds
            }
            for name, variant in settings.variants.items()
            if task in (variant.tasks or settings.tasks)
        }
        protocols = {settings.variants[name].protocol for name in runs}
        for protocol in sorted(protocols):
            own = {n: runs[n] for n in runs if settings.variants[n].protocol == protocol}
            for method, frames in _methods(base, own, settings.variants):
                found += _test_groups(frames, method, protocol, settings)
    return found


def common_groups(scores: Path, settings: Settings) -> Iterator[Group]:
    """The rows of public sets that are used whole, for Table 6, from the scores before training."""
    whole: dict[str, pd.DataFrame] = {}
    for name, task in settings.tasks.items():
        base = read_scores(scores / settings.name / name / "base.parquet", NEEDED)
        for (dataset, split), rows in base.groupby(["dataset", "split"], observed=True):
            refusal = split in REFUSAL_SETS and set(settings.unanswerable.values()) == {None}
            if refusal or getattr(task, split, 0) is None:
                whole.setdefault(dataset, rows.assign(row=1))
    for counted, parts in SIZES.items():
        if all(part in whole for part in parts):
            yield group_from_frames(
                {0: pd.concat([whole[part] for part in parts])},
                ["row"],
                model="",
                method="",
                dataset=counted,
                protocol="",
            )


Frames = dict[int, pd.DataFrame]  # by seed


def _methods(
    base: pd.DataFrame, runs: dict[str, Frames], variants: dict[str, Variant]
) -> Iterator[tuple[str, Frames]]:
    """(name of the method, its scores by seed), rows as the comparison reads them:
    `correct`, `confidence` (which AP ranks by), `willing`, `refused`, ..."""
    plain = _plain(base[base["split"] != "train"])
    yield BASE.name, {0: plain}
    sampled: Frames = {}
    for name, frames in runs.items():
        method = METHODS[variants[name].method].name
        reading = METHODS[variants[name].method].willing
        read = {s: reading(_plain(frame)) for s, frame in frames.items()}
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


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A model that answers everything and is as confident as its tokens."""
    return frame.assign(confidence=frame["answer_confidence"], willing=True)


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
        chosen = {s: f.assign(set=pd.factorize(f["dataset"])[0]) for s, f in chosen.items()}
        sets = {name: [name] for name in next(iter(chosen.values()))["dataset"].unique()}
        if set(sets) == set(MULTI):
            sets[AVERAGE] = MULTI
        for dataset, members in sets.items():
            yield group_from_frames(
                {s: frame[frame["dataset"].isin(members)] for s, frame in chosen.items()},
                [*present, "set"],
                model=settings.name,
                method=method,
                dataset=str(dataset),
                protocol=protocol,
            )


def _training_groups(base: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    """Each training question's perplexity (Tables 4, 10): as it is, and over the geometric mean of
    its relation, since relations differ in perplexity and in D1 by their wording."""
    nll = base["nll"] / base["tokens"]
    columns = {"perplexity": np.exp(nll)}
    if "relation" in base:
        usual = nll.groupby([base["dataset"], base["relation"]], observed=True).transform("mean")
        columns["relative_perplexity"] = np.exp(nll - usual)
    return _in_parts(base.assign(**columns), [*columns], BASE.name, settings)


def _asked_groups(base: pd.DataFrame, asked: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    """How unsure another model is of each training question (Tables 5 and 11)."""
    unsure = base["id"].map(asked.set_index("id")["entropy"])
    method = display_name(settings.asker.model)
    return _in_parts(base.assign(entropy=unsure), ["entropy"], method, settings)


def _in_parts(
    base: pd.DataFrame, columns: list[str], method: str, settings: Settings
) -> Iterator[Group]:
    """Training questions with what tells D1 from D0, by data set."""
    train = base[base["split"] == "train"]
    train = train.assign(d1=train["correct"], d0=~train["correct"].astype(bool))
    for dataset, rows in train.groupby("dataset", observed=True):
        yield group_from_frames(
            {0: rows},
            ["d1", "d0", *columns],
            model=settings.name,
            method=method,
            dataset=str(dataset).removesuffix(" train"),
            protocol="corrected",
        )


def training(method: str) -> str:
    """The training whose seeds a method's are; none of the pre-trained model."""
    read = {PRETRAIN_W: "R-Tuning-R", PRETRAIN_W_PADDING: "R-Tuning"}
    read |= dict.fromkeys((BASE.name, ASKER), "")
    return read.get(method, "Vanilla" if method.startswith("Vanilla") else method)


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper; what its figures show is drawn."""
    return markdown_tables(found[found["item"].str.startswith("table")])
