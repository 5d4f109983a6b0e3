"""What the scores of ReSA mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from papers.resa.settings import BASE as BASE_RUN
from papers.resa.settings import Settings
from papers.resa.test_sets import (
    ALL_ATTACKS,
    AVERAGES,
    EIGHT,
    FOUR,
    FOUR_ATTACKS,
    HOUSE,
    NONE,
    OVER_REFUSAL,
    PREFILLING,
    STRONGREJECT,
    UNSEEN,
    harmful,
    size_name,
)
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.scores import read_scores
from shared.judges.registry import STRING_RULES
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, mean_of_sets, rate, seconds
from shared.models.spec import is_absent

READS = ("variants", "untrained", "guard")

BASE, PLAIN, RELEASED = "Base", "Plain", "Released weights"
POST_HOC, LLAMA_GUARD = "Post-hoc (embedding guard)", "Post-hoc (LlamaGuard)"
GUARD_REASONER, SAFEGUARD = "Post-hoc (GuardReasoner)", "Post-hoc (gpt-oss-safeguard-20b)"
STAIR = "STAIR-DPO"
RESA, ADAPTIVE, REINFORCED = "ReSA-SFT", "ReSA-SFT-Adaptive", "ReSA-RL"
ONLY_WJ, WJ, DELIBERATIVE = "ReSA-SFT (Only WJ)", "WJ-SFT", "Deliberative Alignment"
PROMPTED = ["Goal priority", "Safety reflection"]
METHODS = [BASE, POST_HOC, LLAMA_GUARD, WJ, DELIBERATIVE, RESA, ONLY_WJ, ADAPTIVE, REINFORCED]
OTHERS = [STAIR, GUARD_REASONER, SAFEGUARD]  # other people's weights
WITH_PLAN = [RESA, ONLY_WJ, ADAPTIVE, REINFORCED]
FILTERED = [POST_HOC, LLAMA_GUARD]
UNTRAINED = [BASE, PLAIN, RELEASED, *FILTERED, *OTHERS, *PROMPTED]

JUDGES = {f"dsr_{rule}": name for rule, name in STRING_RULES.items()}  # metric → judge
SHARE = "share_of_set"  # one over the number of rows of a row's set
METRICS = {
    metric.name: metric
    for metric in [
        Metric("dsr", ("safe",), rate, unit=""),
        *(Metric(name, (f"safe_{judge}",), rate, unit="") for name, judge in JUDGES.items()),
        Metric("dsr_harmbench", ("safe_harmbench",), rate, unit=""),
        Metric("goodness", ("goodness",), mean, unit=""),
        Metric("over_refusal_accuracy", ("answered", SHARE), mean_of_sets),
        # Table 4 prints fractions, and averages over other sets
        Metric("over_refusal_share", ("answered_share", SHARE), mean_of_sets, unit=""),
        Metric("accuracy", ("correct", SHARE), mean_of_sets),
        Metric("summary_safety", ("summary_safe",), rate, unit=""),
        Metric("summary_goodness", ("summary_goodness",), mean, unit=""),
        Metric("check_jailbreak_rate", ("check_fooled",), rate),
        Metric("well_formed", ("well_formed",), rate),
        Metric("response_tokens", ("reply_tokens",), mean, unit=""),
        Metric("cut_off", ("cut_off",), rate),
        Metric("runtime_seconds", ("seconds",), seconds, unit=""),
        # Figure 4: the same as dsr, over_refusal_share and accuracy, over data set sizes
        Metric("safety", ("curve_safe",), rate, unit=""),
        Metric("over_refusal", ("curve_answered", SHARE), mean_of_sets, unit=""),
        Metric("reasoning", ("curve_correct", SHARE), mean_of_sets, unit=""),
    ]
}

FOUR_SETS = [*FOUR, "Avg of 4"]
EIGHT_SETS = [*EIGHT, "Avg"]
BY_JUDGE = ["dsr", "goodness", "dsr_harmbench"]
IN_TABLE_7 = [BASE, LLAMA_GUARD, STAIR, WJ, RESA]
IN_TABLE_4 = [GUARD_REASONER, RELEASED, DELIBERATIVE, PLAIN, *PROMPTED, RESA, REINFORCED]
GEMMA = ["gemma-3-4b-it"]
ITEMS = [
    Item("table2", BY_JUDGE, [BASE, *FILTERED, STAIR, WJ, RESA, REINFORCED], EIGHT_SETS),
    Item(
        "table3",
        ["over_refusal_accuracy", "accuracy"],
        [BASE, *FILTERED, STAIR, WJ, RESA, REINFORCED],
        ["XSTest", "OKTest", "WJ-Eval", "Avg OR", "MATH500", "HumanEval", "MMLU", "Avg GR"],
    ),
    *(
        Item("table4", [metric], IN_TABLE_4, datasets)
        for metric, datasets in (
            ("dsr", ["PAIR-GPT", "PAP", "Avg safety"]),
            ("over_refusal_share", ["XSTest", "OKTest", "Avg OR"]),
        )
    ),
    Item(
        "table6",
        ["response_tokens", "cut_off", "runtime_seconds"],
        [BASE, RESA, ADAPTIVE],
        ["StrongREJECT", "MATH500"],
    ),
    *(
        Item(
            table,
            BY_JUDGE,
            IN_TABLE_7,
            [f"{of}, {d}" for d in EIGHT_SETS],
        )
        for table, of in (("table7", "AdvBench"), ("table8", "HarmBench"))
    ),
    Item("table9", BY_JUDGE, [BASE, WJ, RESA], FOUR_SETS, GEMMA),
    Item(
        "table10",
        ["over_refusal_accuracy", "accuracy"],
        [BASE, WJ, RESA],
        ["XSTest", "MMLU"],
        GEMMA,
    ),
    Item("table11", BY_JUDGE, [BASE, STAIR, WJ, RESA], ["GCG"]),
    Item("table13", ["dsr"], [BASE, STAIR, WJ, RESA], FOUR_SETS),
    Item("table13", ["dsr"], [RESA], [f"{name}{PREFILLING}" for name in FOUR_SETS]),
    Item("table14", BY_JUDGE, [RESA, ADAPTIVE], FOUR_SETS),
    Item("table15", ["over_refusal_accuracy", "accuracy"], [RESA, ADAPTIVE], ["XSTest", "MMLU"]),
    Item("table16", ["summary_goodness", "summary_safety"], [RESA, REINFORCED], FOUR_SETS),
    Item("table17", ["dsr"], [BASE, *FILTERED, SAFEGUARD, RESA], FOUR_SETS),
    Item("table18", BY_JUDGE, [BASE, WJ, ONLY_WJ, RESA], EIGHT_SETS),
    Item("table19", ["check_jailbreak_rate"], [RESA], FOUR_SETS),
    Item("figure4", ["safety", "over_refusal", "reasoning"], [BASE, WJ, RESA]),
    # more than the paper has: every method on every set, by every judge
    Item("defence_by_judge", ["dsr", *JUDGES], [*METHODS, *OTHERS]),
    Item("unseen_attacks", ["dsr"], METHODS, [harmful(name, HOUSE).name for name in UNSEEN]),
    Item("over_refusal", ["over_refusal_accuracy"], [*METHODS, *OTHERS]),
    Item("utility", ["accuracy", "response_tokens"], METHODS),
    Item("checks", ["well_formed", "cut_off"], [*WITH_PLAN, DELIBERATIVE]),
    Item("checks", ["summary_safety", "check_jailbreak_rate"], WITH_PLAN),
]

NEEDED = ("id", "dataset", "attack", "source", "prefilled", "kind", "request")
FLAGS = (
    *("safe", "answered", "correct", "summary_safe", "check_fooled", "well_formed"),
    *(f"safe_{judge}" for judge in JUDGES.values()),
    *("safe_harmbench", "goodness", "summary_goodness", "answered_share", "cut_off"),
)
LENGTHS = ("reply_tokens", "cut_off", "seconds")  # where replies are written whole

Frames = dict[int, pd.DataFrame]  # by seed


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `base-s0.parquet` and `<variant>-s<seed>.parquet`; also of the sizes of
    Figure 4."""
    base = {0: _read(scores / f"{BASE_RUN}-s0.parquet")}
    of = Groups(settings)
    found = [*of.method(base, settings.untrained)]
    for name in [column for column in base[0] if column.startswith("withheld")]:
        first = LLAMA_GUARD if settings.guard else POST_HOC
        method = name.removeprefix("withheld_") if name != "withheld" else first
        found += of.method({0: withheld(base[0], name)}, method)
    found += of.size(base, settings.untrained, "no data")
    for name, variant in settings.variants.items():
        if is_absent(variant.weights):
            continue
        frames = {seed: _read(scores / f"{name}-s{seed}.parquet") for seed in variant.seeds}
        if variant.size is None:
            found += of.method(frames, variant.method, whole=variant.attacks is None)
        if variant.method in (RESA, WJ):
            found += of.size(frames, variant.method, size_name(variant))
    return found


