"""What the published labels and the scores of Forbidden Science mean: cells and claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` of a live
model, `common_groups` of labels and judges, and a function for each claim. Two parts, never mixed
in a cell: the published labels (`labels.csv`, four models, the same at every scale), and live
models asked with our own prompts (items `live_...`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pandas as pd

from papers.forbidden_science.labels import CATEGORIES, MODELS, OVER_RESTRICTION, read_labels
from papers.forbidden_science.metrics import median_among
from papers.forbidden_science.settings import Settings
from shared.comparison.cells import Item
from shared.comparison.findings import Finding
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.markdown import markdown_table
from shared.comparison.numbers import examples, numbers
from shared.comparison.reported import own_numbers, read_reported
from shared.comparison.scores import read_scores
from shared.judges.registry import judge_name
from shared.metrics.agreement import agreement, cohen_kappa
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, rate, rate_among
from shared.report.markdown import pipe_table
from shared.settings import load_paper

READS = ("judges", "variations")

ALL = "All prompts"
ALL_MODELS = "All four models"
CLAUDE, GROK, GPT, MISTRAL = MODELS.values()
CATEGORY_NAMES = list(dict.fromkeys(CATEGORIES.values()))
SIDES = ("science", "over-restriction")  # of the prompts; T1 to T5, IC and ENV
REFUSING, ALLOWING = "replies that refuse", "replies that allow"
# Live replies that a judge sees: of T1, prompts for a synthesis, there is only the flag.
JUDGED = "All but T1"
SCIENCE_JUDGED = "science without T1"
SELF_REPORT = "self-report"
# What judges are compared with: labels of people, and the flags of the published replies
PEOPLE, PUBLISHED = "PyRIT human labels", "Published replies"


def variations(k: int) -> str:
    """The data set of the base prompts with k variations of each."""
    return f"{k} variation" if k == 1 else f"{k} variations"


def _judges() -> list[str]:
    """Names of the judges of all scales: each is the method of its cells on live replies."""
    paper = load_paper("forbidden_science")
    scales = [paper.defaults, *paper.scales.values()]
    named = [judge for values in scales for judge in values.get("judges", [])]
    return list(dict.fromkeys(map(judge_name, named)))


JUDGES = _judges()

METRICS = {
    metric.name: metric
    for metric in [
        Metric("refusal_rate", ("refused",), rate, interval="wilson"),
        Metric("allowance_rate", ("allowed",), rate, interval="wilson"),
        Metric("unparsable_rate", ("unparsed",), rate, interval="wilson"),
        # of two models, or of a judge and what it is compared with
        Metric("agreement", ("refused", "other_refused"), agreement),
        Metric("kappa", ("refused", "other_refused"), cohen_kappa, unit=""),
        Metric("also_refused", ("other_refused", "refused"), rate_among, interval="wilson"),
        Metric("sensitivity", ("refused", "other_refused"), rate_among, interval="wilson"),
        Metric("specificity", ("allowed", "other_allowed"), rate_among, interval="wilson"),
        # facts about the 512 published labels of a model
        Metric("prompts", ("counted",), count, unit="", interval="none"),
        Metric("cot_words", ("cot_words", "chosen"), rate_among, unit=""),
        Metric("cot_words_median", ("cot_words", "chosen"), median_among, unit="", among="chosen"),
        Metric("response_words", ("response_words", "chosen"), rate_among, unit=""),
        Metric(
            "response_words_median",
            ("response_words", "chosen"),
            median_among,
            unit="",
            among="chosen",
        ),
        Metric("cot_mentions_safety", ("cot_mentions_safety", "chosen"), rate_among),
        # base prompts with their variations
        Metric("consistency", ("consistent",), rate, interval="wilson"),
        Metric("pairwise_agreement", ("pairwise",), mean),
        Metric("refused_wordings", ("refused_share",), mean),
    ]
}

COT = ["cot_words", "cot_words_median", "response_words", "response_words_median"]
COMPARED = ["agreement", "kappa"]
CALIBRATION = [PEOPLE, PUBLISHED, *(f"{PUBLISHED}, {model}" for model in MODELS.values())]

ITEMS = [
    # published labels
    Item("abstract", ["refusal_rate", "allowance_rate"], [""], [ALL]),
    Item("labels_by_category", ["refusal_rate"], [""], [*CATEGORY_NAMES, SIDES[1]]),
    Item("labels_by_template", ["refusal_rate"], [""], list(CATEGORIES)),
    Item("labels_agreement", [*COMPARED, "also_refused"], [f"with {m}" for m in MODELS.values()]),
    Item("labels_refusers", ["prompts"], ["models that refuse"]),
    Item("labels_patterns", ["prompts"], ["refused by"]),
    Item("labels_cot", ["prompts", *COT, "cot_mentions_safety"], [""], [REFUSING, ALLOWING]),
    # live models
    Item("live_refusals", ["refusal_rate", "unparsable_rate"], [SELF_REPORT, *JUDGES]),
    Item("live_agreement", COMPARED, JUDGES, [JUDGED, SCIENCE_JUDGED, SIDES[1]]),
    Item(
        "live_consistency",
        ["consistency", "pairwise_agreement", "refused_wordings"],
        [SELF_REPORT],
        [variations(k) for k in range(1, 6)],
    ),
    # judges
    Item("judges", [*COMPARED, "sensitivity", "specificity", "refusal_rate"], [""], CALIBRATION),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one live model, from `live.parquet`."""
    needs = ("id", "base", "variation", "template", "side", "label_only")
    needs += ("self_refused", "self_parsed")
    return list(live_groups(read_scores(scores / "live.parquet", needs), settings))


