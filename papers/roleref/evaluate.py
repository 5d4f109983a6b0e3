"""Score replies by rules, probe hidden states, and measure where they lie.

Writes, without any text,

    replies.parquet    a row a variant, seed and answered test question: refused, refused_phrases
                       (by the shared phrase rule alone), in_role, right, readable, rubric_<group>
    sweep.parquet      the same of the edits of the sweep, with `number`, that of the edit
    rule.parquet       a row a labelled reply: source, refuses, and what the two rules say of it
    ordinary.parquet   a row a variant and seed, or an edit, and piece of plain prose: nll, tokens
    cost.parquet       a row a variant and seed: numbers trained, numbers stored
    probes.parquet     a row a variant, seed, protocol, training set, probe_seed and test question:
                       whether the probe at each layer is right (`layer_00`, ...; null: not probed)
    geometry.parquet   a row a test question of prompting: lean to the direct response region,
                       cosine with the axis of the regions at each layer, places on maps
    methods_map.parquet    places of all main variants' questions on one map
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from papers.roleref import geometry, probes, reply_rules, rubric
from papers.roleref.answers import Answers, States, read_answers, read_asked_states
from papers.roleref.methods import PROMPTING
from papers.roleref.protocols import PROTOCOLS
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import ALL_TYPES, TRAINED, TRAINING_SETS, Probes
from shared.chat.loading import kept_chat
from shared.chat.settings import Asked
from shared.comparison.scores import as_frame, write_scores
from shared.files import read_json, read_yaml
from shared.runner.progress import bar
from shared.runner.step import Run, step

READS = ("name", "variants", "probes", "rubric", "precision")
FILES = ("labelled.yaml",)

LABELLED = Path(__file__).with_name("labelled.yaml")

KEYS = ["id", "role", "type", "fact", "edit"]
NAMES = ["source", "role", "type", "fact", "edit", "variant", "protocol", "trained_on"]
FLAGS = ["right", "layer_*"]
Judge = Callable[[Sequence[dict], Sequence[dict], Sequence[str]], list[dict[str, int] | None]]
Questions = Mapping[str, pd.DataFrame]  # role -> its questions, in the order of its states
MAPPED_LAYERS = 4  # for so many layers, from the first block to the last, a PCA map is made


def evaluate(run: Run, data: Path, asked: list[Path], swept: Path) -> dict:
    """Score what all variants of a model were asked. asked: a folder of `ask` each. swept: the
    replies of the sweep."""
    settings = run.settings
    roles, queries = read_roles(data), read_queries(data)
    by_id = {row["id"]: row for rows in queries.values() for row in rows}
    questions = {role: pd.DataFrame(rows) for role, rows in queries.items()}
    said, edits = [read_answers(folder) for folder in asked], read_json(swept, list)
    probed = [
        (each, read_asked_states(folder, settings.name))
        for each, folder in zip(said, asked, strict=True)
        if settings.variants[each.variant].probed
    ]
    shown: dict[str, States] = {}  # a map shows one seed of a variant
    for each, states in probed:
        shown.setdefault(each.variant, states)
    corrected = {n: of for n, of in shown.items() if settings.variants[n].protocol == "corrected"}

    def write(name: str, frame: pd.DataFrame) -> None:
        write_scores(as_frame(frame, names=NAMES, flags=FLAGS), run.out / f"{name}.parquet")

    named = [({"variant": each.variant, "seed": each.seed}, each.replies) for each in said]
    grader = nullcontext()
    if settings.rubric:
        asked_of = Asked(model=settings.rubric)
        grader = kept_chat(asked_of, run.key, precision=settings.precision)
    with grader as asking:
        judge = partial(rubric.scores, *asking) if asking else None
        write("replies", reply_scores(named, by_id, roles, judge))
    numbered = [({"number": number}, edit["replies"]) for number, edit in enumerate(edits)]
    write("sweep", reply_scores(numbered, by_id, roles))
    write("rule", rule_scores(queries))
    write("ordinary", prose_scores(said, edits))
    write("cost", pd.DataFrame(said)[["variant", "seed", "trained", "stored"]])
    write("probes", probe_scores(probed, questions, settings.probes))
    write("geometry", region_scores(shown[PROMPTING], questions))
    write("methods_map", methods_map(corrected, questions))
    return {"replies": sum(len(each.replies) for each in said)}


def reply_scores(
    said: Iterable[tuple[Mapping, Mapping[str, str]]],
    rows: Mapping[str, dict],
    roles: Mapping[str, dict],
    judge: Judge | None = None,
) -> pd.DataFrame:
    """By the rules of reply_rules.py and, where there is a judge, by the rubric: a row a reply.

    said: what the columns of its rows say of a model, and its replies by the id of the question.
    rows: questions by id.
    """
    frames, judged = [], []
    for named, replies in said:
        asked = [rows[id] for id in replies]
        frame = pd.DataFrame(
            {key: row[key] for key in KEYS}
            | {
                "refused": reply_rules.refuses(reply),
                "refused_phrases": reply_rules.opens_with_refusal(reply),
                "in_role": reply_rules.in_role(reply, roles[row["role"]]["name"]),
                "right": reply_rules.right(reply, row["keys"]) if row["keys"] else None,
                "readable": reply_rules.readable(reply),
            }
            for row, reply in zip(asked, replies.values(), strict=True)
        )
        frames.append(frame.assign(**named))
        judged += zip(asked, replies.values(), strict=True)
    whole = pd.concat(frames, ignore_index=True)
    if judge:  # of all variants at once, as each call ends in waiting for its slowest answers
        asked, replies = map(list, zip(*judged, strict=True))
        playing = [roles[row["role"]] for row in asked]
        whole = whole.join(rubric_means(judge(playing, asked, replies)))
    return whole


def rubric_means(points: Sequence[Mapping[str, int] | None]) -> pd.DataFrame:
    """The mean points of each group of dimensions, 0 to 2; null where the judge can't be read."""
    frame = pd.DataFrame([each or {} for each in points], columns=list(rubric.DIMENSIONS))
    groups = rubric.GROUPS.items()
    return pd.DataFrame({f"rubric_{group}": frame[names].mean(axis=1) for group, names in groups})


