"""From the scores of ReSA to the cells of its tables.

    python -m papers.resa.analyze --scale cpu --scores results/cpu/resa/scores \\
        --out results/cpu/resa --record results/cpu/resa/runs/analyze.json

Also what the comparison needs to know of this paper: METRICS, ITEMS, `groups` and `training`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from papers.resa.names import (
    AVERAGE,
    AVERAGE_OF_3,
    BENIGN_AVERAGE,
    FACTS,
    FOUR,
    PREFILLING,
    UNSEEN,
    WHOLE_HARMFUL,
    WHOLE_PLAIN,
    harmful_set,
    size_name,
)
from papers.resa.settings import Settings
from shared.comparison import step
from shared.comparison.groups import Group, group_from_frames, read_scores
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_table
from shared.errors import one_line_errors
from shared.judges.registry import STRING_RULES
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, rate
from shared.models.spec import display_name

BASE, POST_HOC = "Base", "Post-hoc (embedding guard)"
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
        Metric("runtime_seconds", ("seconds",), count, unit="", interval="none"),
        # Figure 4: the same as dsr, over_refusal_share and accuracy, over data set sizes
        Metric("safety", ("curve_safe",), rate, unit=""),
        Metric("over_refusal", ("curve_answered",), rate, unit=""),
        Metric("reasoning", ("curve_correct",), rate, unit=""),
    ]
}
CURVE = {"curve_safe": "safe", "curve_answered": "answered", "curve_correct": "correct"}

FOUR_SETS = [*FOUR, "Avg of 4"]
ITEMS = [
    Item("table2", ["dsr"], [BASE, POST_HOC, WJ, RESA, REINFORCED], [*FOUR, "GPTFuzzer", "Avg"]),
    Item(
        "table3",
        ["over_refusal_accuracy", "accuracy"],
        [BASE, POST_HOC, WJ, RESA, REINFORCED],
        ["XSTest", "OKTest", "WJ-Eval", "Avg OR", "MATH500", "HumanEval", "MMLU"],
    ),
    Item("table4", ["dsr"], [DELIBERATIVE, RESA, REINFORCED], ["PAIR-GPT", "PAP"]),
    Item(
        "table4",
        ["over_refusal_share"],
        [DELIBERATIVE, RESA, REINFORCED],
        ["XSTest", "OKTest", "Avg OR"],
    ),
    Item(
        "table6",
        ["response_tokens", "runtime_seconds"],
        [BASE, RESA, ADAPTIVE],
        ["StrongREJECT", "MATH500"],
    ),
    Item("table13", ["dsr"], [BASE, WJ, RESA], FOUR_SETS),
    Item("table13", ["dsr"], [RESA], [f"{name}{PREFILLING}" for name in FOUR_SETS]),
    Item("table14", ["dsr"], [RESA, ADAPTIVE], FOUR_SETS),
    Item("table15", ["over_refusal_accuracy", "accuracy"], [RESA, ADAPTIVE], ["XSTest", "MMLU"]),
    Item("table16", ["summary_safety"], [RESA, REINFORCED], FOUR_SETS),
    Item("table17", ["dsr"], [BASE, POST_HOC, RESA], FOUR_SETS),
    Item(
        "table18",
        ["dsr"],
        [BASE, WJ, ONLY_WJ, RESA],
        [*FOUR, "GPTFuzzer", "ReNeLLM", "TAP", "PAIR", "Avg"],
    ),
    Item("table19", ["check_jailbreak_rate"], [RESA], FOUR_SETS),
    Item("figure4", ["safety", "over_refusal", "reasoning"], [BASE, WJ, RESA]),
    # more than the paper has: every method on every set, by every judge
    Item("defence_by_judge", ["dsr", *JUDGED], METHODS),
    Item("unseen_attacks", ["dsr"], METHODS, [harmful_set(name, False) for name in UNSEEN]),
    Item("over_refusal", ["over_refusal_accuracy"], METHODS),
    Item("utility", ["accuracy", "response_tokens"], METHODS),
    Item("checks", ["well_formed"], [*WITH_PLAN, DELIBERATIVE]),
    Item("checks", ["summary_safety", "check_jailbreak_rate"], WITH_PLAN),
]

Frames = dict[int, pd.DataFrame]  # by seed


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Groups of `base.parquet` and `<variant>-s<seed>.parquet`, and of the sizes of Figure 4."""
    base = read_scores(scores / "base.parquet")
    made = partial(_groups, settings=settings)
    found = [*made({0: base}, BASE), *made({0: filtered(base)}, POST_HOC)]
    found += _curve({0: base}, BASE, "no data", settings)
    for name, variant in settings.variants.items():
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet") for s in variant.seeds}
        if variant.size is None:
            found += made(frames, variant.method)
        if variant.method in (RESA, WJ):
            found += _curve(
                frames, variant.method, size_name(variant.method, variant.size), settings
            )
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


