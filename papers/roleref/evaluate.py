"""Score replies by rules, probe hidden states, and measure where they lie.

    python -m papers.roleref.evaluate --scale cpu --model SmolLM2-135M \\
        --data results/cpu/roleref/data \\
        --asked results/cpu/roleref/asked/SmolLM2-135M/*-s* \\
        --swept results/cpu/roleref/asked/SmolLM2-135M/sweep.json \\
        --out results/cpu/roleref/scores/SmolLM2-135M \\
        --record results/cpu/roleref/runs/SmolLM2-135M/evaluate.json

Writes, without any text,

    replies.parquet    a row a variant, seed and answered test question: refused, refused_phrases
                       (by the shared phrase rule alone), in_role, right, readable, rubric_<group>
    sweep.parquet      the same of the edits of the sweep, with `number`, that of the edit
    ordinary.parquet   a row a variant and seed, or an edit, and piece of plain prose: nll, tokens
    cost.parquet       a row a variant and seed: numbers trained, numbers stored
    probes.parquet     a row a variant, seed, protocol, training set, probe_seed and test question:
                       whether the probe at each layer is right (`layer_00`, ...; null: not probed)
    geometry.parquet   a row a test question of prompting: lean to the direct response region,
                       cosine with the axis of the regions at each layer, places on maps
    methods_map.parquet    places of all main variants' questions on one map
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from papers.roleref import geometry, probes, reply_rules, rubric
from papers.roleref.answers import Answers, States, read_answers, read_asked_states
from papers.roleref.methods import PROMPTING
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import of_role, read_queries, read_roles
from papers.roleref.settings import ALL_TYPES, TRAINING_SETS, Probes
from shared.chat.loading import kept_chat
from shared.chat.settings import Asked
from shared.comparison.scores import as_frame, write_scores
from shared.files import read_json
from shared.models.spec import ModelSpec
from shared.workflow.step import Run, step

READS = ("name", "variants", "probes", "rubric")

KEYS = ["id", "role", "type", "fact", "edit"]
NAMES = ["role", "type", "fact", "edit", "variant", "protocol", "trained_on"]
FLAGS = ["right", "layer_*"]
MAPPED_LAYERS = 4  # for so many layers, from the first block to the last, a PCA map is made


def evaluate(run: Run, data: Path, asked: list[Path], swept: Path) -> dict:
    """Score what all variants of a model were asked. asked: a folder of `ask` each. swept: the
    replies of the sweep."""
    settings = run.settings
    roles, rows = read_roles(data), read_queries(data)
    by_id = {row["id"]: row for row in rows}
    said, edits = [read_answers(folder) for folder in asked], read_json(swept)
    states = {
        (each.variant, each.seed): read_asked_states(folder, settings.name, roles)
        for each, folder in zip(said, asked, strict=True)
        if settings.variants[each.variant].probed
    }
    probed = {name: variant for name, variant in settings.variants.items() if variant.probed}
    # a map shows one seed of a variant
    shown = {name: states[name, variant.seeds[0]].of_role for name, variant in probed.items()}

    def write(name: str, frame: pd.DataFrame) -> None:
        write_scores(as_frame(frame, names=NAMES, flags=FLAGS), run.out / f"{name}.parquet")

    with rubric_judge(settings.rubric, run.key) as judge:
        write("replies", reply_scores(said, by_id, roles, judge))
    write("sweep", sweep_scores(edits, by_id, roles))
    write("ordinary", prose_scores(said, edits))
    write("cost", cost_scores(said))
    write("probes", probe_scores(states, rows, settings.probes))
    write("geometry", region_scores(shown[PROMPTING], rows))
    corrected = {n: of for n, of in shown.items() if probed[n].protocol == "corrected"}
    write("methods_map", methods_map(corrected, rows))
    return {"replies": sum(len(each.replies) for each in said)}


@contextmanager
def rubric_judge(model: ModelSpec | None, key: str) -> Iterator[rubric.RubricJudge | None]:
    """The judge of the setting `rubric`, whose answers are kept until the block ends."""
    if model is None:
        yield None
        return
    with kept_chat(Asked(model=model), key) as asked:
        yield rubric.RubricJudge(*asked)


def reply_scores(
    said: Sequence[Answers],
    rows: Mapping[str, dict],
    roles: Mapping[str, dict],
    judge: rubric.RubricJudge | None = None,
) -> pd.DataFrame:
    """By rules and, where there is a judge, by the rubric. rows: questions by id."""
    frames = []
    for each in said:
        frame = score_replies(each.replies, rows, roles)
        if judge:
            add_rubric(frame, each.replies, rows, roles, judge)
        frames.append(frame.assign(variant=each.variant, seed=each.seed))
    return pd.concat(frames, ignore_index=True)


def score_replies(
    replies: Mapping[str, str], rows: Mapping[str, dict], roles: Mapping[str, dict]
) -> pd.DataFrame:
    """By the rules of reply_rules.py, one row a reply."""
    scored = []
    for id, reply in replies.items():
        row = rows[id]
        scored.append(
            {key: row[key] for key in KEYS}
            | {
                "refused": reply_rules.refuses(reply),
                "refused_phrases": reply_rules.opens_with_refusal(reply),
                "in_role": reply_rules.in_role(reply, roles[row["role"]]["name"]),
                "right": reply_rules.right(reply, row["keys"]) if row["keys"] else None,
                "readable": reply_rules.readable(reply),
            }
        )
    return pd.DataFrame(scored)


def add_rubric(frame: pd.DataFrame, replies: Mapping, rows: Mapping, roles: Mapping, judge) -> None:
    """The mean points of each group of dimensions, 0 to 2; null where the judge can't be read."""
    asked = [rows[id] for id in frame["id"]]
    points = judge.scores(
        [roles[row["role"]] for row in asked], asked, [replies[row["id"]] for row in asked]
    )
    for group, names in rubric.GROUPS.items():
        frame[f"rubric_{group}"] = [
            np.nan if p is None else np.mean([p[name] for name in names]) for p in points
        ]