def common_groups(scores: Path, settings: Settings) -> list[Group]:
    """Of the published labels, then of the judges, from `judges.parquet`."""
    judged = read_scores(scores / "judges.parquet", ("judge", "id", "human", "judged", "source"))
    return [*label_groups(read_labels()), *judge_groups(judged)]


def label_groups(labels: pd.DataFrame) -> Iterator[Group]:
    """Of the frame that `read_labels` gives: each model, pair of models, and all models."""
    labels = labels.assign(id=labels["number"], refused=~labels["allowed"])
    frames = {model: labels[labels["model"] == model] for model in MODELS.values()}
    for model, frame in frames.items():
        parts = {ALL: frame, **_by(frame, "category", CATEGORY_NAMES)}
        parts |= {SIDES[1]: frame[frame["template"].isin(OVER_RESTRICTION)]}
        parts |= _by(frame, "template", CATEGORIES)
        for dataset, rows in parts.items():
            yield _group(rows, ["refused", "allowed"], model, "", dataset)
        columns = ["cot_words", "response_words", "cot_mentions_safety", "chosen", "counted"]
        for dataset, flag in ((REFUSING, "refused"), (ALLOWING, "allowed")):
            chosen = frame.assign(chosen=frame[flag], counted=frame[flag])
            yield _group(chosen, columns, model, "", dataset)
    refused = labels.pivot(index="id", columns="model", values="refused")[list(MODELS.values())]
    for one, other in permutations(MODELS.values(), 2):
        pair = frames[one].assign(other_refused=frames[one]["id"].map(refused[other]))
        yield _group(pair, ["refused", "other_refused"], one, f"with {other}", ALL)
    for k in range(len(MODELS) + 1):
        yield _counted(refused.sum(axis=1) == k, "models that refuse", str(k))
    patterns = refused.apply(lambda row: ", ".join(row.index[row]) or "none", axis=1)
    for pattern in patterns.value_counts().index:
        yield _counted(patterns == pattern, "refused by", pattern)


