"""What the scores of ReSA mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from papers.resa.settings import BASE as BASE_RUN
from papers.resa.settings import Settings
from papers.resa.test_sets import (
    ALL_BENIGN,
    ALL_FACTS,
    AVERAGES,
    FOUR,
    HOUSE,
    PREFILLING,
    THREE_ATTACKS,
    UNSEEN,
    WHOLE_HARMFUL,
    WHOLE_PLAIN,
    harmful,
    size_name,
)
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_table
from shared.comparison.scores import read_scores
from shared.judges.registry import STRING_RULES
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate, seconds

READS = ("variants", "untrained")

BASE, PLAIN, POST_HOC = "Base", "Plain", "Post-hoc (embedding guard)"
RESA, ADAPTIVE, REINFORCED = "ReSA-SFT", "ReSA-SFT-Adaptive", "ReSA-RL"
ONLY_WJ, WJ, DELIBERATIVE = "ReSA-SFT (Only WJ)", "WJ-SFT", "Deliberative Alignment"
METHODS = [BASE, POST_HOC, WJ, DELIBERATIVE, RESA, ONLY_WJ, ADAPTIVE, REINFORCED]
WITH_PLAN = [RESA, ONLY_WJ, ADAPTIVE, REINFORCED]

JUDGED = {f"dsr_{rule}": f"safe_{name}" for rule, name in STRING_RULES.items()}
METRICS = {
    metric.name: metric
    for metric in [
        Metric("dsr", ("safe",), rate, unit=""),
        *(Metric(name, (column,), rate, unit="") for name, column in JUDGED.items()),
        Metric("over_refusal_accuracy", ("answered",), rate),
        Metric("over_refusal_share", ("answered",), rate, unit=""),  # Table 4 prints fractions
        Metric("accuracy", ("correct",), rate),
        Metric("summary_safety", ("summary_safe",), rate, unit=""),
        Metric("check_jailbreak_rate", ("check_fooled",), rate),
        Metric("well_formed", ("well_formed",), rate),
        Metric("response_tokens", ("reply_tokens",), mean, unit=""),
        Metric("runtime_seconds", ("seconds",), seconds, unit=""),
        # Figure 4: the same as dsr, over_refusal_share and accuracy, over data set sizes
        Metric("safety", ("curve_safe",), rate, unit=""),
        Metric("over_refusal", ("curve_answered",), rate, unit=""),
        Metric("reasoning", ("curve_correct",), rate, unit=""),
    ]
}

FOUR_SETS = [*FOUR, "Avg of 4"]
EIGHT_SETS = [*FOUR, "GPTFuzzer", "ReNeLLM", "TAP", "PAIR", "Avg"]
GEMMA = ["gemma-3-4b-it"]
ITEMS = [
    Item("table2", ["dsr"], [BASE, POST_HOC, WJ, RESA, REINFORCED], EIGHT_SETS),
    Item(
        "table3",
        ["over_refusal_accuracy", "accuracy"],
        [BASE, POST_HOC, WJ, RESA, REINFORCED],
        ["XSTest", "OKTest", "WJ-Eval", "Avg OR", "MATH500", "HumanEval", "MMLU"],
    ),
    Item("table4", ["dsr"], [PLAIN, DELIBERATIVE, RESA, REINFORCED], ["PAIR-GPT", "PAP"]),
    Item(
        "table4",
        ["over_refusal_share"],
        [PLAIN, DELIBERATIVE, RESA, REINFORCED],
        ["XSTest", "OKTest", "Avg OR"],
    ),
    Item(
        "table6",
        ["response_tokens", "runtime_seconds"],
        [BASE, RESA, ADAPTIVE],
        ["StrongREJECT", "MATH500"],
    ),
    Item("table9", ["dsr"], [BASE, WJ, RESA], FOUR_SETS, GEMMA),
    Item(
        "table10",
        ["over_refusal_accuracy", "accuracy"],
        [BASE, WJ, RESA],
        ["XSTest", "MMLU"],
        GEMMA,
    ),
    Item("table13", ["dsr"], [BASE, WJ, RESA], FOUR_SETS),
    Item("table13", ["dsr"], [RESA], [f"{name}{PREFILLING}" for name in FOUR_SETS]),
    Item("table14", ["dsr"], [RESA, ADAPTIVE], FOUR_SETS),
    Item("table15", ["over_refusal_accuracy", "accuracy"], [RESA, ADAPTIVE], ["XSTest", "MMLU"]),
    Item("table16", ["summary_safety"], [RESA, REINFORCED], FOUR_SETS),
    Item("table17", ["dsr"], [BASE, POST_HOC, RESA], FOUR_SETS),
    Item("table18", ["dsr"], [BASE, WJ, ONLY_WJ, RESA], EIGHT_SETS),
    Item("table19", ["check_jailbreak_rate"], [RESA], FOUR_SETS),
    Item("figure4", ["safety", "over_refusal", "reasoning"], [BASE, WJ, RESA]),
    # more than the paper has: every method on every set, by every judge
    Item("defence_by_judge", ["dsr", *JUDGED], METHODS),
    Item("unseen_attacks", ["dsr"], METHODS, [harmful(name, HOUSE).name for name in UNSEEN]),
    Item("over_refusal", ["over_refusal_accuracy"], METHODS),
    Item("utility", ["accuracy", "response_tokens"], METHODS),
    Item("checks", ["well_formed"], [*WITH_PLAN, DELIBERATIVE]),
    Item("checks", ["summary_safety", "check_jailbreak_rate"], WITH_PLAN),
]

NEEDED = ("id", "dataset", "attack", "source", "prefilled", "kind", "request")

Frames = dict[int, pd.DataFrame]  # by seed


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `base.parquet` and `<variant>-s<seed>.parquet`; also of the sizes of
    Figure 4."""
    base = read_scores(scores / f"{BASE_RUN}.parquet", NEEDED)
    made = partial(_groups, model=settings.name)
    found = [*made({0: base}, settings.untrained), *made({0: filtered(base)}, POST_HOC)]
    found += _curve({0: base}, settings.untrained, "no data", settings.name)
    for name, variant in settings.variants.items():
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet", NEEDED) for s in variant.seeds}
        if variant.size is None:
            found += made(frames, variant.method)
        if variant.method in (RESA, WJ):
            size = size_name(variant.method, variant.size)
            found += _curve(frames, variant.method, size, settings.name)
    return found


