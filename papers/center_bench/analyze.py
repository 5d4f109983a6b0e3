"""What the scores of CenterBench mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` of a model,
`common_groups` of solvers, scorers and the released files, and a function for each claim. Every
answer is scored twice: protocol `official` is the authors' scorer, `corrected` the strict one.
Sentences are resampled, not questions, as the questions about a sentence are understood or
misunderstood together.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from papers.center_bench import checks, metrics
from papers.center_bench.grammar import LEVELS
from papers.center_bench.questions import TYPES
from papers.center_bench.settings import Settings
from shared.comparison.cells import Item
from shared.comparison.findings import Finding
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.markdown import markdown_table
from shared.comparison.numbers import examples, numbers
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, rate_among

READS = ("variants", "solvers")

SUBSETS = {
    "CenterBench": ("plausible", "implausible"),
    "Generated": ("plausible", "implausible", "matched"),
}
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
CORRECT = {"corrected": "correct_strict", "official": "correct_official"}
NEEDS = ("id", "source", "subset", "level", "type", "pair", *CORRECT.values())
ACCEPTED = {"corrected": "accepted_strict", "official": "accepted_official"}
# The "models" of the items that are about the benchmark itself
RELEASED = "Released files"
PREPARED = "Prepared answers"

METRICS = {
    metric.name: metric
    for metric in [
        # `mean`, not `rate`: McNemar's test would take the questions of a sentence for independent
        Metric("accuracy", ("correct",), mean),
        Metric("gap", ("correct", "plausible"), metrics.gap),  # percentage points
        Metric("median_gap", ("correct", "plausible", "level"), metrics.median_gap),
        Metric("thoughts_right", ("thoughts_words", "correct"), rate_among, unit=""),  # words
        Metric("thoughts_wrong", ("thoughts_words", "wrong"), rate_among, unit=""),
        Metric("accepted", ("accepted",), mean, interval="wilson"),
        Metric("constant_right", ("constant",), mean),
        Metric("questions", ("question",), count, unit="", interval="none"),
        Metric("sentences", ("sentence",), count, unit="", interval="none"),
        Metric("words", ("words",), mean, unit=""),  # of a sentence
        *(
            Metric(name, (name,), count, unit="", interval="none")
            for name in (*checks.OF_QUESTIONS, *checks.OF_SENTENCES)
        ),
    ]
}


def by_subset(source: str) -> list[str]:
    return [f"{source} {subset}" for subset in SUBSETS[source]]


def by_level(names: Iterable[str]) -> list[str]:
    return [f"{name}, level {level}" for name in names for level in LEVELS]


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
    """Of one model, from `<variant>.parquet`."""
    return [
        group
        for name, variant in settings.variants.items()
        for group in _answers(
            read_scores(scores / f"{name}.parquet", NEEDS),
            settings.name,
            THINKING if variant.thinking else "",
        )
    ]


def common_groups(scores: Path, settings: Settings) -> list[Group]:
    """Of the solvers, the released data and the audit of the scorers."""
    found = []
    for solver in settings.solvers:
        found += _answers(read_scores(scores / f"{solver}.parquet", NEEDS), SOLVERS[solver], "")
    found += _released(read_scores(scores / "official_data.parquet", ("id", "sentence_id")))
    found += _audit(read_scores(scores / "scorer_audit.parquet", ("id", *ACCEPTED.values())))
    return found


def _answers(frame: pd.DataFrame, model: str, method: str) -> Iterator[Group]:
    """Of one run: each subset by itself, and beside the plausible one those it is set against."""
    of_traces = ["wrong", "thoughts_words"] if method == THINKING else []
    frame = frame.assign(plausible=frame["subset"] == "plausible")
    for protocol, column in CORRECT.items():
        correct = frame[column].to_numpy(float, na_value=np.nan)
        scored = frame.assign(correct=correct, wrong=1 - correct)
        named = {"model": model, "method": method, "protocol": protocol}
        for (source, subset), rows in scored.groupby(["source", "subset"], sort=False):
            yield from _each_part(rows, ["correct"], f"{source} {subset}", **named)
        for name, (source, other) in GAPS.items():
            both = scored[scored["source"] == source]
            both = both[both["subset"].isin(["plausible", other])]
            if both["subset"].nunique() == 2:
                columns = ["correct", "plausible", "level", *of_traces]
                yield from _each_part(both, columns, name, **named)


def _each_part(
    rows: pd.DataFrame, columns: list[str], dataset: str, **named: str
) -> Iterator[Group]:
    for part, chosen in _parts(rows):
        frames = {0: chosen[["id", "pair", *columns]]}
        yield group_from_frames(
            frames, columns, dataset=f"{dataset}{part}", clusters="pair", **named
        )


def _parts(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """All rows, those of each level and those of each type, with what their names end in."""
    yield "", rows
    for level, chosen in rows.groupby("level"):
        yield f", level {level}", chosen
    for kind, chosen in rows.groupby("type"):
        yield f", {kind}", chosen


def _released(frame: pd.DataFrame) -> Iterator[Group]:
    """The questions and the sentences of the authors' files; no row if they were not reached."""
    named = {"model": RELEASED, "method": "", "protocol": "corrected"}
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
                )