def rule_scores(queries: Mapping[str, Sequence[dict]]) -> pd.DataFrame:
    """What the rules say of replies whose label is known: from reading them (`labelled.yaml`), or
    because fine-tuning learns them as answers or refusals."""
    texts = read_yaml(LABELLED)
    known = [
        (s, t, label == "refuses") for s, of in texts.items() for label in of for t in of[label]
    ]
    known += [
        ("learnt", row["target"], row["type"] != "answerable")
        for rows in queries.values()
        for row in rows
        if row["split"] == "train" and row["target"]
    ]
    frame = pd.DataFrame(list(dict.fromkeys(known)), columns=["source", "reply", "refuses"])
    replies = frame.pop("reply")
    return frame.assign(
        id=frame.index.map(str),
        refused=replies.map(reply_rules.refuses),
        refused_phrases=replies.map(reply_rules.opens_with_refusal),
    )


def prose_scores(said: Sequence[Answers], edits: Sequence[Mapping]) -> pd.DataFrame:
    """Of variants (number -1) and of the edits of the sweep."""
    found = [(each.variant, each.seed, -1, each.ordinary) for each in said]
    found += [("sweep", 0, number, edit["ordinary"]) for number, edit in enumerate(edits)]
    values = [(*key, id, *pair) for *key, prose in found for id, pair in prose.items()]
    return pd.DataFrame(values, columns=["variant", "seed", "number", "id", "nll", "tokens"])