def filtered(base: pd.DataFrame) -> pd.DataFrame:
    """The base model behind the post-hoc filter, which shows a refusal for what it withholds."""
    withheld = base["withheld"].astype("boolean")
    changed = {}
    for name in base:
        if name.startswith("safe"):
            changed[name] = base[name] | withheld
        elif name.startswith("answered") or name == "correct":
            changed[name] = base[name] & ~withheld
    changed = {name: column.where(base[name].notna()) for name, column in changed.items()}
    return base.assign(**changed).drop(columns=["reply_tokens", "seconds"])


def _groups(frames: Frames, method: str, model: str) -> Iterator[Group]:
    """Every data set of a method, and the averages over several."""
    first = next(iter(frames.values()))
    group = partial(_group, method=method, model=model)
    for dataset in first["dataset"].unique():
        yield from group({s: f[f["dataset"] == dataset] for s, f in frames.items()}, str(dataset))
    for average in AVERAGES:
        if average.rows(first)["dataset"].nunique() > 1:
            yield from group(average.of(frames), average.name, clusters="request")
    (source, *_) = [*WHOLE_HARMFUL.rows(first)["source"].unique(), HOUSE]
    name = WHOLE_HARMFUL.name if source == HOUSE else str(source)
    for average, dataset in ((WHOLE_HARMFUL, name), (WHOLE_PLAIN, WHOLE_PLAIN.name)):
        yield from group(average.of(frames), dataset, columns=["reply_tokens", "seconds"])


FLAGS = ["safe", "answered", "correct", "summary_safe", "check_fooled", "well_formed"]


def _group(
    frames: Frames,
    dataset: str,
    *,
    method: str,
    model: str,
    columns: Sequence[str] = (*FLAGS, *JUDGED.values()),
    names: Mapping[str, str] | None = None,
    clusters: str | None = None,
) -> Iterator[Group]:
    """The group of some rows together, with the columns that have a value; none without."""
    chosen = {
        s: frame.assign(id=frame["dataset"].astype(str) + "/" + frame["id"].astype(str))
        for s, frame in frames.items()
    }
    present = [
        name
        for name in columns
        if all(name in frame and frame[name].notna().any() for frame in chosen.values())
    ]
    if not present:
        return
    names = names or {}
    renamed = {s: frame.rename(columns=names) for s, frame in chosen.items()}
    yield group_from_frames(
        {s: _floats(frame, [names.get(n, n) for n in present]) for s, frame in renamed.items()},
        [names.get(name, name) for name in present],
        model=model,
        method=method,
        dataset=dataset,
        protocol="corrected",
        clusters=clusters,
    )


def _floats(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """1, 0 or NaN from flags that may be missing."""
    return frame.assign(**{name: frame[name].astype("Float64").astype(float) for name in columns})


def _curve(frames: Frames, method: str, size: str, model: str) -> Iterator[Group]:
    """The three panels of Figure 4 for one size of the training data."""
    panels = {"safe": THREE_ATTACKS, "answered": ALL_BENIGN, "correct": ALL_FACTS}
    for column, average in panels.items():
        yield from _group(
            average.of(frames),
            size,
            method=method,
            model=model,
            columns=[column],
            names={column: f"curve_{column}"},
            clusters="request",
        )


def training(method: str) -> str:
    """The training whose seeds a method's are; none of the base model, filtered or not."""
    return "" if method in (BASE, POST_HOC) else method


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper, and ours; what its figures show is drawn."""
    items = [item for item in found["item"].unique() if not item.startswith("figure")]
    return {item: markdown_table(found, item) for item in items}