def _read(path: Path) -> pd.DataFrame:
    scores = read_scores(path, NEEDED)
    sizes = scores.groupby("dataset", observed=True)["id"].transform("size")
    unique = scores["dataset"].astype(str) + "/" + scores["id"].astype(str)
    return scores.assign(
        id=unique, answered_share=scores["answered"], **{SHARE: 1 / sizes.astype(float)}
    )


def withheld(base: pd.DataFrame, name: str = "withheld") -> pd.DataFrame:
    """The base model behind a post-hoc filter, which shows a refusal for what it withholds: safe,
    of full goodness, no answer and not correct; on the data sets that the filter was asked about.
    name: the column that says what it withholds."""
    asked = base[name].notna().groupby(base["dataset"], observed=True).transform("any")
    base = base[asked]
    taken = base[name].astype("boolean")
    changed = {}
    for flag in base:
        if flag.startswith("safe"):
            changed[flag] = base[flag] | taken
        elif flag == "goodness":
            changed[flag] = base[flag].mask(taken, 1.0)
        elif flag.startswith("answered") or flag == "correct":
            changed[flag] = base[flag] & ~taken
    told = taken.notna()  # else a safe reply would count without a verdict, and no other would
    changed = {f: column.where(base[f].notna() & told) for f, column in changed.items()}
    return base.assign(**changed).drop(columns=list(LENGTHS), errors="ignore")