def sweep_scores(
    edits: Sequence[Mapping], rows: Mapping[str, dict], roles: Mapping[str, dict]
) -> pd.DataFrame:
    """By rules, of each edit of the sweep."""
    frames = [
        score_replies(edit["replies"], rows, roles).assign(number=number)
        for number, edit in enumerate(edits)
    ]
    return pd.concat(frames, ignore_index=True)


def prose_scores(said: Sequence[Answers], edits: Sequence[Mapping]) -> pd.DataFrame:
    """Of variants (number -1) and of the edits of the sweep."""
    frames = [_prose(each.ordinary, each.variant, each.seed, -1) for each in said]
    frames += [_prose(edit["ordinary"], "sweep", 0, number) for number, edit in enumerate(edits)]
    return pd.concat(frames, ignore_index=True)


def _prose(found: Mapping[str, tuple], variant: str, seed: int, number: int) -> pd.DataFrame:
    values = [(id, *pair) for id, pair in found.items()]
    frame = pd.DataFrame(values, columns=["id", "nll", "tokens"])
    return frame.assign(variant=variant, seed=seed, number=number)


def cost_scores(said: Sequence[Answers]) -> pd.DataFrame:
    names = ("variant", "seed", "trained", "stored")
    return pd.DataFrame([{name: getattr(each, name) for name in names} for each in said])


