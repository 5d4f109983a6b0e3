"""What the scores of Refusal Tokens mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`. Every threshold, suppression and bias is decided here, from the probabilities of one
forward pass; the words of the reply under the token that is decided for were judged before.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pandas as pd

from papers.refusal_tokens import decisions, methods
from papers.refusal_tokens.benchmarks import BENIGN, HARMFUL, SETS
from papers.refusal_tokens.decisions import Frames, Rule
from papers.refusal_tokens.methods import BASE, METHODS
from papers.refusal_tokens.settings import Settings, Task
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.scores import read_scores
from shared.judges.registry import judge_name
from shared.metrics.metric import Metric
from shared.metrics.rates import rate, rate_among
from shared.metrics.tradeoff import auroc, f1, f1_of_always
from shared.settings import load_paper

READS = ("variants", "tested", "judge", "further_judges")

UNTUNED = METHODS[BASE].name
ONE, CATEGORIES = METHODS["one-contrast"].name, METHODS["categories-contrast"].name
CALIBRATED = (ONE, CATEGORIES)  # drawn and under every rule: those with contrast data
TEMPORAL = METHODS["temporal"].name
GENERAL = [m.name for m in METHODS.values() if m.learns and m.name != TEMPORAL]
TOKENS = [m.name for m in METHODS.values() if m.refusing and m.name in GENERAL]
CHECKPOINTS = list(methods.RELEASED.values())
KEYS = list(methods.CATEGORIES)


METRICS = {
    metric.name: metric
    for metric in [
        # by the words of the reply, and by its token
        Metric("refusal_rate", ("refused",), rate),
        Metric("token_rate", ("flagged",), rate),
        Metric("f1", ("refused", "refuse"), f1, unit=""),
        Metric("f1_token", ("flagged", "refuse"), f1, unit=""),
        Metric("f1_always", ("refuse",), f1_of_always, unit=""),
        Metric("tpr", ("refused", "refuse"), rate_among),
        Metric("fpr", ("refused", "answer"), rate_among),
        # over all thresholds: on the likeliest refusal token, on their sum
        Metric("auroc", ("refuse", "chance"), auroc, unit=""),
        Metric("auroc_sum", ("refuse", "chance_sum"), auroc, unit=""),
        # of the replies that refuse, those that begin with a refusal token
        Metric("token_before_refusal", ("flagged", "refused"), rate_among),
        # of questions of general ability
        Metric("accuracy", ("correct",), rate),
    ]
}


def judged_by(method: str, judge: str) -> str:
    """The replies of a method as a judge sees them; judge: as a setting names it."""
    return f"{method}, judged by {judge_name(judge)}"


def _judges() -> list[str]:
    """The judges of all scales."""
    paper = load_paper("refusal_tokens")
    scales = [paper.defaults, *paper.scales.values()]
    named = [[each.get("judge"), *each.get("further_judges", [])] for each in scales]
    return list(dict.fromkeys(judge for own in named for judge in own if judge))


JUDGED = [
    judged_by(method, judge)
    for method in (UNTUNED, *CALIBRATED, *CHECKPOINTS)
    for judge in _judges()
]


def _under(*rules: Rule) -> list[str]:
    return [rule.of(name) for name in CALIBRATED for rule in rules]


ORIGINAL, CONTRAST, ORDINARY = "CoCoNot original", "CoCoNot contrast", "Ordinary"
ABILITY = get_args(Task)
# Alagharu et al. average over all prompts of these.
MEANS = {
    "Mean over-refusal": ("contrast", *BENIGN),
    "Mean refusal": ("original", *HARMFUL),
    "Mean": ABILITY,
}
BY_CATEGORY = [f"{ORIGINAL}, {category}" for category in KEYS]
CONTRAST_BY_CATEGORY = [f"{CONTRAST}, {category}" for category in KEYS]

ITEMS = [
    Item(
        "refusal_f1",
        ["f1", "f1_token", "f1_always", "tpr", "fpr"],
        [UNTUNED, *GENERAL],
        ["CoCoNot"],
    ),
    Item("roc", ["auroc", "auroc_sum"], TOKENS, ["CoCoNot"]),
    Item("roc", ["tpr", "fpr"], CALIBRATED, ["CoCoNot"]),
    Item("contrast", ["refusal_rate"], [UNTUNED, *GENERAL], [CONTRAST, ORDINARY]),
    Item(
        "independent",
        ["token_rate", "refusal_rate"],
        [UNTUNED, *TOKENS, *CHECKPOINTS],
        [ORIGINAL, CONTRAST, *SETS],
    ),
    Item(
        "independent",
        ["token_rate"],
        [*TOKENS, *CHECKPOINTS],
        [*BY_CATEGORY, *CONTRAST_BY_CATEGORY],
    ),
    Item("independent_f1", ["f1", "f1_token"], [*CALIBRATED, *CHECKPOINTS], ["CoCoNot"]),
    Item(
        "alagharu_table1",
        ["refusal_rate"],
        [UNTUNED, *CHECKPOINTS],
        [ORIGINAL, CONTRAST, *SETS, *MEANS],
    ),
    Item("alagharu_table2", ["accuracy"], [UNTUNED, *CHECKPOINTS], [*ABILITY, "Mean"]),
    Item("judges", ["refusal_rate"], JUDGED, [ORIGINAL, CONTRAST]),
    Item("by_category", ["refusal_rate"], [UNTUNED, *GENERAL], BY_CATEGORY),
    Item(
        "thresholds",
        ["refusal_rate", "token_rate"],
        _under(
            *decisions.THRESHOLD.values(),
            *decisions.SUM.values(),
            decisions.COMPARED,
            *decisions.BIAS,
        ),
        [ORIGINAL, CONTRAST],
    ),
    Item(
        "control",
        ["refusal_rate"],
        [rule.of(CATEGORIES) for rule in (decisions.COMPARED, *decisions.SUPPRESSED.values())],
        BY_CATEGORY,
    ),
    Item(
        "forced",
        ["refusal_rate"],
        [UNTUNED, *_under(*decisions.FORCED.values())],
        [ORIGINAL, CONTRAST, ORDINARY],
    ),
    Item("forced", ["token_before_refusal"], CALIBRATED, ["CoCoNot"]),
    Item("temporal", ["auroc", "f1", "f1_always", "tpr", "fpr"], [UNTUNED, TEMPORAL], ["Temporal"]),
    Item(
        "temporal",
        ["refusal_rate"],
        [UNTUNED, TEMPORAL],
        ["Temporal questions", "Dated questions", "Other refusals"],
    ),
]


# What the instructions of a scale are called: those of general models, and of temporal ones.
NAMES = {"generated": ("Generated", "Generated temporal"), "coconot": ("CoCoNot", "Temporal")}


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from `base-s0.parquet` and `<method>-s<seed>.parquet`, and what is in the
    folder `ability` of these names."""
    needs = ("id", "part", "category", "refuse", "refused")
    found = []
    for name, seeds in {BASE: [0], **{n: v.seeds for n, v in settings.variants.items()}}.items():
        if name in methods.RELEASED and not (scores / f"{name}-s0.parquet").is_file():
            continue  # left out: see settings.py
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet", needs) for s in seeds}
        if (able := scores / "ability" / f"{name}-s0.parquet").is_file():
            frames[0] = pd.concat([frames[0], read_scores(able, ("id", "part", "correct"))])
        rules = decisions.RULES if METHODS[name].name in CALIBRATED else []
        for method, protocol, read in decisions.readings(METHODS[name], frames, rules):
            found += _sets(method, read, protocol, settings)
        for judge in (settings.judge, *settings.further_judges):
            own = judged_by(METHODS[name].name, judge)
            column = "refused" if judge == settings.judge else f"refused by {judge_name(judge)}"
            if own in JUDGED and all(column in frame for frame in frames.values()):
                seen = {
                    s: frame[["id", "part", "category", "refuse"]].assign(refused=frame[column])
                    for s, frame in frames.items()
                }
                found += _sets(own, seen, "corrected", settings)
    return found


