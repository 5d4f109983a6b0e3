"""What the scores of KIE-HVQA mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups`,
`common_groups`, and a function for each claim that is more than "A beats B".
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from papers.kie_hvqa.settings import CLASS_NAMES, ENGINE, UNDEGRADED, Settings
from shared.comparison.cells import Item
from shared.comparison.findings import Finding
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.markdown import markdown_table
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate, ratio_of_sums

READS = ("variants", "seeds", "reads", "official")

# The methods of Table 1, as `variants` in paper.yaml name them, and the engine beside them.
BASE, COLD_START, ENGINE_METHOD = "Zero-shot", "SFT", "OCR engine"
RL, RL_EQ3 = "SFT+RL", "SFT+RL (Eq. 3)"
ONLY_CLEAR, ONLY_FINAL = "SFT+RL (only clear)", "SFT+RL (only final)"
METHODS = [BASE, COLD_START, RL, RL_EQ3]
ABLATIONS = [ONLY_CLEAR, ONLY_FINAL, RL]
SIMILARITIES = ["clear", "not_clear", "final", "avg"]
RATES = ["hallucination", "clear_refused", "valid_json", "form"]
DATASETS = ["OCRBench-KIE", "WildReceipt", "Card", "Average"]
ASKED = 200  # questions of each part of OCRBench that Table 2 counts right answers of


def _of_200(hits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return ASKED * rate(hits, weights)


METRICS = {
    metric.name: metric
    for metric in [
        *(Metric(name, (name,), mean) for name in SIMILARITIES),
        Metric("hallucination", ("made_up", "hidden"), ratio_of_sums),
        Metric("clear_refused", ("refused", "legible"), ratio_of_sums),
        Metric("valid_json", ("valid",), rate),
        Metric("form", ("in_form",), rate),
        Metric("right_answers", ("right",), _of_200, unit=""),
        Metric("read_by_engine", ("read",), rate),
    ]
}

ITEMS = [
    Item("table1", SIMILARITIES, [*METHODS, ENGINE_METHOD], DATASETS),
    Item("table2", ["right_answers"], [*METHODS, ENGINE_METHOD], [UNDEGRADED]),
    Item("table3", SIMILARITIES[:3], ABLATIONS, ["Average"]),
    Item("rates", RATES, [*METHODS, ONLY_CLEAR, ONLY_FINAL, ENGINE_METHOD]),
    Item("legibility", ["read_by_engine"], [ENGINE_METHOD], list(CLASS_NAMES.values())),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `<variant>-s<seed>.parquet`."""
    found = []
    for name, variant in settings.variants.items():
        seeds = [seed for each, seed in settings.runs() if each == name]
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet") for s in seeds}
        found += _by_dataset(frames, settings.name, variant.method, settings.everything)
    return found


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
    """A group a subset, one of all subsets, and one of the undegraded rows."""
    degraded = {s: f[~f["id"].str.startswith("undegraded/")] for s, f in frames.items()}
    clean = {s: f[f["id"].str.startswith("undegraded/")] for s, f in frames.items()}
    parts = {
        str(name): {s: f[f["dataset"] == name] for s, f in degraded.items()}
        for name in next(iter(degraded.values()))["dataset"].unique()
    }
    parts |= {everything: degraded, UNDEGRADED: clean}
    scored = [*SIMILARITIES, "made_up", "hidden", "refused", "legible", "valid", "in_form"]
    for name, chosen in parts.items():
        columns = ["right"] if name == UNDEGRADED else scored
        key = {"model": model, "method": method, "dataset": name, "protocol": "corrected"}
        yield group_from_frames(chosen, columns, **key)


# Claims that are more than "A beats B". Each takes cells (the paper's or ours, under the paper's
# names) with the columns item, model, method, dataset, metric, value.

QWEN, GPT = "Qwen2.5-VL-7B", "GPT-4o"
AVERAGE = "Average"


def _cells(cells: pd.DataFrame, item: str, **wanted: str) -> pd.DataFrame:
    own = cells[cells["item"] == item]
    for column, value in wanted.items():
        own = own[own[column] == value]
    return own


def _value(cells: pd.DataFrame, **wanted: str) -> float:
    own = _cells(cells, **wanted)["value"]
    return float(own.iloc[0]) if len(own) else np.nan