def _groups(frames: Frames, method: str, settings: Settings) -> Iterator[Group]:
    """Every data set of a method, and the averages over several."""
    datasets = [str(name) for name in next(iter(frames.values()))["dataset"].unique()]
    for dataset in datasets:
        yield from _group(frames, method, dataset, [dataset], settings)
    kinds = next(iter(frames.values())).drop_duplicates("dataset").set_index("dataset")["kind"]
    harmful = [n for n in datasets if kinds[n] == "harmful" and not n.endswith(PREFILLING)]
    four = [harmful_set(attack, settings.tests.public) for attack in FOUR]
    four = [name for name in four if name in harmful]
    prefilled = [f"{name}{PREFILLING}" for name in four if f"{name}{PREFILLING}" in datasets]
    averages = {
        AVERAGE: harmful,
        AVERAGE_OF_3: four,
        f"{AVERAGE_OF_3}{PREFILLING}": prefilled,
        BENIGN_AVERAGE: [name for name in datasets if kinds[name] == "benign"],
    }
    for dataset, parts in averages.items():
        if len(parts) > 1:
            yield from _group(frames, method, dataset, parts, settings, clusters="request")
    whole = {WHOLE_HARMFUL: four[:1], WHOLE_PLAIN: [FACTS]}
    for dataset, parts in whole.items():
        lengths = ["reply_tokens", "seconds"]
        yield from _group(frames, method, dataset, parts, settings, columns=lengths)


FLAGS = ["safe", "answered", "correct", "summary_safe", "check_fooled", "well_formed"]


def _group(
    frames: Frames,
    method: str,
    dataset: str,
    parts: Sequence[str],
    settings: Settings,
    *,
    columns: Sequence[str] = (*FLAGS, *JUDGED.values()),
    names: Mapping[str, str] | None = None,
    clusters: str | None = None,
) -> Iterator[Group]:
    """The group of some data sets together, with the columns that have a value; none without."""
    chosen = {s: frame[frame["dataset"].isin(parts)] for s, frame in frames.items()}
    chosen = {
        s: frame.assign(id=frame["dataset"].astype(str) + "/" + frame["id"].astype(str))
        for s, frame in chosen.items()
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
        model=display_name(settings.model),
        method=method,
        dataset=dataset,
        protocol="corrected",
        clusters=clusters,
    )


def _floats(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """1, 0 or NaN from flags that may be missing."""
    return frame.assign(**{name: frame[name].astype("Float64").astype(float) for name in columns})


def _curve(frames: Frames, method: str, size: str, settings: Settings) -> Iterator[Group]:
    """The three panels of Figure 4 for one size of the training data."""
    frame = next(iter(frames.values()))
    four = [harmful_set(attack, settings.tests.public) for attack in FOUR]
    kind = frame.drop_duplicates("dataset").set_index("dataset")["kind"]
    panels = {
        "safe": four,
        "answered": [str(name) for name in kind.index if kind[name] == "benign"],
        "correct": [str(name) for name in kind.index if kind[name] == "fact"],
    }
    for column, parts in panels.items():
        names = {column: f"curve_{column}"}
        options = {"columns": [column], "names": names, "clusters": "request"}
        yield from _group(frames, method, size, parts, settings, **options)


def training(method: str) -> str:
    """The training whose seeds a method's are; none of the base model, filtered or not."""
    return "" if method in (BASE, POST_HOC) else method


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper, and ours; what its figures show is drawn."""
    items = [item for item in found["item"].unique() if not item.startswith("figure")]
    return {item: markdown_table(found, item) for item in items}


if __name__ == "__main__":
    one_line_errors(lambda: step.analyze(__doc__, "resa"))
