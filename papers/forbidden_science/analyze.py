"""What the published labels and the scores of Forbidden Science mean: cells and claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` of a live
model, `common_groups` of labels and judges and `training`. Two parts, never mixed
in a cell: the published labels (`labels.csv`, four models, the same at every scale), and live
models asked with the prompts of the scale (items `live_...`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from pathlib import Path

import pandas as pd

from papers.forbidden_science.labels import CATEGORIES, MODELS, OVER_RESTRICTION, read_labels
from papers.forbidden_science.metrics import median_among
from papers.forbidden_science.settings import BASE, Settings
from papers.forbidden_science.variations import VARIATIONS, numbers
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.scores import read_scores
from shared.judges.registry import judge_name
from shared.metrics.agreement import agreement, cohen_kappa
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, mean_among, rate, rate_among
from shared.settings import load_paper

READS = ("model", "judges", "prompts", "variations", "variants")

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
TAUGHT = ", taught"  # behind the method of cells of models that were taught to refuse
AUTHORS = "Authors' prompts"
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
        Metric("refusal_rate", ("refused",), rate),
        Metric("allowance_rate", ("allowed",), rate),
        Metric("unparsable_rate", ("unparsed",), rate),
        # of two models, or of a judge and what it is compared with
        Metric("agreement", ("refused", "other_refused"), agreement),
        Metric("kappa", ("refused", "other_refused"), cohen_kappa, unit=""),
        Metric("also_refused", ("other_refused", "refused"), rate_among),
        Metric("sensitivity", ("refused", "other_refused"), rate_among),
        Metric("specificity", ("allowed", "other_allowed"), rate_among),
        # facts about the 512 published labels of a model
        Metric("prompts", ("counted",), count, unit=""),
        Metric("cot_words", ("cot_words", "chosen"), mean_among, unit=""),
        Metric("cot_words_median", ("cot_words", "chosen"), median_among, unit=""),
        Metric("response_words", ("response_words", "chosen"), mean_among, unit=""),
        Metric("response_words_median", ("response_words", "chosen"), median_among, unit=""),
        Metric("cot_mentions_safety", ("cot_mentions_safety", "chosen"), rate_among),
        # ln of the odds of the flag that refuses, and how far it differs between wordings
        Metric("log_odds", ("log_odds",), mean, unit=""),
        Metric("log_odds_spread", ("spread",), mean, unit=""),
        # base prompts with their variations
        Metric("consistency", ("consistent",), rate),
        Metric("pairwise_agreement", ("pairwise",), rate),
        Metric("refused_wordings", ("refused_share",), rate),
    ]
}


def _with_taught(*methods: str) -> list[str]:
    return [f"{name}{end}" for end in ("", TAUGHT) for name in methods]


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
    # live models; the first where the authors' own prompts are asked
    Item("asked_again", ["refusal_rate"], [SELF_REPORT], [AUTHORS]),
    Item(
        "live_refusals",
        ["refusal_rate", "unparsable_rate", "log_odds"],
        _with_taught(SELF_REPORT, *JUDGES),
    ),
    Item(
        "live_agreement",
        COMPARED,
        _with_taught(*JUDGES),
        [JUDGED, SCIENCE_JUDGED, SIDES[1]],
    ),
    Item(
        "live_consistency",
        ["consistency", "pairwise_agreement", "refused_wordings", "log_odds_spread"],
        _with_taught(SELF_REPORT),
        [variations(k) for k in range(1, VARIATIONS + 1)],
    ),
    # judges
    Item("judges", [*COMPARED, "sensitivity", "specificity", "refusal_rate"], [""], CALIBRATION),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one live model, from `base-s0.parquet` and, where it was taught, `taught-s<seed>.parquet`;
    none if no reply came from it."""
    needs = ("id", "base", "variation", "template", "side", "label_only")
    needs += ("self_refused", "self_parsed", "self_log_odds")
    found = []
    for name, seeds in settings.seeds().items():
        live = {s: read_scores(scores / f"{name}-s{s}.parquet", needs) for s in seeds}
        if all(frame["self_refused"].notna().any() for frame in live.values()):
            found += live_groups(live, settings, "" if name == BASE else TAUGHT)
    return found


def training(method: str) -> str:
    """All that the taught model says comes from the same trainings."""
    return SELF_REPORT + TAUGHT if method.endswith(TAUGHT) else ""


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