def _contrast(
    cells: pd.DataFrame, pairs: list[tuple[pd.Series, pd.Series]], hits: int, note: str
) -> Finding:
    """A finding of pairs of cells; with the interval of their mean difference where the cells
    have draws."""
    if "draws" not in cells:
        return Finding(hits, len(pairs), note)
    effect = float(np.mean([first["value"] - second["value"] for first, second in pairs]))
    draws = np.mean([first["draws"] - second["draws"] for first, second in pairs], axis=0)
    n = int(max(first["n"] for first, _ in pairs))
    return Finding.of_draws(hits, len(pairs), effect, draws, note, n)


def beats_every_baseline(cells: pd.DataFrame) -> Finding:
    """SFT+RL against every zero-shot model, on the average of all."""
    own = _cells(cells, "table1", dataset=AVERAGE, metric="avg")
    best = own[own["method"] == RL]
    others = own[own["method"] == BASE]
    if best.empty or others.empty:
        return Finding(0, 0, "needs SFT+RL and a model that was not trained")
    first = best.iloc[0]
    behind = first["value"] > others["value"]
    names = ", ".join(others.loc[~behind, "model"])
    pairs = [(first, other) for _, other in others.iterrows()]
    return _contrast(cells, pairs, int(behind.sum()), f"not: {names}" if names else "")


def gains_in_every_cell(cells: pd.DataFrame) -> Finding:
    """SFT+RL over SFT in the 16 cells of Table 1."""
    own = _cells(cells, "table1", model=QWEN).set_index(["method", "dataset", "metric"])
    if not {RL, COLD_START} <= set(own.index.get_level_values(0)):
        return Finding(0, 0, "needs SFT and SFT+RL")
    after, before = own.loc[RL], own.loc[COLD_START]
    pairs = [(after.loc[key], before.loc[key]) for key in after.index]
    gains = [first["value"] > second["value"] for first, second in pairs]
    losing = [" ".join(key) for key, gain in zip(after.index, gains, strict=True) if not gain]
    return _contrast(cells, pairs, sum(gains), f"not: {', '.join(losing)}" if losing else "")


def margin_is_largest_on_clear(cells: pd.DataFrame) -> Finding:
    """The lead over GPT-4o on clear characters is the largest of the three, and all are leads."""
    lead = {
        metric: _value(cells, item="table1", model=QWEN, method=RL, dataset=AVERAGE, metric=metric)
        - _value(cells, item="table1", model=GPT, method=BASE, dataset=AVERAGE, metric=metric)
        for metric in SIMILARITIES[:3]
    }
    if np.isnan(list(lead.values())).any():
        return Finding(0, 0, "needs GPT-4o")
    holds = lead["clear"] == max(lead.values()) and min(lead.values()) > 0
    shown = ", ".join(f"{name} {value:.2f}" for name, value in lead.items())
    return Finding(int(holds), 1, f"leads: {shown}")


def ability_is_kept(cells: pd.DataFrame) -> Finding:
    """SFT+RL answers at most 2 of 200 fewer than the untrained model, in each part."""
    own = _cells(cells, "table2", model=QWEN, metric="right_answers")
    own = own.set_index(["method", "dataset"])
    if not {RL, BASE} <= set(own.index.get_level_values(0)):
        return Finding(0, 0, "needs SFT+RL and the untrained model")
    after, before = own.loc[RL], own.loc[BASE]
    both = after.index.intersection(before.index)
    kept = after.loc[both, "value"] >= before.loc[both, "value"] - 2
    losing = ", ".join(
        f"{name} ({before.loc[name, 'value']:g} to {after.loc[name, 'value']:g})"
        for name in both[~kept]
    )
    return Finding(int(kept.sum()), len(both), f"not: {losing}" if losing else "")


def scale_alone_does_not_help(cells: pd.DataFrame) -> Finding:
    """Within a family, the largest model is not 2 points better than the smallest."""
    families = {
        "Qwen2.5-VL": [QWEN, "Qwen2.5-VL-32B"],
        "InternVL3": ["InternVL3-8B", "InternVL3-78B"],
    }
    gains = {}
    for family, sizes in families.items():
        small, large = (
            _value(cells, item="table1", model=m, method=BASE, dataset=AVERAGE, metric="avg")
            for m in sizes
        )
        gains[family] = large - small
    gains = {family: gain for family, gain in gains.items() if not np.isnan(gain)}
    if not gains:
        return Finding(0, 0, "needs two sizes of one family")
    shown = ", ".join(f"{family} {gain:+.2f}" for family, gain in gains.items())
    return Finding(sum(gain < 2 for gain in gains.values()), len(gains), shown)


def tables(found: pd.DataFrame) -> dict[str, str]:
    return {item: markdown_table(found, item) for item in found["item"].unique()}