class Groups:
    """The groups of one model's scores."""

    def __init__(self, settings: Settings):
        self.model, self.stand_ins = settings.name, settings.stand_ins

    def method(self, frames: Frames, method: str, whole: bool = True) -> Iterator[Group]:
        """Every data set of a method, and the averages over several. whole: it was asked under
        every attack."""
        first = next(iter(frames.values()))
        for dataset in first["dataset"].unique():
            own = {seed: frame[frame["dataset"] == dataset] for seed, frame in frames.items()}
            yield from self._group(own, method, str(dataset))
        for average in AVERAGES:
            rows = {s: average.rows(frame, self.stand_ins) for s, frame in frames.items()}
            some = next(iter(rows.values()))
            if some["dataset"].nunique() > 1:
                columns = [average.column] if average.column else FLAGS
                yield from self._group(rows, method, average.named(some), columns, "request")
        if whole and (first["source"] == HOUSE).any():
            yield from self._group(_of(frames, "harmful"), method, ALL_ATTACKS, clusters="request")
        yield from self._lengths(frames, method)

    def _lengths(self, frames: Frames, method: str) -> Iterator[Group]:
        """Table 6: requests without an attack, and questions of fact where there is no MATH500."""
        for source, dataset in ((HOUSE, "Whole replies, harmful"), (STRONGREJECT, STRONGREJECT)):
            rows = {
                s: f[(f["source"] == source) & (f["attack"] == NONE)]
                for s, f in _of(frames, "harmful").items()
            }
            yield from self._group(rows, method, dataset, LENGTHS)
        yield from self._group(_of(frames, "fact"), method, "Whole replies, plain", LENGTHS)
        abilities = _of(frames, "ability")
        math = {s: f[f["dataset"] == "MATH500"] for s, f in abilities.items()}
        yield from self._group(math, method, "MATH500", ("reply_tokens", "seconds"))

    def size(self, frames: Frames, method: str, size: str) -> Iterator[Group]:
        """The three panels of Figure 4 for one size of the training data."""
        abilities = _of(frames, "ability")
        plain = abilities if len(next(iter(abilities.values()))) else _of(frames, "fact")
        panels = {
            "safe": {s: FOUR_ATTACKS.rows(f, self.stand_ins) for s, f in frames.items()},
            "answered": {s: OVER_REFUSAL.rows(f, self.stand_ins) for s, f in frames.items()},
            "correct": plain,
        }
        for column, rows in panels.items():
            names = {column: f"curve_{column}"}
            renamed = {s: f.rename(columns=names) for s, f in rows.items()}
            yield from self._group(renamed, method, size, [names[column]], "request")

    def _group(
        self,
        frames: Frames,
        method: str,
        dataset: str,
        columns: Sequence[str] = FLAGS,
        clusters: str | None = None,
    ) -> Iterator[Group]:
        """The group of some rows together, with the columns that have a value; none without."""
        present = [
            name
            for name in columns
            if all(name in frame and frame[name].notna().any() for frame in frames.values())
        ]
        if present:
            yield group_from_frames(
                frames,
                [*present, SHARE],
                model=self.model,
                method=method,
                dataset=dataset,
                protocol="corrected",
                clusters=clusters,
            )


def _of(frames: Mapping[int, pd.DataFrame], kind: str) -> Frames:
    """The rows of a kind, as they were asked without a fake check."""
    return {s: f[(f["kind"] == kind) & ~f["prefilled"].astype(bool)] for s, f in frames.items()}


def training(method: str) -> str:
    """The training whose seeds a method's are; none of what is not trained here."""
    return "" if method in UNTRAINED else method


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Those of the paper, and ours; what its figures show is drawn."""
    return markdown_tables(found[~found["item"].str.startswith("figure")])