def live_groups(
    scores: Mapping[int, pd.DataFrame], settings: Settings, end: str = ""
) -> Iterator[Group]:
    """Of one live model, by seed: its refusals by itself and by each judge, and its consistency.
    end: of the methods' names."""
    read = {seed: _parts(frame, settings) for seed, frame in scores.items()}
    model = settings.name
    for dataset, first in next(iter(read.values())).items():
        own = {seed: parts[dataset] for seed, parts in read.items()}
        columns = [
            "refused",
            "unparsed",
            *(["log_odds"] if first["log_odds"].notna().any() else []),
        ]
        yield _seeds(own, columns, model, SELF_REPORT + end, dataset)
        if first["label_only"].any():
            continue
        for name in settings.judges:
            judge = judge_name(name)
            judged = {
                seed: rows.assign(
                    refused=_numbers(rows[f"refused_{judge}"]), other_refused=rows["refused"]
                )
                for seed, rows in own.items()
            }
            yield _seeds(judged, ["refused", "other_refused"], model, judge + end, dataset)
    for k in settings.variations:
        wordings = [0, *numbers(k, authors=settings.prompts == "authors")]
        rows = {seed: _wordings(frame, wordings) for seed, frame in scores.items()}
        columns = [name for name in next(iter(rows.values())) if name != "id"]
        yield _seeds(rows, columns, model, SELF_REPORT + end, variations(k))


def _parts(scores: pd.DataFrame, settings: Settings) -> dict[str, pd.DataFrame]:
    """The base prompts of one model with their flags, by data set."""
    base = scores[scores["variation"] == 0]
    refused = _numbers(base["self_refused"])
    unparsed = (1 - _numbers(base["self_parsed"])).where(refused.notna())
    odds = base["self_log_odds"].astype(float)
    base = base.assign(refused=refused, unparsed=unparsed, log_odds=odds)
    answered = base[~base["label_only"].astype(bool)]
    authors = settings.prompts == "authors"
    parts = {ALL: base, **({AUTHORS: base} if authors else {JUDGED: answered})}
    parts |= _by(base, "side", SIDES)
    if not authors:
        parts |= {SCIENCE_JUDGED: answered[answered["side"] == SIDES[0]]}
    return parts | _by(base, "template", CATEGORIES)


def _wordings(scores: pd.DataFrame, wordings: list[int]) -> pd.DataFrame:
    """How alike the flags of each base prompt are over these wordings of it, and their log odds."""
    own = scores[scores["variation"].isin(wordings)]
    own = own[own.groupby("base")["id"].transform("size") == len(wordings)]
    own = own.assign(flag=_numbers(own["self_refused"]), odds=own["self_log_odds"].astype(float))
    flags, odds = (own.pivot(index="base", columns="variation", values=v) for v in ("flag", "odds"))
    found = consistency(flags[wordings])
    if odds.notna().any(axis=None):
        found["spread"] = odds[wordings].std(axis=1, ddof=1, skipna=False).to_numpy()
    return found


def consistency(refused: pd.DataFrame) -> pd.DataFrame:
    """How alike the flags of a base prompt and its k variations are.

    refused: (base prompts, k + 1) of 1, 0 or NaN, the base prompt first. `consistent`: all k
    variations have the flag of the base prompt. As ours for k = 1 are among those for 3 and 5, its
    mean over the same prompts can only fall with k: the direction of the paper's claim is built in.
    The authors' for 3 and 5 are others, of fewer prompts: there it may rise.
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
    return _seeds({0: rows}, columns, model, method, dataset)


def _seeds(
    rows: Mapping[int, pd.DataFrame], columns: Iterable[str], model: str, method: str, dataset: str
) -> Group:
    named = {"model": model, "method": method, "dataset": dataset, "protocol": "corrected"}
    return group_from_frames(rows, columns, **named)


def _counted(chosen: pd.Series, method: str, dataset: str) -> Group:
    rows = pd.DataFrame({"id": chosen.index, "counted": chosen.to_numpy()})
    return _group(rows, ["counted"], ALL_MODELS, method, dataset)


def _numbers(flags: pd.Series) -> pd.Series:
    """1, 0 or NaN from a column of bool and None."""
    return flags.astype("boolean").astype("Float64").astype(float)


def tables(found: pd.DataFrame) -> dict[str, str]:
    """Name of a table -> Markdown. A column is a model or, where models are judged, a judge."""
    judged = found["item"].isin(["live_refusals", "live_agreement"])
    pairs = found["item"] == "labels_agreement"
    columns = found["method"].where(judged | (found["model"] == ALL_MODELS), found["model"])
    rows = found["dataset"].mask(judged, found["model"] + ": " + found["dataset"])
    rows = rows.mask(pairs, found["method"])
    return markdown_tables(found.assign(method=columns, dataset=rows))
