"""Score replies by rules, probe hidden states, and measure where they lie.

    python -m papers.roleref.evaluate --scale cpu --data results/cpu/roleref/data \\
        --replies results/cpu/roleref/replies --states results/cpu/roleref/states \\
        --out results/cpu/roleref/scores --record results/cpu/roleref/runs/evaluate.json

Writes, without any text,

    replies.parquet    a row a variant and answered test question: refused, refused_phrases (by
                       the shared phrase rule alone), in_role, right, readable, rubric_<group>
    sweep.parquet      the same of the edits of the sweep, with `edit`, their number
    ordinary.parquet   a row a variant or edit and piece of plain prose: nll, tokens
    probes.parquet     a row a variant, protocol, training set, seed and test question: whether
                       the probe at each layer is right (`layer_00`, ...; null: not probed there)
    geometry.parquet   a row a test question of prompting: lean to the direct response region,
                       cosine with the axis of the regions at each layer, places on maps
    methods_map.parquet    places of all main variants' questions on one map
    cost.parquet       a row a variant: numbers trained, numbers stored
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from papers.roleref import geometry, probes, reply_rules, rubric
from papers.roleref.ask import LAYERS
from papers.roleref.data_files import of_role, read_queries, read_roles
from papers.roleref.settings import ALL_TYPES, PROMPTING, TRAINING_SETS, Settings
from shared.chat.cache import cached_replies
from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.comparison.scores import write_scores
from shared.errors import one_line_errors
from shared.models.spec import display_name
from shared.steering.states import read_states
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run

KEYS = ["id", "role", "type", "fact", "edit"]
MAPPED_LAYERS = 4  # for so many layers, from the first block to the last, a PCA map is made


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
    frame = pd.DataFrame(scored)
    return frame.astype({"right": "boolean"})


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


def probe_rows(
    states: Mapping[str, np.ndarray],
    layers: Sequence[int],
    rows: Sequence[dict],
    settings: Settings,
    official_layers: Sequence[int],
    corrected_layers: Sequence[int],
) -> Iterator[dict]:
    """Predictions of both protocols for the test questions of every role.

    At every layer for the training set with all types, and at the last one for the others.
    """
    for role in tqdm(states, unit="role", disable=None):
        own = of_role(list(rows), role)
        train = np.array([row["split"] == "train" for row in own])
        types = np.array([row["type"] for row in own])
        answerable = types == "answerable"
        for name, learnt in TRAINING_SETS.items():
            chosen = train & probes.chosen(types, learnt)
            runs = [("official", seed, official_layers) for seed in settings.probes.seeds]
            for protocol, seed, probed in [*runs, ("corrected", 0, corrected_layers)]:
                right = {}
                for layer in probed if name == ALL_TYPES else probed[-1:]:
                    h = states[role][:, layers.index(layer)]
                    sets = (h[chosen], answerable[chosen], h[~train])
                    said = (
                        probes.official(*sets, answerable[~train], seed, settings.probes)
                        if protocol == "official"
                        else probes.corrected(*sets, settings.probes.folds)
                    )
                    right[f"layer_{layer:02d}"] = said == answerable[~train]
                for place, number in enumerate(np.flatnonzero(~train)):
                    yield (
                        {key: own[number][key] for key in KEYS}
                        | {"protocol": protocol, "trained_on": name, "seed": seed}
                        | {layer: bool(values[place]) for layer, values in right.items()}
                    )


def geometry_frame(states: Mapping[str, np.ndarray], rows: Sequence[dict]) -> pd.DataFrame:
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
    return _small(whole)


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
    return _small(whole)


def _small(frame: pd.DataFrame) -> pd.DataFrame:
    """Names as categories and numbers as float32, to keep the files small."""
    names = [c for c in frame if c != "id" and not pd.api.types.is_numeric_dtype(frame[c])]
    names = [c for c in names if str(frame[c].dtype) != "boolean"]
    numbers = frame.select_dtypes("float64").columns
    return frame.astype({**dict.fromkeys(names, "category"), **dict.fromkeys(numbers, "float32")})


def _ordinary(found: Mapping[str, tuple], **keys) -> pd.DataFrame:
    values = [(id, *pair) for id, pair in found.items()]
    return pd.DataFrame(values, columns=["id", "nll", "tokens"]).assign(**keys)


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--replies", type=Path, required=True)
    parser.add_argument("--states", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("roleref", arguments)
    roles, rows = read_roles(arguments.data), read_queries(arguments.data)
    by_id, out = {row["id"]: row for row in rows}, arguments.out
    names = [*settings.variants, "sweep"]
    said = {
        name: json.loads((arguments.replies / f"{name}.json").read_text(encoding="utf-8"))
        for name in names
    }
    swept = said.pop("sweep")

    key = key_of(arguments.out.resolve())
    frames = []
    for variant, found in said.items():
        frame = score_replies(found["replies"], by_id, roles).assign(variant=variant)
        if settings.rubric:
            with cached_replies(settings.rubric, f"{key}-{variant}") as kept:
                judge = rubric.RubricJudge(open_chat(Asked(model=settings.rubric)), kept)
                add_rubric(frame, found["replies"], by_id, roles, judge)
        frames.append(frame)
    write_scores(_small(pd.concat(frames, ignore_index=True)), out / "replies.parquet")
    frames = [score_replies(f["replies"], by_id, roles) for f in swept]
    edits = pd.concat(frames, keys=range(len(frames)), names=["number", None])
    write_scores(_small(edits.reset_index(level=0)), out / "sweep.parquet")
    prose = [_ordinary(f["ordinary"], variant=v, number=-1) for v, f in said.items()]
    prose += [_ordinary(f["ordinary"], variant="sweep", number=n) for n, f in enumerate(swept)]
    write_scores(_small(pd.concat(prose, ignore_index=True)), out / "ordinary.parquet")
    cost = [{"variant": v, "trained": f["trained"], "stored": f["stored"]} for v, f in said.items()]
    write_scores(pd.DataFrame(cost), out / "cost.parquet")

    probed, states = [], {}
    for variant in [name for name, v in settings.variants.items() if v.probed]:
        tensors = read_states(
            arguments.states / f"{variant}.safetensors", display_name(settings.model)
        )
        layers = tensors.pop(LAYERS).tolist()
        states[variant] = {role: tensors[role].numpy() for role in roles}
        depth = layers[-1]
        every = variant == PROMPTING
        # the official code stops one short of the last hidden state
        official = range(depth) if every else [depth - 1]
        corrected = range(depth + 1) if every else [depth]
        made = pd.DataFrame(
            probe_rows(states[variant], layers, rows, settings, official, corrected)
        )
        probed.append(made.assign(variant=variant))
    frame = pd.concat(probed, ignore_index=True)
    flags = [column for column in frame if column.startswith("layer_")]
    frame = frame.astype(dict.fromkeys(flags, "boolean"))
    write_scores(
        _small(frame[[*[c for c in frame if c not in flags], *sorted(flags)]]),
        out / "probes.parquet",
    )
    write_scores(geometry_frame(states[PROMPTING], rows), out / "geometry.parquet")
    main_variants = {
        name: states[name] for name in states if settings.variants[name].protocol == "corrected"
    }
    write_scores(methods_map(main_variants, rows), out / "methods_map.parquet")
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[arguments.data / "queries.jsonl", *arguments.replies.glob("*.json")],
        replies=sum(len(f["replies"]) for f in [*said.values(), *swept]),
    )


if __name__ == "__main__":
    one_line_errors(main)