# Claims. Each function takes cells (the paper's or ours) with the columns item, model, method,
# dataset, metric, value and, in ours, n and draws, and reckons with `shared.comparison.numbers`.
# All are about language models: solvers are left out.

FAMILIES = ("Claude", "Gemini", "DeepSeek")  # of the paper, largest gap first
DEEP, SHALLOW = (4, 5, 6), (1, 2)
NO_MODES = Finding(0, 0, "needs one family of models with and without thinking")


def gap_widens_with_level(cells: pd.DataFrame) -> Finding:
    """C1: the mean gap at levels 4 to 6 minus that at levels 1 and 2."""
    gaps = _numbers(cells, "gap")
    source = _source(gaps)
    widening = _widening(gaps, source)
    if not widening:
        return Finding(0, 0, "needs gaps at levels 1, 2, 4, 5 and 6")
    levels = [level for level in LEVELS if f"{source}, level {level}" in _datasets(gaps)]
    means = [_mean(_on(gaps, f"{source}, level {level}"))[0] for level in levels]
    accuracy = _numbers(cells, "accuracy")
    deep = [_mean(_on(accuracy, f"{source}, level {level}"))[0] for level in DEEP]
    note = (
        f"{_where(source)}; mean gap by level {', '.join(f'{gap:+.1f}' for gap in means)}"
        f"{_spearman(means, levels)}; accuracy at levels 4 to 6 {np.mean(deep):.1f} %"
    )
    if same := _widening(gaps, "Generated, same words"):
        note += f"; generated, same words {_mean(same)[0]:+.1f} points"
    n = sum(_n(cells, "gap", f"{source}, level {level}") for level in (*SHALLOW, *DEEP))
    return _finding(widening, 1, note, n)


def median_gap_above_zero(cells: pd.DataFrame) -> Finding:
    """C2, its size: in the median over levels, plausible sentences are understood better."""
    gaps = _numbers(cells, "median_gap")
    source = _source(gaps)
    note = _where(source)
    if len(same := _on(gaps, "Generated, same words")):
        note += f"; generated, same words {_mean(same)[0]:+.1f} points"
    return _finding(_on(gaps, source), 1, note, _n(cells, "median_gap", source))


def claude_then_gemini_then_deepseek(cells: pd.DataFrame) -> Finding:
    """C2, its order: the smaller of Claude's lead over Gemini and Gemini's over DeepSeek."""
    gaps = _numbers(cells, "median_gap")
    source = _source(gaps)
    by = _by_family(_on(gaps, source))
    if not set(FAMILIES) <= set(by):
        return Finding(0, 0, f"needs models of the families {', '.join(FAMILIES)}")
    claude, gemini, deepseek = (_mean(by[name].values()) for name in FAMILIES)
    note = f"{_where(source)}; {claude[0]:.1f}, {gemini[0]:.1f}, {deepseek[0]:.1f} points"
    lead = np.minimum(claude - gemini, gemini - deepseek)
    return _finding([lead], 1, note, _n(cells, "median_gap", source))