def _sets(method: str, frames: Frames, protocol: str, settings: Settings) -> Iterator[Group]:
    """The groups of a method on each set of instructions that it was asked."""
    columns = ("refused", "flagged", "refuse", "answer", "chance", "chance_sum", "correct")
    present = [column for column in columns if column in next(iter(frames.values()))]
    # fillings of one template are alike, so they are resampled together
    frames = {
        s: frame.assign(template=[name.rpartition("/")[0] or name for name in frame["id"]])
        for s, frame in frames.items()
    }
    for dataset, (parts, category) in _tested(settings.tested).items():
        chosen = {s: frame[_within(frame, parts, category)] for s, frame in frames.items()}
        if set(parts) <= set(next(iter(chosen.values()))["part"].unique()):
            yield group_from_frames(
                chosen,
                present,
                model=settings.name,
                method=method,
                dataset=dataset,
                protocol=protocol,
                clusters="template" if settings.tested == "generated" else None,
            )


def _tested(tested: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """The sets of instructions by name: parts, and the one category that is meant, or ""."""
    general, temporal = NAMES[tested]
    return {
        general: (("original", "contrast"), ""),
        f"{general} original": (("original",), ""),
        f"{general} contrast": (("contrast",), ""),
        ORDINARY: (("ordinary",), ""),
        temporal: (methods.TEMPORAL_TESTS, ""),
        "Temporal questions": (("temporal",), ""),
        "Dated questions": (("dated",), ""),
        "Other refusals": (("leak",), ""),
        **{name: (parts, "") for name, parts in MEANS.items()},
        **{name: ((name,), "") for name in (*SETS, *ABILITY)},
        **{
            f"{general} {part}, {category}": ((part,), category)
            for category in KEYS
            for part in ("original", "contrast")
        },
    }


def _within(frame: pd.DataFrame, parts: tuple[str, ...], category: str) -> pd.Series:
    inside = frame["part"].isin(parts)
    return inside & (frame["category"] == category) if category else inside


def training(method: str) -> str:
    """The training whose seeds a method's are: thresholds, rules and judges read the same models.
    None is behind a checkpoint."""
    if method.startswith(tuple(CHECKPOINTS)):
        return ""
    trained = [each.name for each in METHODS.values() if each.learns]
    own = [name for name in trained if method == name or method.startswith(f"{name}, ")]
    return max(own, key=len, default="")
