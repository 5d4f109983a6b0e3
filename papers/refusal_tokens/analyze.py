"""From the scores of Refusal Tokens to the cells of its tables.

    python -m papers.refusal_tokens.analyze --scale cpu \\
        --scores results/cpu/refusal_tokens/scores --out results/cpu/refusal_tokens \\
        --record results/cpu/refusal_tokens/runs/analyze.json

Also what the comparison needs to know of this paper: METRICS, ITEMS, `groups` and
`training`. Every threshold, suppression and bias is decided here, from the probabilities of one
forward pass; the words of the reply under the token that is decided for were judged before.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from papers.refusal_tokens import thresholds
from papers.refusal_tokens.settings import Settings, Variant, short
from shared.comparison import step
from shared.comparison.groups import Group, group_from_frames, read_scores
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_table
from shared.errors import one_line_errors
from shared.metrics.metric import Metric
from shared.metrics.rates import rate, rate_among
from shared.metrics.tradeoff import auroc, f1, f1_of_always
from shared.models.spec import display_name
from shared.settings import load_paper

UNTUNED, ONE, CATEGORIES = "Untuned", "One token", "Category tokens"
TEMPERATURE = {"corrected": 1, "official": 2}
SETS = {"generated": "Generated", "coconot": "CoCoNot"}  # names of the test sets
NEARLY_ALL = 90  # percent
NEARLY_UNCHANGED = 5  # points
KEPT = 0.02  # of F1

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
    ]
}


def at_threshold(method: str, t: float) -> str:
    return f"{method}, t = {t:g}"


def compared(method: str) -> str:
    return at_threshold(method, -1)


def at_sum(t: float) -> str:
    return f"{CATEGORIES}, sum, t = {t:g}"


def biased(method: str, bias: float) -> str:
    return f"{method}, bias {bias:+g}"


def suppressing(category: str) -> str:
    return f"{CATEGORIES}, {category} suppressed"


def forced(method: str, token: str) -> str:
    return f"{method}, [{token}] forced"


def _names() -> list[str]:
    """Names of the variants of all scales."""
    scales = load_paper("refusal_tokens").scales.values()
    named = [v["name"] for values in scales for v in values.get("variants", {}).values()]
    return sorted(set(named))


NAMES = _names()
GENERAL = [name for name in NAMES if name != "Temporal"]
DEFAULTS = load_paper("refusal_tokens").defaults
KEYS, LEVELS, BIASES = (DEFAULTS[key] for key in ("categories", "thresholds", "biases"))
TOKENS = [name for name in GENERAL if not name.startswith("No tokens")]
CALIBRATED = (ONE, CATEGORIES)  # drawn and thresholded in full: those with contrast data

ORIGINAL, CONTRAST, ORDINARY = "CoCoNot original", "CoCoNot contrast", "Ordinary"
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
    Item("independent", ["token_rate", "refusal_rate"], TOKENS, [ORIGINAL, CONTRAST]),
    Item(
        "independent",
        ["token_rate"],
        TOKENS,
        [*BY_CATEGORY, *CONTRAST_BY_CATEGORY],
    ),
    Item("by_category", ["refusal_rate"], [UNTUNED, *GENERAL], BY_CATEGORY),
    Item(
        "thresholds",
        ["refusal_rate", "token_rate"],
        [
            *(at_threshold(name, t) for name in CALIBRATED for t in LEVELS),
            *(at_sum(t) for t in LEVELS),
            *(biased(name, b) for name in CALIBRATED for b in BIASES),
            *map(compared, CALIBRATED),
        ],
        [ORIGINAL, CONTRAST],
    ),
    Item(
        "control",
        ["refusal_rate"],
        [compared(CATEGORIES), *map(suppressing, KEYS)],
        BY_CATEGORY,
    ),
    Item(
        "forced",
        ["refusal_rate"],
        [
            UNTUNED,
            *(forced(name, token) for name in CALIBRATED for token in ("respond", "refuse")),
        ],
        [ORIGINAL, CONTRAST, ORDINARY],
    ),
    Item("forced", ["token_before_refusal"], CALIBRATED, ["CoCoNot"]),
    Item(
        "temporal", ["auroc", "f1", "f1_always", "tpr", "fpr"], [UNTUNED, "Temporal"], ["Temporal"]
    ),
    Item(
        "temporal",
        ["refusal_rate"],
        [UNTUNED, "Temporal"],
        ["Temporal questions", "Dated questions", "Other refusals"],
    ),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Every group of the scores folder: `base.parquet` and `<variant>-s<seed>.parquet`."""
    needs = ("id", "part", "category", "refuse", "refused")
    base = read_scores(scores / "base.parquet", needs)
    found = list(_sets(UNTUNED, {0: _plain(base)}, "corrected", settings))
    for name, variant in settings.variants.items():
        frames = {s: read_scores(scores / f"{name}-s{s}.parquet", needs) for s in variant.seeds}
        for method, protocol, read in _methods(variant, frames, settings):
            found += _sets(method, read, protocol, settings)
    return found


Frames = Mapping[int, pd.DataFrame]  # by seed