def plausibility_hurts_on_consequences(cells: pd.DataFrame) -> Finding:
    """C3: the gap on chain_consequence, which the claim wants below zero."""
    gaps = _numbers(cells, "gap")
    source = _source(gaps)
    note = _where(source)
    if len(same := _on(gaps, "Generated, same words, chain_consequence")):
        note += f"; generated, same words {_mean(same)[0]:+.1f} points"
    dataset = f"{source}, chain_consequence"
    return _finding(_on(gaps, dataset), -1, note, _n(cells, "gap", dataset))


def thinking_raises_accuracy(cells: pd.DataFrame) -> Finding:
    """C4: thinking minus not thinking, in each family and subset."""
    accuracy = _numbers(cells, "accuracy")
    source = _source(accuracy)
    gains, n = [], 0
    for dataset in (f"{source} plausible", f"{source} implausible"):
        modes = _modes(_on(accuracy, dataset))
        gains += [thinking - plain for thinking, plain in modes]
        n += _n(cells, "accuracy", dataset)
    return _finding(gains, 1, _where(source), n) if gains else NO_MODES


def thoughts_are_longer_when_wrong(cells: pd.DataFrame) -> Finding:
    """C5, as far as it can be counted: words of thought before wrong minus before right answers."""
    wrong, right = _numbers(cells, "thoughts_wrong"), _numbers(cells, "thoughts_right")
    source = _source(wrong)
    if wrong.empty:
        return Finding(0, 0, "needs traces of reasoning models, and people who label them")
    longer = _on(wrong, source) - _on(right, source)
    note = f"{_where(source)}; in words; shortcuts and refusals in traces need people to label them"
    n = _n(cells, "thoughts_wrong", source) + _n(cells, "thoughts_right", source)
    return _finding(longer, 1, note, n)


def people_show_no_widening_gap(cells: pd.DataFrame) -> Finding:
    """C6: no run of ours can answer for people."""
    return Finding(0, 0, "needs a study with people; that of the paper is not published")


def accurate_models_lean_on_plausibility_too(cells: pd.DataFrame) -> Finding:
    """C7: the gap of the most accurate model minus the mean gap of the others."""
    gaps, accuracy = _numbers(cells, "median_gap"), _numbers(cells, "accuracy")
    source = _source(gaps)
    gaps, accuracy = _on(gaps, source), _on(accuracy, source)
    if len(gaps) < 3:
        return Finding(0, 0, "needs at least three language models to rank")
    values = [series.map(lambda number: number[0]) for series in (accuracy, gaps)]
    best = values[0].idxmax()
    note = f"{_where(source)}; most accurate: {' '.join(best).strip()}{_spearman(*values)}"
    lead = gaps[best] - _mean(gaps.drop([best]))
    return _finding([lead], 1, note, _n(cells, "median_gap", source))


def modes_are_good_at_different_sentences(cells: pd.DataFrame) -> Finding:
    """C8: the smaller of two leads, without thinking on plausible sentences and with thinking on
    implausible ones at levels 4 to 6."""
    accuracy = _numbers(cells, "accuracy")
    source = _source(accuracy)
    leads = {"plausible": [], "implausible": []}
    n = 0
    for subset, levels, sign in (("plausible", LEVELS, -1), ("implausible", DEEP, 1)):
        for level in levels:
            dataset = f"{source} {subset}, level {level}"
            modes = _modes(_on(accuracy, dataset))
            leads[subset] += [sign * (thinking - plain) for thinking, plain in modes]
            n += _n(cells, "accuracy", dataset)
    if not all(leads.values()):
        return NO_MODES
    plain, thinking = map(_mean, leads.values())
    note = (
        f"{_where(source)}; plausible, without minus with thinking {plain[0]:+.1f}; "
        f"implausible at levels 4 to 6, with minus without {thinking[0]:+.1f}"
    )
    return _finding([np.minimum(plain, thinking)], 1, note, n)


