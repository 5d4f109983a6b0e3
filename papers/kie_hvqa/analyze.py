"""What the scores of KIE-HVQA mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups`,
`common_groups` and `training`.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from papers.kie_hvqa.settings import CLASS_NAMES, ENGINE, OCRBENCH, QUESTIONS, UNDEGRADED, Settings
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate, rate_among, ratio_of_sums

READS = ("variants", "seeds", "reads", "official")

# The methods of Table 1, as `variants` in paper.yaml name them, and the engine beside them.
BASE, COLD_START, ENGINE_METHOD = "Zero-shot", "SFT", "OCR engine"
RL, RL_EQ3 = "SFT+RL", "SFT+RL (Eq. 3)"
ONLY_CLEAR, ONLY_FINAL = "SFT+RL (only clear)", "SFT+RL (only final)"
METHODS = [BASE, COLD_START, RL, RL_EQ3]
ABLATIONS = [ONLY_CLEAR, ONLY_FINAL, RL]
EVERY_METHOD = [*METHODS, ONLY_CLEAR, ONLY_FINAL, ENGINE_METHOD]
SIMILARITIES = ["clear", "not_clear", "final", "avg"]
COUNTED = ["any_not_clear", "made_up", "hidden", "refused", "legible", "valid", "in_form"]
RATES = ["hallucination", "clear_refused", "valid_json", "form"]
DATASETS = ["OCRBench-KIE", "WildReceipt", "Card", "Average"]
HEADLINES = ["headline", "headline_arxiv"]  # of the two abstracts, on the same gain
RIVAL = "GPT-4o"  # whom it is a gain over
CLEAN = [UNDEGRADED, *OCRBENCH.values()]


METRICS = {
    metric.name: metric
    for metric in [
        *(Metric(name, (name,), rate) for name in SIMILARITIES),
        Metric("not_clear_where_any", ("not_clear", "any_not_clear"), rate_among),
        Metric("hallucination", ("made_up", "hidden"), ratio_of_sums),
        Metric("clear_refused", ("refused", "legible"), ratio_of_sums),
        Metric("valid_json", ("valid",), rate),
        Metric("form", ("in_form",), rate),
        Metric("right_answers", ("right",), rate, unit="", of=QUESTIONS),
        Metric("gain_over_gpt4o", ("gain",), mean),
        Metric("read_by_engine", ("read",), rate),
    ]
}

ITEMS = [
    Item("table1", SIMILARITIES, [*METHODS, ENGINE_METHOD], DATASETS),
    Item("table2", ["right_answers"], [*METHODS, ENGINE_METHOD], CLEAN),
    Item("table3", SIMILARITIES[:3], ABLATIONS, ["Average"]),
    Item("not_clear", ["not_clear", "not_clear_where_any"], EVERY_METHOD, DATASETS),
    Item("rates", RATES, EVERY_METHOD),
    *(Item(name, ["gain_over_gpt4o"], [RL], ["Average"]) for name in HEADLINES),
    Item("legibility", ["read_by_engine"], [ENGINE_METHOD], list(CLASS_NAMES.values())),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `<variant>-s<seed>.parquet`; of the rival's too, for the gain over it."""
    found = []
    for name, variant in settings.variants.items():
        frames = {
            seed: read_scores(scores / f"{name}-s{seed}.parquet")
            for seed in settings.seeds_of(name)
        }
        found += _by_dataset(frames, settings.name, variant.method, settings.everything)
        rival = scores.parent / RIVAL / "base-s0.parquet"
        if variant.method == RL and rival.is_file():
            found.append(_gain(frames, read_scores(rival), settings))
    return found


def _gain(frames: dict[int, pd.DataFrame], rival: pd.DataFrame, settings: Settings) -> Group:
    """What each degraded row's mean similarity is above the rival's."""
    theirs = rival.set_index("id")["avg"]
    gains = {
        seed: frame[~frame["dataset"].isin(CLEAN)].assign(
            gain=lambda rows: rows["avg"] - theirs.reindex(rows["id"]).to_numpy()
        )
        for seed, frame in frames.items()
    }
    key = {"model": settings.name, "method": RL, "dataset": settings.everything}
    return group_from_frames(gains, ["gain"], protocol="corrected", **key)


def common_groups(scores: Path, settings: Settings) -> list[Group]:
    """Of the OCR engine, where it could read the lines: its scores, and characters by class."""
    if settings.reads != "lines":
        return []
    frames = {0: read_scores(scores / "engine.parquet")}
    found = [*_by_dataset(frames, ENGINE, ENGINE_METHOD, settings.everything)]
    characters = read_scores(scores / "legibility.parquet")
    for name, rows in characters.groupby("dataset", observed=True):
        key = {"model": ENGINE, "method": ENGINE_METHOD, "dataset": str(name)}
        found.append(group_from_frames({0: rows}, ["read"], protocol="corrected", **key))
    return found


def _by_dataset(
    frames: dict[int, pd.DataFrame], model: str, method: str, everything: str
) -> Iterator[Group]:
    """A group a data set, and one of all the degraded ones."""
    parts = {
        str(name): {s: f[f["dataset"] == name] for s, f in frames.items()}
        for name in next(iter(frames.values()))["dataset"].unique()
    }
    parts[everything] = {s: f[~f["dataset"].isin(CLEAN)] for s, f in frames.items()}
    for name, chosen in parts.items():
        columns = ["right"] if name in CLEAN else [*SIMILARITIES, *COUNTED]
        key = {"model": model, "method": method, "dataset": name, "protocol": "corrected"}
        yield group_from_frames(chosen, columns, **key)


def training(method: str) -> str:
    """The training whose seeds a method's are; none of the model before it nor of the engine."""
    return "" if method in (BASE, ENGINE_METHOD) else method