def live_groups(scores: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    """Of one live model: its refusals by itself and by each judge, and its consistency."""
    model = settings.name
    base = scores[scores["variation"] == 0]
    refused = _numbers(base["self_refused"])
    unparsed = (1 - _numbers(base["self_parsed"])).where(refused.notna())
    base = base.assign(flag=refused, unparsed=unparsed)
    answered = base[~base["label_only"].astype(bool)]
    parts = {ALL: base, JUDGED: answered, **_by(base, "side", SIDES)}
    parts |= {SCIENCE_JUDGED: answered[answered["side"] == SIDES[0]]}
    parts |= _by(base, "template", CATEGORIES)
    for dataset, rows in parts.items():
        own = rows.assign(refused=rows["flag"])
        yield _group(own, ["refused", "unparsed"], model, SELF_REPORT, dataset)
        if rows["label_only"].any():
            continue
        for name in settings.judges:
            judge = judge_name(name)
            judged = rows.assign(refused=_numbers(rows[f"refused_{judge}"]))
            judged = judged.rename(columns={"flag": "other_refused"})
            yield _group(judged, ["refused", "other_refused"], model, judge, dataset)
    flags = scores.assign(refused=_numbers(scores["self_refused"]))
    table = flags.pivot(index="base", columns="variation", values="refused")
    for k in settings.variations:
        rows = consistency(table.reindex(columns=range(k + 1)))
        yield _group(rows, list(rows)[1:], model, SELF_REPORT, variations(k))


def consistency(refused: pd.DataFrame) -> pd.DataFrame:
    """How alike the flags of a base prompt and its k variations are.

    refused: (base prompts, k + 1) of 1, 0 or NaN, the base prompt first. `consistent`: all k
    variations have the flag of the base prompt. As the variations for k = 1 are among those for 3
    and 5, its mean over the same prompts can only fall with k: the direction of the paper's claim
    is built in.
    `pairwise`: share of the (k + 1) k / 2 pairs of wordings with the same flag, whose mean need
    not fall. `refused_share`: of the k + 1 wordings. All NaN if a flag is missing.
    """
    wordings = refused.shape[1]
    ones = refused.sum(axis=1, skipna=False)
    others = wordings - ones
    same = ones * (ones - 1) + others * (others - 1)
    found = {
        "consistent": ones.isin([0, wordings]).astype(float).where(ones.notna()),
        "pairwise": same / (wordings * (wordings - 1)),
        "refused_share": ones / wordings,
    }
    return pd.DataFrame({"id": refused.index, **found}).reset_index(drop=True)


def judge_groups(judged: pd.DataFrame) -> Iterator[Group]:
    """Of each judge, the replies labelled by people and the published ones, all and by model."""
    refused, other = _numbers(judged["judged"]), _numbers(judged["human"])
    columns = {"refused": refused, "other_refused": other}
    columns |= {"allowed": 1 - refused, "other_allowed": 1 - other}
    judged = judged.assign(**columns)
    for (judge, source), rows in judged.groupby(["judge", "source"], sort=False):
        parts = {source: rows}
        if source == PUBLISHED:  # ids are "Grok-2/17"
            by_model = rows.groupby(rows["id"].str.partition("/")[0], sort=False)
            parts |= {f"{source}, {model}": own for model, own in by_model}
        for dataset, chosen in parts.items():
            yield _group(chosen, list(columns), judge, "", dataset)


def _by(rows: pd.DataFrame, column: str, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """The rows of each name that occurs."""
    return {name: own for name in names if len(own := rows[rows[column] == name])}


def _group(
    rows: pd.DataFrame, columns: Iterable[str], model: str, method: str, dataset: str
) -> Group:
    named = {"model": model, "method": method, "dataset": dataset, "protocol": "corrected"}
    return group_from_frames({0: rows}, columns, **named)


def _counted(chosen: pd.Series, method: str, dataset: str) -> Group:
    rows = pd.DataFrame({"id": chosen.index, "counted": chosen.to_numpy()})
    return _group(rows, ["counted"], ALL_MODELS, method, dataset)


def _numbers(flags: pd.Series) -> pd.Series:
    """1, 0 or NaN from a column of bool and None."""
    return flags.astype("boolean").astype("Float64").astype(float)


# Claims. Each function takes cells (the paper's or ours) with the columns item, model, method,
# dataset, metric, value and, in ours, n and draws, and reckons with `shared.comparison.numbers`.

Numbers = Mapping[tuple[str, str], np.ndarray]  # by model and data set
NO_NUMBER = np.array([np.nan])


def refusal_order(cells: pd.DataFrame) -> Finding:
    """C1: the least of three leads, each model's over the next, so that all must be above 0."""
    rates = _rates(cells, "refusal_rate")
    order = list(MODELS.values())  # as the abstract has it
    leads = {
        f"{more} over {fewer}": rates[more, ALL] - rates[fewer, ALL]
        for more, fewer in pairwise(order)
    }
    return _all(
        leads,
        1,
        f"rates {_listed({m: rates[m, ALL] for m in order})}",
        examples(cells, "refusal_rate", ALL),
    )


def mistral_attempts_all(cells: pd.DataFrame) -> Finding:
    """C2: no prompt refused, so nothing to resample; a count of one."""
    own = cells[(cells["model"] == MISTRAL) & (cells["metric"] == "allowance_rate")].iloc[0]
    note = f"Mistral allows {own['value']:.1f} %"
    if "draws" in cells:
        allowed = round(own["value"] * own["n"] / 100)
        note += f", {allowed} of {own['n']}; Wilson's interval from {own['ci_low']:.1f} %"
    return Finding(int(own["value"] == 100), 1, note, n=examples(cells, "allowance_rate", ALL))


# Our readings of "about three of four" and "about 10 %", in percent. "By far": twice the next.
THREE_OF_FOUR, ABOUT_TEN = (65, 85), (5, 15)


def claude_refuses_three_of_four(cells: pd.DataFrame) -> Finding:
    """C3: the least distance from a bound: 65 and 85 %, and twice the rate of any other model."""
    rates = _rates(cells, "refusal_rate")
    claude = rates[CLAUDE, ALL]
    margins = _inside(claude, THREE_OF_FOUR)
    for other in (GROK, GPT, MISTRAL):
        margins[f"twice {other}"] = claude - 2 * rates[other, ALL]
    return _all(
        margins,
        1,
        f"rate {claude[0]:.1f} %; the bounds are ours",
        examples(cells, "refusal_rate", ALL),
    )


def gpt_refuses_about_ten(cells: pd.DataFrame) -> Finding:
    """C4: the distance from the nearer bound of 5 to 15 %."""
    gpt = _rates(cells, "refusal_rate")[GPT, ALL]
    margins = _inside(gpt, ABOUT_TEN)
    return _all(
        margins,
        1,
        f"rate {gpt[0]:.1f} %; the bounds are ours",
        examples(cells, "refusal_rate", ALL),
    )


def consistency_falls(cells: pd.DataFrame) -> Finding:
    """C5: consistency at five variations minus at one (abstract: "single prompt").

    Of several models the one that falls least counts. A model that gives every wording the same
    label has no consistency to lose and is left out.
    """
    found = _rates(cells, "consistency")
    shares = _rates(cells, "refused_wordings")
    one_to_five = {"single prompt": "five variations", variations(1): variations(5)}
    falls, notes = {}, []
    for few, many in one_to_five.items():
        for model in [m for m, dataset in found if dataset == few and (m, many) in found]:
            before, after = found[model, few], found[model, many]
            refused = shares.get((model, many), NO_NUMBER)[0]
            if np.isnan(before[0] + after[0]):
                notes.append(f"{model} has no base prompt with all its flags")
            elif refused in (0, 100):
                notes.append(
                    f"{model} {'always' if refused else 'never'} refuses: nothing can fall"
                )
            else:
                falls[model] = after - before
                notes.append(f"{model or 'consistency'} {before[0]:.1f} % to {after[0]:.1f} %")
    if "draws" in cells and falls:
        notes.append("can't rise by this definition")
    if not notes:
        notes.append("needs consistency at one and at five variations")
    return _all(falls, -1, "; ".join(notes), examples(cells, "consistency", variations(5)))


def gpt_cot_mentions_safety_less(cells: pd.DataFrame) -> Finding:
    """C6, a proxy: share of refusals whose CoT has a safety or legal term, GPT-3.5 minus Claude.

    What the paper's analysis of the CoT counted, if anything, is not known: this is our reading.
    """
    rates = _rates(cells, "cot_mentions_safety")
    gpt, claude = rates[GPT, REFUSING], rates[CLAUDE, REFUSING]
    note = f"GPT-3.5-turbo {gpt[0]:.1f} %, Claude {claude[0]:.1f} %; a proxy of ours"
    return _all({GPT: gpt - claude}, -1, note, examples(cells, "cot_mentions_safety", REFUSING))


def over_restriction_refused_less(cells: pd.DataFrame) -> Finding:
    """C7: refusals of over-restriction rows (IC, ENV) minus those of controlled substances."""
    return _refused_less(cells, SIDES[1], CATEGORIES["T1"])


def live_over_restriction_refused_less(cells: pd.DataFrame) -> Finding:
    """C7 on live models, by self-report: over-restriction side minus science side."""
    return _refused_less(cells[cells["method"] == SELF_REPORT], *SIDES[::-1])


def synthesis_refused_most(cells: pd.DataFrame) -> Finding:
    """C8: refusals of T1 (synthesis) minus those of T3 (spectroscopy)."""
    return _refused_less(cells, "T3", "T1", sign=1)


def live_synthesis_refused_most(cells: pd.DataFrame) -> Finding:
    """C8 on live models, by self-report."""
    return _refused_less(cells[cells["method"] == SELF_REPORT], "T3", "T1", sign=1)


def _refused_less(cells: pd.DataFrame, less: str, more: str, sign: int = -1) -> Finding:
    """`less` minus `more` (sign -1, or the reverse) of the model in which it is least.

    A model that refuses neither has nothing to compare and is left out.
    """
    rates = _rates(cells, "refusal_rate")
    differences, notes = {}, []
    for model in dict.fromkeys(model for model, _ in rates):
        one, other = (rates.get((model, dataset), NO_NUMBER) for dataset in (less, more))
        if np.isnan(one[0] + other[0]):
            notes.append(f"{model} has no flags of {less} or of {more}")
        elif one[0] == other[0] == 0:
            notes.append(f"{model} refuses none of either")
        else:
            differences[model] = sign * (other - one)
            notes.append(f"{model} {less} {one[0]:.1f} %, {more} {other[0]:.1f} %")
    n = sum(examples(cells, "refusal_rate", dataset) for dataset in (less, more))
    return _all(differences, sign, "; ".join(notes), n)


def _rates(cells: pd.DataFrame, metric: str) -> Numbers:
    found = numbers(cells, metric).items()
    return {(model, dataset): number for (model, _, dataset), number in found}


def _inside(number: np.ndarray, bounds: tuple[float, float]) -> dict[str, np.ndarray]:
    """How far a number is above the lower and below the upper bound."""
    low, high = bounds
    return {f"at least {low} %": number - low, f"at most {high} %": high - number}


def _all(differences: Mapping[str, np.ndarray], sign: int, note: str, n: int) -> Finding:
    """All differences must be above (sign 1) or below (-1) zero: the least of them is judged."""
    if not differences:
        return Finding(0, 0, note)
    signed = sign * np.stack(list(differences.values()))
    in_direction = int((signed[:, 0] > 0).sum())
    return Finding.of_number(in_direction, len(signed), sign * signed.min(axis=0), note, n)


def _listed(found: Mapping[str, np.ndarray]) -> str:
    return ", ".join(f"{name} {number[0]:.1f} %" for name, number in found.items())


def abstract_table(found: pd.DataFrame, reported: pd.DataFrame) -> str:
    """The abstract's refusal and allowance rates beside the counts of the published labels."""
    keys = ["model", "metric"]
    printed = own_numbers(reported).query("item == 'abstract'").set_index(keys)
    rows = []
    for cell in found[found["item"] == "abstract"].itertuples():
        abstract = printed.loc[(cell.model, cell.metric)]
        kind = "refused" if cell.metric == "refusal_rate" else "allowed"
        rows.append(
            [
                cell.model,
                kind,
                abstract["value"],
                f"{round(cell.value * cell.n / 100)} of {cell.n}",
                f"{cell.value:.2f} [{cell.ci_low:.1f}, {cell.ci_high:.1f}]",
                f"{cell.value - abstract['number']:+.2f}",
            ]
        )
    head = ["model", "replies", "abstract (%)", "labels", "labels (%)", "difference (points)"]
    return "\n".join(pipe_table(head, rows, numbers=4)) + "\n"


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Name of a table -> Markdown. A column is a model or, where models are judged, a judge."""
    judged = found["item"].isin(["live_refusals", "live_agreement"])
    pairs = found["item"] == "labels_agreement"
    columns = found["method"].where(judged | (found["model"] == ALL_MODELS), found["model"])
    rows = found["dataset"].mask(judged, found["model"] + ": " + found["dataset"])
    rows = rows.mask(pairs, found["method"])
    shown = found.assign(method=columns, dataset=rows)
    made = {item: markdown_table(shown, item) for item in found["item"].unique()}
    return made | {"abstract": abstract_table(found, read_reported("forbidden_science"))}
