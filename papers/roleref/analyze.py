"""What the scores of RoleRef mean: the cells of its tables, and its claims.

The comparison (`python -m shared.comparison`) takes from here METRICS, ITEMS, `groups` and
`training`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from papers.roleref.methods import METHODS, PROMPTING
from papers.roleref.metrics import capped_mean_of_strata, corpus_perplexity, mean_of_filled_strata
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.settings import ALL_TYPES, CONFLICTS, TRAINING_SETS, TYPES, Settings
from shared.comparison.groups import Group, group_from_frames
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.scores import read_scores
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, rate, rate_among
from shared.metrics.tradeoff import auroc
from shared.settings import load_models, load_paper

READS = ("variants", "sweep")

KEYS = ("id", "role", "type", "fact")
NEEDS = {  # files of scores, and the columns that are needed
    "replies": (*KEYS, "variant", "refused"),
    "probes": (*KEYS, "variant", "protocol", "trained_on", "probe_seed"),
    "geometry": (*KEYS, "lean"),
    "ordinary": ("id", "variant", "number", "nll", "tokens"),
    "cost": ("variant", "trained", "stored"),
    "sweep": (*KEYS, "number", "refused"),
    "rule": ("id", "source", "refuses", "refused", "refused_phrases"),
}
Named = Mapping[str, str]  # model, method, protocol

NAMES = [method.name for method in METHODS.values()]
BASE = METHODS[PROMPTING].name
# Groups of types by the paper: what contradicts the prompt, and what contradicts what is known.
PARTS = {
    "non-conflict": ("answerable",),
    "contextual": ("out_series", "context_conflict"),
    "parametric": ("fake", "absent"),
}
CONFLICT = "all conflicts"
PROSE = "ordinary text"
ROLES = "all roles"
RUBRIC = ("refusal", "role", "general")
RULES = {"Rule": "refused", "Phrase rule": "refused_phrases"}
# Labelled replies: what fine-tuning learns, other words, what a model said before it and after.
SOURCES = {
    "learnt": "learnt",
    "written": "other words",
    "prompted": "a prompted model's",
    "tuned": "a fine-tuned model's",
}


def at_layer(part: str, layer: int) -> str:
    return f"{part}, layer {layer}"


def _edit_labels() -> list[str]:
    """Labels of the edits of all scales: each is the method of its cells."""
    scales = load_paper("roleref").scales
    models = [each for scale in scales for each in load_models("roleref", scale)]
    edits = [edit for each in models for edit in each.sweep.all_edits()]
    return list(dict.fromkeys(edit.label for edit in edits))


METRICS = {
    metric.name: metric
    for metric in [
        Metric("probe_accuracy", ("correct", "stratum", "share"), capped_mean_of_strata),
        Metric("uncapped_accuracy", ("correct", "stratum"), mean_of_filled_strata),
        Metric("layer_accuracy", ("at_layer", "stratum", "share"), capped_mean_of_strata),
        Metric("refusal_rate", ("refused",), rate),
        Metric("phrase_refusal_rate", ("refused_phrases",), rate),
        Metric("refusals_found", ("refused", "refuses"), rate_among),
        Metric("answers_flagged", ("refused", "answers"), rate_among),
        Metric("in_role_rate", ("in_role",), rate),
        Metric("readable_rate", ("readable",), rate),
        Metric("right_rate", ("right",), rate),
        Metric("perplexity", ("nll", "tokens"), corpus_perplexity, unit=""),
        Metric("near_direct_rate", ("near_direct",), rate),
        Metric("lean", ("lean",), mean, unit=""),
        Metric("answered_auroc", ("answered", "lean"), auroc),
        Metric("trained_parameters", ("trained",), count, unit=""),
        Metric("stored_numbers", ("stored",), count, unit=""),
        *(Metric(f"rubric_{group}", (f"rubric_{group}",), mean, unit="") for group in RUBRIC),
    ]
}
REPLIES = ["refusal_rate", "in_role_rate", "readable_rate", "right_rate"]

ITEMS = [
    Item("figure2", ["probe_accuracy"], [*TRAINING_SETS], [*TYPES, *PARTS]),
    Item("figure2", ["uncapped_accuracy"], [*TRAINING_SETS], ["fake", "absent", *PARTS]),
    Item("figure2_layers", ["layer_accuracy"], [ALL_TYPES]),
    Item("probe_by_method", ["probe_accuracy"], NAMES, list(TYPES)),
    Item("main", [*REPLIES, "phrase_refusal_rate"], NAMES, [*TYPES, CONFLICT]),
    Item("main", ["perplexity"], NAMES, [PROSE]),
    Item("rule", ["refusals_found", "answers_flagged"], [*RULES], [*SOURCES.values()]),
    Item("rubric", [f"rubric_{group}" for group in RUBRIC], NAMES, list(TYPES)),
    Item("regions", ["near_direct_rate", "lean"], [BASE], list(TYPES)),
    Item("regions", ["answered_auroc"], [BASE], [CONFLICT]),
    Item("sweep", REPLIES, _edit_labels(), ["answerable", CONFLICT]),
    Item("sweep", ["perplexity"], _edit_labels(), [PROSE]),
    Item("cost", ["trained_parameters", "stored_numbers"], NAMES, [ROLES]),
]


def groups(scores: Path, settings: Settings) -> list[Group]:
    """Of one model, from the files that `evaluate` wrote."""
    replies, probes, geometry, prose, cost, swept, labelled = (
        read_scores(scores / f"{name}.parquet", needs) for name, needs in NEEDS.items()
    )
    found = [*_probe_groups(probes, settings), *_region_groups(geometry, replies, settings)]
    found += _rule_groups(labelled, settings)
    for name, variant in settings.variants.items():
        method = METHODS[variant.method]
        own, said, spent = (frame[frame["variant"] == name] for frame in (replies, prose, cost))
        # without a change to the model the two protocols are one
        for protocol in (variant.protocol,) if method.changes else PROTOCOLS:
            named = {"model": settings.name, "method": method.name, "protocol": protocol}
            found += _reply_groups(own, list(TYPES), named)
            found.append(_group(said, ["nll", "tokens"], named, PROSE))
            found.append(_group(spent.assign(id=name), ["trained", "stored"], named, ROLES))
    for number, edit in enumerate(settings.sweep.all_edits()):
        named = {"model": settings.name, "method": edit.label, "protocol": "corrected"}
        found += _reply_groups(swept[swept["number"] == number], ["answerable"], named)
        here = (prose["variant"] == "sweep") & (prose["number"] == number)
        found.append(_group(prose[here], ["nll", "tokens"], named, PROSE))
    return found


def _reply_groups(rows: pd.DataFrame, types: Sequence[str], named: Named) -> Iterator[Group]:
    rubric = [c for c in rows if c.startswith("rubric_") and rows[c].notna().any()]
    columns = ["refused", "refused_phrases", "in_role", "readable", *rubric]
    for dataset in types:
        own = rows[rows["type"] == dataset]
        # which words a right answer has is not known of the authors' questions
        answers = ["right"] if dataset == "answerable" and own["right"].notna().any() else []
        yield _group(own, [*columns, *answers], named, dataset)
    yield _group(rows[rows["type"].isin(CONFLICTS)], columns, named, CONFLICT)


def _rule_groups(labelled: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    rows = labelled.assign(answers=~labelled["refuses"])
    for name, column in RULES.items():
        named = {"model": settings.name, "method": name, "protocol": "corrected"}
        judged = rows.assign(refused=rows[column])
        for source, dataset in SOURCES.items():
            own = judged[judged["source"] == source]
            yield _group(own, ["refused", "refuses", "answers"], named, dataset)


def _region_groups(
    geometry: pd.DataFrame, replies: pd.DataFrame, settings: Settings
) -> Iterator[Group]:
    """Where the types lie, and whether what lies near the direct response region is answered: of
    the model before any change, which is the same under both protocols."""
    refused = replies[replies["variant"] == PROMPTING].set_index("id")["refused"].astype(float)
    rows = geometry.assign(near_direct=geometry["lean"] > 0)
    rows["answered"] = 1 - rows["id"].map(refused)
    conflicts = rows[rows["type"].isin(CONFLICTS) & rows["answered"].notna()]
    for protocol in PROTOCOLS:
        named = {"model": settings.name, "method": BASE, "protocol": protocol}
        for dataset in TYPES:
            yield _group(rows[rows["type"] == dataset], ["near_direct", "lean"], named, dataset)
        yield _group(conflicts, ["answered", "lean"], named, CONFLICT)


def _probe_groups(probes: pd.DataFrame, settings: Settings) -> Iterator[Group]:
    """Last probed layer by training set and by method, and all layers of prompting."""
    # of a variant that is trained with several seeds, each is probed with those of the probe
    probes = probes.assign(seed=1000 * probes["seed"] + probes["probe_seed"])
    single = {name: (name,) for name in TYPES}
    probed = {name: variant for name, variant in settings.variants.items() if variant.probed}
    for name, variant in probed.items():
        method = METHODS[variant.method]
        for protocol in (variant.protocol,) if method.changes else PROTOCOLS:
            own = probes[(probes["variant"] == name) & (probes["protocol"] == protocol)]
            layers = [c for c in own if c.startswith("layer_") and own[c].notna().any()]
            shown = [(method.name, ALL_TYPES, layers[-1], "correct", single)]
            if name == PROMPTING:
                whole = single | PARTS
                shown += [(each, each, layers[-1], "correct", whole) for each in TRAINING_SETS]
                for layer in layers:
                    number = int(layer.removeprefix("layer_"))
                    parts = {at_layer(part, number): types for part, types in PARTS.items()}
                    shown.append((ALL_TYPES, ALL_TYPES, layer, "at_layer", parts))
            for label, learnt, layer, column, datasets in shown:
                rows = own[own["trained_on"] == learnt].rename(columns={layer: column})
                named = {"model": settings.name, "method": label, "protocol": protocol}
                for dataset, types in datasets.items():
                    yield _probe_group(rows, column, types, named, dataset)


def _probe_group(
    rows: pd.DataFrame, column: str, types: Sequence[str], named: Named, dataset: str
) -> Group:
    """The official code counts a role without questions of a type as all wrong (its cap on
    `absent`); corrected, the mean is over the roles that have some."""
    wanted = rows["role"].nunique() * len(types)
    rows = rows[rows["type"].isin(types)]
    cell = rows["role"].astype(str) + " " + rows["type"].astype(str)
    share = cell.nunique() / wanted if PROTOCOLS[named["protocol"]].absent_is_wrong else 1.0
    rows = rows.assign(stratum=pd.factorize(cell)[0], share=share)
    return _group(rows, [column, "stratum", "share"], named, dataset)


def _group(rows: pd.DataFrame, columns: Sequence[str], named: Named, dataset: str) -> Group:
    """Questions about one fact are resampled together."""
    frames = dict(list(rows.groupby("seed"))) if "seed" in rows else {0: rows}
    clusters = "fact" if "fact" in rows else None
    return group_from_frames(frames, columns, **named, dataset=dataset, clusters=clusters)


def training(method: str) -> str:
    """The training whose seeds a method's are: only LoRA and full fine-tuning have one."""
    trained = {each.name for each in METHODS.values() if each.trains}
    return method if method in trained else ""


def tables(found: pd.DataFrame) -> dict[str, str]:
    """One for each item, except the curves, which are drawn."""
    return markdown_tables(found[found["item"] != "figure2_layers"])