def probe_scores(
    states: Mapping[tuple[str, int], States], rows: Sequence[dict], settings: Probes
) -> pd.DataFrame:
    """Of every probed variant and seed; at all layers only of the model before any change."""
    frames = [
        pd.DataFrame(probe_rows(found, rows, settings, variant == PROMPTING)).assign(
            variant=variant, seed=seed
        )
        for (variant, seed), found in states.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    layers = sorted(column for column in frame if column.startswith("layer_"))
    return frame[[*(column for column in frame if column not in layers), *layers]]


def probe_rows(
    states: States, rows: Sequence[dict], settings: Probes, every_layer: bool
) -> Iterator[dict]:
    """Predictions of both protocols for the test questions of every role.

    With every_layer at every layer for the training set with all types; else, and for the other
    training sets, at the last layer that a protocol probes.
    """
    for role in tqdm(states.of_role, unit="role", disable=None):
        own = of_role(list(rows), role)
        train = np.array([row["split"] == "train" for row in own])
        types = np.array([row["type"] for row in own])
        answerable = types == "answerable"
        for name, learnt in TRAINING_SETS.items():
            chosen = train & probes.chosen(types, learnt)
            for protocol, of in PROTOCOLS.items():
                probed = range(len(states.layers) - of.unprobed)
                if not every_layer or name != ALL_TYPES:
                    probed = probed[-1:]
                for seed in settings.seeds if of.network_probe else [0]:
                    right = {}
                    for place in probed:
                        h = states.of_role[role][:, place]
                        sets = (h[chosen], answerable[chosen], h[~train])
                        said = (
                            probes.official(*sets, answerable[~train], seed, settings)
                            if of.network_probe
                            else probes.corrected(*sets, settings.folds)
                        )
                        column = f"layer_{states.layers[place]:02d}"
                        right[column] = said == answerable[~train]
                    for place, number in enumerate(np.flatnonzero(~train)):
                        yield (
                            {key: own[number][key] for key in KEYS}
                            | {"protocol": protocol, "trained_on": name, "probe_seed": seed}
                            | {layer: bool(values[place]) for layer, values in right.items()}
                        )


def region_scores(states: Mapping[str, np.ndarray], rows: Sequence[dict]) -> pd.DataFrame:
    """Of the states of all layers of prompting."""
    frames, kept = [], []
    for role, own in states.items():
        mine = of_role(list(rows), role)
        train = np.array([row["split"] == "train" for row in mine])
        types = np.array([row["type"] for row in mine])
        direct, rejection = (own[train & (types == t)] for t in ("answerable", "out_series"))
        frame = pd.DataFrame([{key: row[key] for key in KEYS} for row in mine])[~train]
        last = (own[~train, -1], direct[:, -1], rejection[:, -1])
        cosines = geometry.axis_cosine(own[~train], direct, rejection)
        names = [f"cosine_{layer:02d}" for layer in range(cosines.shape[1])]
        frame = frame.assign(lean=geometry.lean(*last))
        frames.append(frame.join(pd.DataFrame(cosines, columns=names, index=frame.index)))
        kept.append(own[~train])
    whole = pd.concat(frames, ignore_index=True)
    every = np.concatenate(kept)
    whole[["tsne_x", "tsne_y"]] = geometry.tsne_map(every[:, -1])
    depth = every.shape[1] - 1
    for layer in np.unique(np.linspace(1, depth, MAPPED_LAYERS).round().astype(int)):
        places = geometry.pca_map(every[:, layer], whole["role"].to_numpy())
        whole[[f"pca_x_{layer:02d}", f"pca_y_{layer:02d}"]] = places
    return whole


def methods_map(states: Mapping[str, Mapping[str, np.ndarray]], rows: list[dict]) -> pd.DataFrame:
    """One t-SNE map of the last layer of all variants' test questions."""
    frames, kept = [], []
    for variant, own in states.items():
        for role, of_one in own.items():
            mine = of_role(rows, role)
            test = [n for n, row in enumerate(mine) if row["split"] == "test"]
            frame = pd.DataFrame([{key: mine[n][key] for key in KEYS} for n in test])
            frames.append(frame.assign(variant=variant))
            kept.append(of_one[test, -1])
    whole = pd.concat(frames, ignore_index=True)
    whole[["tsne_x", "tsne_y"]] = geometry.tsne_map(np.concatenate(kept))
    return whole


if __name__ == "__main__":
    step(evaluate)