def probe_scores(
    probed: Sequence[tuple[Answers, States]], questions: Questions, settings: Probes
) -> pd.DataFrame:
    """Of every probed variant and seed; at all layers only of the model before any change."""
    frames = [
        frame.assign(variant=each.variant, seed=each.seed)
        for each, states in probed
        for role, h in bar(states.items(), unit="role")
        for frame in probe_role(h, each, questions[role], settings)
    ]
    frame = pd.concat(frames, ignore_index=True)
    layers = sorted(column for column in frame if column.startswith("layer_"))
    return frame[[*(column for column in frame if column not in layers), *layers]]


def probe_role(
    h: np.ndarray, asked: Answers, questions: pd.DataFrame, settings: Probes
) -> Iterator[pd.DataFrame]:
    """Whether probes are right on the test questions of a role, for each protocol and training set.

    h: (questions, layers, hidden). For the model before any change every training set, and every
    layer of the one with all types; else that one at the last layer that a protocol probes.
    """
    train = (questions["split"] == "train").to_numpy()
    answerable = (questions["type"] == "answerable").to_numpy()
    unchanged = asked.variant == PROMPTING
    for name, learnt in TRAINING_SETS.items() if unchanged else [(ALL_TYPES, TRAINED)]:
        of_types = questions["type"].isin(learnt).to_numpy()
        chosen, tried = train & of_types, of_types[~train]
        for protocol, of in PROTOCOLS.items():
            places = range(len(asked.layers) - of.unprobed)
            if not unchanged or name != ALL_TYPES:
                places = places[-1:]
            for seed in settings.seeds if of.network_probe else [0]:
                right = {}
                for place in places:
                    sets = (h[chosen, place], answerable[chosen], h[~train, place])
                    said = (
                        probes.official(*sets, answerable[~train], tried, seed, settings.epochs)
                        if of.network_probe
                        else probes.corrected(*sets, settings.folds)
                    )
                    right[f"layer_{asked.layers[place]:02d}"] = said == answerable[~train]
                named = {"protocol": protocol, "trained_on": name, "probe_seed": seed}
                yield questions.loc[~train, KEYS].assign(**named, **right)


def region_scores(states: States, questions: Questions) -> pd.DataFrame:
    """Of the states of all layers of prompting."""
    frames, kept = [], []
    for role, h in states.items():
        train = (questions[role]["split"] == "train").to_numpy()
        types = questions[role]["type"].to_numpy()
        direct, rejection = (h[train & (types == t)] for t in ("answerable", "out_series"))
        lean = geometry.lean(h[~train, -1], direct[:, -1], rejection[:, -1])
        cosines = geometry.axis_cosine(h[~train], direct, rejection)
        named = {f"cosine_{layer:02d}": values for layer, values in enumerate(cosines.T)}
        frames.append(questions[role].loc[~train, KEYS].assign(lean=lean, **named))
        kept.append(h[~train])
    whole, every = pd.concat(frames, ignore_index=True), np.concatenate(kept)
    whole[["tsne_x", "tsne_y"]] = geometry.tsne_map(every[:, -1])
    depth = every.shape[1] - 1
    for layer in np.unique(np.linspace(1, depth, MAPPED_LAYERS).round().astype(int)):
        places = geometry.pca_map(every[:, layer], whole["role"].to_numpy())
        whole[[f"pca_x_{layer:02d}", f"pca_y_{layer:02d}"]] = places
    return whole


def methods_map(states: Mapping[str, States], questions: Questions) -> pd.DataFrame:
    """One t-SNE map of the last layer of all variants' test questions."""
    frames, kept = [], []
    for variant, of in states.items():
        for role, h in of.items():
            test = questions[role]["split"] == "test"
            frames.append(questions[role].loc[test, KEYS].assign(variant=variant))
            kept.append(h[test, -1])
    whole = pd.concat(frames, ignore_index=True)
    whole[["tsne_x", "tsne_y"]] = geometry.tsne_map(np.concatenate(kept))
    return whole


if __name__ == "__main__":
    step(evaluate)