def _methods(
    variant: Variant, frames: Frames, settings: Settings
) -> Iterator[tuple[str, str, Frames]]:
    """(method, protocol, scores by seed): the model by itself, and under every rule."""
    if variant.tokens == "none":
        yield variant.name, "corrected", {s: _plain(frame) for s, frame in frames.items()}
        return
    refusing = [short(token) for token in settings.control_tokens(variant.tokens)[1:]]
    for protocol in TEMPERATURE:
        read = {s: _Chances(frame, refusing, protocol) for s, frame in frames.items()}
        own = {s: each.by_itself() for s, each in read.items()}
        if protocol == "official":  # the model's own choice knows no temperature
            own = {s: frame.drop(columns=["refused", "flagged"]) for s, frame in own.items()}
        yield variant.name, protocol, own
        if variant.name not in CALIBRATED:
            continue
        for t in settings.thresholds:
            yield (
                at_threshold(variant.name, t),
                protocol,
                {s: r.decided(thresholds.over_threshold(r.refusing, t)) for s, r in read.items()},
            )
            if variant.tokens == "categories":
                flags = {s: thresholds.sum_over_threshold(r.refusing, t) for s, r in read.items()}
                yield at_sum(t), protocol, {s: read[s].decided(flags[s]) for s in read}
        if protocol == "official":
            continue
        # what does not depend on the temperature
        flags = {
            s: thresholds.likelier_than_respond(r.refusing, r.respond) for s, r in read.items()
        }
        yield compared(variant.name), protocol, {s: read[s].decided(flags[s]) for s in read}
        for bias in settings.biases:
            flags = {s: thresholds.with_bias(r.refusing, r.respond, bias) for s, r in read.items()}
            yield biased(variant.name, bias), protocol, {s: read[s].decided(flags[s]) for s in read}
        for token, refuses in (("respond", False), ("refuse", True)):
            forcing = {s: r.decided(np.full(len(r.frame), refuses)) for s, r in read.items()}
            yield forced(variant.name, token), protocol, forcing
        if variant.tokens == "categories":
            for place, category in enumerate(settings.categories):
                flags = {
                    s: thresholds.suppressed(r.refusing, r.respond, [place], np.inf)
                    for s, r in read.items()
                }
                yield suppressing(category), protocol, {s: read[s].decided(flags[s]) for s in read}


class _Chances:
    """The scores of one model with control tokens, under one protocol."""

    def __init__(self, frame: pd.DataFrame, refusing: list[str], protocol: str):
        start = f"p{TEMPERATURE[protocol]}_"
        self.frame, self.names = frame, refusing
        self.refusing = frame[[start + name for name in refusing]].to_numpy(float)
        self.respond = frame[start + "respond"].to_numpy(float)

    def by_itself(self) -> pd.DataFrame:
        """The model's own reply; `chance`: of the likeliest refusal token."""
        return self.frame.assign(
            answer=~self.frame["refuse"],
            flagged=self.frame["first"].isin(self.names),
            chance=self.refusing.max(axis=1),
            chance_sum=self.refusing.sum(axis=1),
        )

    def decided(self, flagged: np.ndarray) -> pd.DataFrame:
        """The reply after the likeliest refusal token where `flagged`, after [respond] elsewhere.

        So the category suppression, which never puts another refusal token in, is covered.
        """
        columns = [f"refused_{name}" for name in self.names]
        after = self.frame[columns].astype("Float64").to_numpy(float, na_value=np.nan)
        likeliest = after[np.arange(len(after)), self.refusing.argmax(axis=1)]
        answered = self.frame["refused_respond"].astype(float)
        refused = np.where(flagged, likeliest, answered)
        return self.frame.assign(answer=~self.frame["refuse"], flagged=flagged, refused=refused)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(answer=~frame["refuse"])


def _sets(method: str, frames: Frames, protocol: str, settings: Settings) -> Iterator[Group]:
    """The groups of a method on each test set that it was asked."""
    # fillings of one template are alike, so they are resampled together
    frames = {
        s: frame.assign(template=[name.rpartition("/")[0] or name for name in frame["id"]])
        for s, frame in frames.items()
    }
    first = next(iter(frames.values()))
    name = SETS[settings.tested]
    wanted: dict[str, tuple[list[str], str | None]] = {
        name: (["original", "contrast"], None),
        f"{name} original": (["original"], None),
        f"{name} contrast": (["contrast"], None),
        ORDINARY: (["ordinary"], None),
        "Generated temporal" if name == "Generated" else "Temporal": (
            ["temporal", "dated", "leak"],
            None,
        ),
        "Temporal questions": (["temporal"], None),
        "Dated questions": (["dated"], None),
        "Other refusals": (["leak"], None),
    }
    for category in settings.categories:
        wanted |= {f"{name} {p}, {category}": ([p], category) for p in ("original", "contrast")}
    columns = ("refused", "flagged", "refuse", "answer", "chance", "chance_sum")
    present = [column for column in columns if column in first]
    for dataset, (parts, category) in wanted.items():
        chosen = {s: _of(frame, parts, category) for s, frame in frames.items()}
        if len(next(iter(chosen.values()))):
            yield group_from_frames(
                chosen,
                present,
                model=display_name(settings.model),
                method=method,
                dataset=dataset,
                protocol=protocol,
                clusters="template" if settings.tested == "generated" else None,
            )


def _of(frame: pd.DataFrame, parts: list[str], category: str | None) -> pd.DataFrame:
    chosen = frame["part"].isin(parts)
    if category is not None:
        chosen &= frame["category"] == category
    return frame[chosen]


def training(method: str) -> str:
    """The training whose seeds a method's are: thresholds and rules read the same models."""
    own = [name for name in NAMES if method == name or method.startswith(f"{name}, ")]
    return max(own, key=len, default="")


def tables(found: pd.DataFrame) -> dict[str, str]:
    return {item: markdown_table(found, item) for item in found["item"].unique()}


if __name__ == "__main__":
    one_line_errors(lambda: step.analyze(__doc__, "refusal_tokens"))
