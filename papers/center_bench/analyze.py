"""What the scores of CenterBench mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` of a model,
`common_groups` of solvers, scorers and the released files and `training`. Every
answer is scored twice: protocol `official` is the authors' scorer, `corrected` the strict one.
Sentences are resampled, not questions, as the questions about a sentence are understood or
misunderstood together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from papers.center_bench import checks, metrics
from papers.center_bench.grammar import LEVELS
from papers.center_bench.questions import READINGS, TYPES
from papers.center_bench.settings import SUBSETS, Settings
from shared.comparison.claims import Reading
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.parts import Values
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, mean_among, rate, rate_among

READS = ("model", "seeds", "variants", "solvers")

# Data set of a gap -> the source of its sentences, the subset that is set against plausible ones
GAPS = {
    "CenterBench": ("CenterBench", "implausible"),
    "Generated": ("Generated", "implausible"),
    "Generated, same words": ("Generated", "matched"),
}
# No language models: solver -> name in tables and figures
SOLVERS = {
    "oracle": "Oracle parser",
    "nearest-verb": "Nearest verb",
    "plausibility": "Plausibility",
}
THINKING = "thinking"
METHODS = ("", THINKING)
# Subset and level -> number of the one sentence of which people were asked, about its middle noun:
# the forms of github.com/Sangmitra-06/center-embedding-study at commit 15a89114.
HUMAN_STUDY = {
    ("plausible", 1): 4,
    ("plausible", 2): 3,
    ("plausible", 3): 4,
    ("plausible", 4): 4,
    ("implausible", 1): 12,
    ("implausible", 2): 1,
    ("implausible", 3): 6,
    ("implausible", 4): 3,
}
CORRECT = {"corrected": "correct_strict", "official": "correct_official"}
NEEDS = ("id", "source", "subset", "level", "type", "sentence_id", "pair", "middle")
NEEDS += tuple(CORRECT.values())
ACCEPTED = {"corrected": "accepted_strict", "official": "accepted_official"}
FOLLOWS = {reading: f"follows_{reading.replace(' ', '_')}" for reading in READINGS}  # metrics
# The "models" of the items that are about the benchmark itself
RELEASED = "Released files"
PREPARED = "Prepared answers"

METRICS = {
    metric.name: metric
    for metric in [
        Metric("accuracy", ("correct",), rate),
        Metric("gap", ("correct", "plausible"), metrics.gap),  # percentage points
        Metric("median_gap", ("correct", "plausible", "level"), metrics.median_gap),
        Metric("thoughts_right", ("thoughts_words", "correct"), mean_among, unit=""),  # words
        Metric("thoughts_wrong", ("thoughts_words", "wrong"), mean_among, unit=""),
        # of the answers to telling questions, those that follow one reading of the sentence
        *(Metric(name, (name, "telling"), rate_among) for name in FOLLOWS.values()),
        Metric("accepted", ("accepted",), rate),
        Metric("constant_right", ("constant",), rate),
        Metric("questions", ("question",), count, unit=""),
        Metric("sentences", ("sentence",), count, unit=""),
        Metric("words", ("words",), mean, unit=""),  # of a sentence
        *(
            Metric(name, (name,), count, unit="")
            for name in (*checks.OF_QUESTIONS, *checks.OF_SENTENCES)
        ),
    ]
}


def by_subset(source: str) -> list[str]:
    return [f"{source} {subset}" for subset in SUBSETS[source]]


def by_level(names: Iterable[str]) -> list[str]:
    return [f"{name}, level {level}" for name in names for level in LEVELS]


def human_study(subset: str, level: int | None = None) -> str:
    """The data set of the human study's sentences of a subset, or of the one of a level."""
    return f"Human study, {subset}" + (f", level {level}" if level else "")


def by_type(names: Iterable[str]) -> list[str]:
    return [f"{name}, {kind}" for name in names for kind in TYPES]


def prepared(kind: str, right: bool, answer: str, part: str = "CenterBench") -> str:
    """The data set of one kind of prepared answer to questions of a type."""
    return f"{part}, {kind}, {'right' if right else 'wrong'}: {answer}"


OFFICIAL = by_subset("CenterBench")
WHOLE = [*OFFICIAL, *by_subset("Generated")]

