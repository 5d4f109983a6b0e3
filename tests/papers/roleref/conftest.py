"""Made-up scores of RoleRef, and their cells."""

import numpy as np
import pandas as pd
import pytest

from papers.roleref import analyze
from papers.roleref.settings import TRAINING_SETS, TYPES
from shared.comparison.analysis import load_analysis
from shared.comparison.cells import cells
from shared.settings import load_settings

SETTINGS = load_settings("roleref", "cpu")
ROLES = [f"role{n}" for n in range(8)]
LAST = 4  # of layers 0 to 4

# Of 8 test questions of each role and type, how many a probe gets right, and how many are refused.
PROBED = {"answerable": 7, "out_series": 8, "context_conflict": 6, "fake": 4, "absent": 2}
REFUSED = {
    "prompting": {"answerable": 0, "out_series": 4, "context_conflict": 2, "fake": 1, "absent": 1},
    "editing": {"answerable": 1, "out_series": 8, "context_conflict": 6, "fake": 5, "absent": 4},
    "full": {"answerable": 4, "out_series": 8, "context_conflict": 4, "fake": 4, "absent": 4},
}


def questions():
    """8 of each role and type, two about each fact; role0 was at every event."""
    return pd.DataFrame(
        [
            {"id": f"{role}/{t}/{n}", "role": role, "type": t, "fact": f"{role}/{t}/{n // 2}"}
            | {"edit": "", "place": n}
            for role in ROLES
            for t in TYPES
            for n in range(8)
            if (role, t) != ("role0", "absent")
        ]
    )


def write_scores(results, settings=SETTINGS, refused=REFUSED, probed=PROBED):
    """The scores of one model in a results folder."""
    folder = results / "scores" / settings.name
    folder.mkdir(parents=True)
    asked = questions()
    place, kinds = asked["place"], asked["type"]
    replies, prose, cost, probes = [], [], [], []
    for variant, of in settings.variants.items():
        rates = refused.get(variant, refused["prompting"])
        replies.append(
            asked.assign(
                variant=variant,
                seed=0,
                refused=place < kinds.map(rates),
                refused_phrases=place < kinds.map(rates) - 1,
                in_role=place < 7,
                right=pd.array(np.where(kinds == "answerable", place < 3, None), dtype="boolean"),
                readable=True,
            )
        )
        texts = [f"r/{n}" for n in range(4)]
        worse = 2.0 if of.edit else 1.0
        frame = pd.DataFrame({"id": texts, "variant": variant, "seed": 0, "number": -1})
        prose.append(frame.assign(nll=10 * worse, tokens=10))
        trained = {"lora": 500, "full": 10_000}.get(of.method, 0)
        stored = 100 if of.edit else 0
        cost.append({"variant": variant, "seed": 0, "trained": trained, "stored": stored})
        for protocol in ("official", "corrected"):
            for learnt in TRAINING_SETS:
                right = kinds.map(probed) + (2 if variant == "editing" else 0)
                right = right.where(
                    kinds.eq("answerable") | kinds.eq("out_series") | (learnt == analyze.ALL_TYPES),
                    1,
                )
                for seed in settings.probes.seeds if protocol == "official" else [0]:
                    frame = asked.assign(
                        variant=variant, seed=0, protocol=protocol, trained_on=learnt,
                        probe_seed=seed,
                    )  # fmt: skip
                    for layer in range(LAST + 1):
                        there = (variant == "prompting" or layer >= LAST - 1) and (
                            (layer < LAST)
                            if protocol == "official"
                            else (layer == LAST or variant == "prompting")
                        )
                        frame[f"layer_{layer:02d}"] = pd.array(
                            place < right if there else [None] * len(frame), dtype="boolean"
                        )
                    probes.append(frame)
    pd.concat(replies).drop(columns="place").to_parquet(folder / "replies.parquet")
    pd.concat(probes).drop(columns="place").to_parquet(folder / "probes.parquet")
    swept = [
        replies[0].drop(columns=["variant", "seed"]).assign(number=number)
        for number in range(len(settings.sweep.all_edits()))
    ]
    pd.concat(swept).to_parquet(folder / "sweep.parquet")
    prose += [prose[0].assign(variant="sweep", number=number) for number in range(len(swept))]
    pd.concat(prose).to_parquet(folder / "ordinary.parquet")
    pd.DataFrame(cost).to_parquet(folder / "cost.parquet")
    labelled = [(source, n < 3) for source in analyze.SOURCES for n in range(5)]
    rule = pd.DataFrame(labelled, columns=["source", "refuses"])
    rule["refused"] = rule.index % 5 < 2  # two of the three refusals, none of the answers
    rule["refused_phrases"] = rule.index % 5 > 3  # none of the refusals, one of the answers
    rule.assign(id=rule.index.map(str)).to_parquet(folder / "rule.parquet")
    # answerable and half of the conflicts lie near the direct response region
    lean = np.where(kinds == "answerable", 0.5, np.where(place < 4, -0.2, 0.1))
    lean = np.where(kinds == "out_series", -0.5, lean) + place / 1000
    generator = np.random.default_rng(0)
    geometry = asked.assign(lean=lean)
    for layer in range(LAST + 1):
        geometry[f"cosine_{layer:02d}"] = lean * layer / LAST
    for name in ("tsne", "pca"):
        for axis in "xy":
            column = f"{name}_{axis}" + ("_04" if name == "pca" else "")
            geometry[column] = generator.random(len(asked))
    geometry.to_parquet(folder / "geometry.parquet")
    maps = [geometry.assign(variant=variant) for variant in ("prompting", "editing")]
    pd.concat(maps).to_parquet(folder / "methods_map.parquet")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roleref")
    write_scores(folder)
    return folder


@pytest.fixture(scope="module")
def analysis(folder):
    return load_analysis("roleref", "cpu", folder)


@pytest.fixture(scope="module")
def found(analysis):
    return cells(analysis.groups, analyze.ITEMS, analyze.METRICS, analysis.stand_ins)