def _numbers(cells: pd.DataFrame, metric: str) -> pd.Series:
    """Numbers of the language models by (model, method, dataset)."""
    return numbers(_language_models(cells), metric)


def _language_models(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[~cells["model"].isin([*SOLVERS.values(), RELEASED, PREPARED])]


def _datasets(found: pd.Series) -> pd.Index:
    return found.index.get_level_values("dataset")


def _on(found: pd.Series, dataset: str) -> pd.Series:
    """Numbers on one data set, by (model, method)."""
    return found[_datasets(found) == dataset].droplevel("dataset")


def _source(found: pd.Series) -> str:
    """CenterBench itself where it was asked, generated sentences where it was not."""
    return "CenterBench" if _datasets(found).str.startswith("CenterBench").any() else "Generated"


def _where(source: str) -> str:
    return "on CenterBench" if source == "CenterBench" else "on generated sentences alone"


def _n(cells: pd.DataFrame, metric: str, dataset: str) -> int:
    return examples(_language_models(cells), metric, dataset)


def _widening(gaps: pd.Series, name: str) -> list[np.ndarray]:
    """Gap at deep levels minus gap at shallow ones, of each model that has all of them."""
    table = {level: _on(gaps, f"{name}, level {level}") for level in (*SHALLOW, *DEEP)}
    models = set.intersection(*(set(found.index) for found in table.values()))
    return [
        _mean(table[level][model] for level in DEEP)
        - _mean(table[level][model] for level in SHALLOW)
        for model in sorted(models)
    ]


def _by_family(found: pd.Series) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Family -> numbers by (model, method); a model outside the paper's is its own family."""
    families: dict[str, dict[tuple[str, str], np.ndarray]] = {}
    for (model, method), number in found.items():
        own = (name for name in FAMILIES if model.lower().startswith(name.lower()))
        families.setdefault(next(own, model), {})[model, method] = number
    return families


def _modes(found: pd.Series) -> list[tuple[np.ndarray, np.ndarray]]:
    """(with, without thinking) of each family that has both."""
    pairs = []
    for family in _by_family(found).values():
        modes = {
            mode: [number for (_, method), number in family.items() if method == mode]
            for mode in METHODS
        }
        if all(modes.values()):
            pairs.append((_mean(modes[THINKING]), _mean(modes[""])))
    return pairs


def _mean(found: Iterable[np.ndarray]) -> np.ndarray:
    return np.mean(list(found), axis=0)


def _spearman(first: Sequence[float], second: Sequence[float]) -> str:
    """Rank correlation, for a note; nothing if one side is constant."""
    ranks = (pd.Series(list(values), dtype=float).rank() for values in (first, second))
    order = next(ranks).corr(next(ranks))
    return "" if np.isnan(order) else f", Spearman {order:+.2f}"


def _finding(effects: Iterable[np.ndarray], sign: int, note: str, n: int) -> Finding:
    """The mean of some numbers, wanted above (sign 1) or below (-1) zero."""
    effects = [effect for effect in effects if np.isfinite(effect[0])]
    if not effects:
        return Finding(0, 0, "no language model has scored answers to compare")
    in_direction = sum(bool(sign * effect[0] > 0) for effect in effects)
    return Finding.of_number(in_direction, len(effects), _mean(effects), note, n)


def tables(found: pd.DataFrame) -> dict[str, str]:
    """One for each item, with a column for each model and scorer."""
    columns = found.assign(method=model_labels(found))
    return {item: markdown_table(columns, item) for item in found["item"].unique()}


def model_labels(cells: pd.DataFrame) -> Sequence[str]:
    """`DeepSeek-R1, thinking`: the heading of a model's column and its name in a legend."""
    pairs = zip(cells["model"], cells["method"], strict=True)
    return [", ".join(filter(None, pair)) for pair in pairs]