ITEMS = [
    Item("accuracy_by_subset", ["accuracy"], METHODS, WHOLE),
    Item("accuracy_by_level", ["accuracy"], METHODS, by_level(WHOLE)),
    Item("accuracy_by_type", ["accuracy"], METHODS, by_type(WHOLE)),
    # accuracy here is that of both subsets together
    Item("median_gap", ["median_gap", "gap", "accuracy"], METHODS, list(GAPS)),
    Item("gap_by_level", ["gap", "accuracy"], METHODS, by_level(GAPS)),
    Item("gap_by_type", ["gap"], METHODS, by_type(GAPS)),
    Item("traces", ["thoughts_right", "thoughts_wrong"], [THINKING], list(GAPS)),
    Item(
        "human_study",
        ["accuracy"],
        METHODS,
        [*map(human_study, SUBSETS["CenterBench"]), *(human_study(*one) for one in HUMAN_STUDY)],
    ),
    Item("readings_by_subset", [*FOLLOWS.values()], METHODS, WHOLE),
    Item("readings_by_level", [*FOLLOWS.values()], METHODS, by_level(WHOLE)),
    Item("scorer_audit", ["accepted"], [""]),
    Item("constant_answers", ["constant_right"], [""], by_type(OFFICIAL)),
    Item(
        "official_data",
        ["questions", "sentences", "words", *checks.OF_SENTENCES, *checks.OF_QUESTIONS],
        [""],
        ["CenterBench", *OFFICIAL],
    ),
    Item("official_data", ["questions", "sentences", "words"], [""], by_level(OFFICIAL)),
    Item("official_data", ["questions", "gold_differs_from_structure"], [""], by_type(OFFICIAL)),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from the files of its runs; none of a variant from which no reply came."""
    found = []
    for name, variant in settings.variants.items():
        runs = settings.runs(name).items()
        frames = {seed: read_scores(scores / f"{file}.parquet", NEEDS) for seed, file in runs}
        if any(frame["correct_strict"].notna().any() for frame in frames.values()):
            method = THINKING if variant.thinking else ""
            found += _answers(frames, settings.name, method, trained=settings.small)
    return found


def training(method: str) -> str:
    """A small reader answers with and without thinking: one training is behind both."""
    return "reader"


def common_groups(scores: Path, settings: Settings) -> list[Group]:
    """Of the solvers, the released data and the audit of the scorers."""
    found = []
    for solver in settings.solvers:
        frame = read_scores(scores / f"{solver}.parquet", NEEDS)
        found += _answers({0: frame}, SOLVERS[solver], "")
    found += _released(read_scores(scores / "official_data.parquet", ("id", "sentence_id")))
    found += _audit(read_scores(scores / "scorer_audit.parquet", ("id", *ACCEPTED.values())))
    return found


def _answers(
    frames: Mapping[int, pd.DataFrame], model: str, method: str, trained: bool = False
) -> Iterator[Group]:
    """Of the runs of a model, by seed: each subset by itself, and beside the plausible one those it
    is set against."""
    of_traces = ["wrong", "thoughts_words"] if method == THINKING else []
    frame = pd.concat([own.assign(seed=seed) for seed, own in frames.items()], ignore_index=True)
    frame = frame.assign(plausible=frame["subset"] == "plausible")
    readings = ["telling", *FOLLOWS.values()] if "reading" in frame else []
    if readings:
        frame = frame.assign(**{own: frame["reading"] == name for name, own in FOLLOWS.items()})
    for protocol, column in CORRECT.items():
        correct = frame[column].to_numpy(float, na_value=np.nan)
        scored = frame.assign(correct=correct, wrong=1 - correct)
        named = {"model": model, "method": method, "protocol": protocol, "trained": trained}
        columns = ["correct", *(readings if protocol == "corrected" else ())]
        for (source, subset), rows in scored.groupby(["source", "subset"], sort=False):
            yield from _each_part(rows, columns, f"{source} {subset}", **named)
        for dataset, rows in _of_human_study(scored).items():
            yield _group(rows, ["correct"], dataset, **named)
        for name, (source, other) in GAPS.items():
            both = scored[scored["source"] == source]
            both = both[both["subset"].isin(["plausible", other])]
            if both["subset"].nunique() == 2:
                columns = ["correct", "plausible", "level", *of_traces]
                yield from _each_part(both, columns, name, **named)


def _each_part(
    rows: pd.DataFrame, columns: list[str], dataset: str, **named: object
) -> Iterator[Group]:
    for part, chosen in _parts(rows):
        yield _group(chosen, columns, f"{dataset}{part}", **named)


def _group(rows: pd.DataFrame, columns: list[str], dataset: str, **named: object) -> Group:
    frames = dict(iter(rows.groupby("seed")))
    return group_from_frames(frames, columns, dataset=dataset, clusters="pair", **named)


def _of_human_study(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The questions about the middle nouns of the sentences that people were given."""
    found = {}
    for (subset, level), number in HUMAN_STUDY.items():
        sentence = f"official/{subset}/L{level}/{number:02d}"
        rows = frame[(frame["sentence_id"] == sentence) & frame["middle"]]
        if len(rows):
            found[human_study(subset, level)] = rows
    for subset in SUBSETS["CenterBench"]:
        own = [rows for name, rows in found.items() if name.startswith(human_study(subset))]
        if own:
            found[human_study(subset)] = pd.concat(own)
    return found


def _parts(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """All rows, those of each level and those of each type, with what their names end in."""
    yield "", rows
    for level, chosen in rows.groupby("level"):
        yield f", level {level}", chosen
    for kind, chosen in rows.groupby("type"):
        yield f", {kind}", chosen


def _released(frame: pd.DataFrame) -> Iterator[Group]:
    """The questions and the sentences of the authors' files; no row if they were not reached."""
    named = {"model": RELEASED, "method": "", "protocol": "corrected", "trained": False}
    frame = frame.assign(question=1)
    parts = [("CenterBench", frame)] if len(frame) else []
    for subset, rows in frame.groupby("subset", sort=False):
        parts += [(f"CenterBench {subset}{part}", chosen) for part, chosen in _parts(rows)]
    for dataset, rows in parts:
        columns = ["question", "constant", *checks.OF_QUESTIONS]
        yield group_from_frames(
            {0: rows}, columns, dataset=dataset, clusters="sentence_id", **named
        )
        sentences = rows.groupby("sentence_id", as_index=False).agg(
            words=("sentence_words", "first"),
            **{name: (name, "max") for name in checks.OF_SENTENCES},
        )
        sentences = sentences.rename(columns={"sentence_id": "id"}).assign(sentence=1)
        columns = ["sentence", "words", *checks.OF_SENTENCES]
        yield group_from_frames({0: sentences}, columns, dataset=dataset, **named)


def _audit(frame: pd.DataFrame) -> Iterator[Group]:
    """What each scorer accepts of answers that are right or wrong by construction."""
    for (kind, right, answer), rows in frame.groupby(["type", "right", "answer_kind"], sort=False):
        parts = [("CenterBench", rows)]
        parts += [(f"CenterBench {subset}", own) for subset, own in rows.groupby("subset")]
        for protocol, column in ACCEPTED.items():
            for part, chosen in parts:
                yield group_from_frames(
                    {0: chosen.assign(accepted=chosen[column])},
                    ["accepted"],
                    model=PREPARED,
                    method="",
                    dataset=prepared(kind, right, answer, part),
                    protocol=protocol,
                    trained=False,
                )


def accurate_models_lean_on_plausibility_too(values: Values) -> Reading | str:
    """C7: the gap of the most accurate model against the mean gap of the others."""
    asked = [key for key in values if key.metric == "accuracy" and key.dataset in GAPS]
    asked = [key for key in asked if key.model not in SOLVERS.values()]
    datasets = {key.dataset for key in asked}
    source = "CenterBench" if "CenterBench" in datasets else "Generated"
    asked = [key for key in asked if key.dataset == source and np.isfinite(values[key])]
    if len(asked) < 3:
        return "needs at least three language models to rank"
    best = max(asked, key=values.get)
    others = list(dict.fromkeys(key.model for key in asked if key.model != best.model))
    holds = f'median_gap["{best.method}", "{source}", "{best.model}"]'
    holds += f' > mean(median_gap[mode, "{source}", other])'
    return Reading(holds, {"other": others})


def tables(found: pd.DataFrame) -> dict[str, str]:
    """One for each item, with a column for each model and scorer."""
    return markdown_tables(found.assign(method=model_labels(found)))


def model_labels(cells: pd.DataFrame) -> Sequence[str]:
    """`DeepSeek-R1, thinking`: the heading of a model's column and its name in a legend."""
    pairs = zip(cells["model"], cells["method"], strict=True)
    return [", ".join(filter(None, pair)) for pair in pairs]
