"""Scores from replies and hidden states that are made up here."""

import numpy as np
import pandas as pd
import pytest

from papers.roleref import analyze, data, evaluate, rubric
from papers.roleref.answers import Answers
from papers.roleref.settings import TRAINED, TYPES
from shared.settings import load_settings

SETTINGS = load_settings("roleref", "smoke")
ROLES = {r: {"name": r.title(), "profile": "Name."} for r in ("ann", "bob")}


@pytest.fixture
def rows():
    """Of each role 6 training questions of three types and 2 test questions of five."""
    return [
        {"id": f"{role}/{t}/{split}/{n}", "role": role, "type": t, "split": split, "edit": ""}
        | {"fact": f"{role}/{n}", "question": "Why?", "keys": ["slipper"] * (t == "answerable")}
        for role in ROLES
        for split, types, count in (("train", TRAINED, 6), ("test", TYPES, 2))
        for t in types
        for n in range(count)
    ]


@pytest.fixture
def states(rows):
    """(queries, 3 layers, 8): layer 0 is the same for all, in layers 1 and 2 answerable questions
    lie far from all others."""
    generator = np.random.default_rng(0)
    found = {}
    for role in ROLES:
        own = [row for row in rows if row["role"] == role]
        h = generator.standard_normal((len(own), 3, 8)).astype(np.float32)
        h[:, 0] = 1
        h[[row["type"] == "answerable" for row in own], 1:] += 8
        found[role] = h
    return found


@pytest.fixture
def questions(rows):
    return {role: pd.DataFrame(row for row in rows if row["role"] == role) for role in ROLES}


def answers(variant, seed=0, layers=(0, 1, 2), ordinary=None):
    return Answers(variant, seed, {}, ordinary or {}, list(layers), trained=7, stored=0)


def test_replies_are_scored_one_by_one(rows):
    by_id = {row["id"]: row for row in rows}
    replies = {
        "ann/answerable/test/0": "In my slipper, dear sir.",
        "ann/fake/test/1": "You are quite mistaken, sir.",
        "bob/absent/test/0": "Bob tea tea tea tea tea tea",
    }
    frame = evaluate.reply_scores([({"number": 3}, replies)], by_id, ROLES).set_index("id")
    assert frame["number"].eq(3).all()
    assert frame["refused"].tolist() == [False, True, False]
    assert frame["right"].iloc[0] and frame["right"].isna().tolist() == [False, True, True]
    assert frame["in_role"].tolist() == [True, True, False]
    assert frame["readable"].tolist() == [True, True, False]
    assert frame["type"].tolist() == ["answerable", "fake", "absent"]


def test_the_rules_are_held_against_replies_with_a_label():
    """What fine-tuning learns counts once each, labelled by the type of its question; a question
    without a target is none. No text is kept."""
    row = {"split": "train", "type": "fake", "target": "You are mistaken."}
    answer = row | {"type": "answerable", "target": "In my slipper."}
    rows = [
        row,
        row,
        answer,
        row | {"type": "out_series", "target": ""},
        answer | {"split": "test"},
    ]
    frame = evaluate.rule_scores({"ann": rows})
    assert set(frame) == {"id", "source", "refuses", "refused", "refused_phrases"}
    learnt = frame[frame["source"] == "learnt"]
    assert learnt[["refuses", "refused", "refused_phrases"]].to_numpy().tolist() == [
        [True, True, False],
        [False, False, False],
    ]
    assert set(frame["source"]) == set(analyze.SOURCES) and frame["id"].is_unique


def test_the_rule_does_not_find_what_is_learnt_more_surely_than_other_words():
    """The roles' own phrases were in it once, so that what learnt them seemed to refuse more."""
    works = load_settings("roleref", "cpu")
    rows = data.made(works)[1]
    frame = evaluate.rule_scores({"": rows})
    found = frame[frame["refuses"]].groupby("source")["refused"].mean()
    flagged = frame[~frame["refuses"]].groupby("source")["refused"].mean()
    assert found.min() >= 0.75 and flagged.max() <= 0.1
    assert found["learnt"] <= found[["written", "prompted"]].min() + 0.1
    assert found.max() - found.min() <= 0.25


def test_prose_of_variants_and_edits():
    said = [answers("lora", 1, ordinary={"ann/00": (8.0, 4)})]
    prose = evaluate.prose_scores(said, [{"ordinary": {"ann/00": (9.0, 4)}}])
    assert prose[["variant", "seed", "number", "nll"]].to_numpy().tolist() == [
        ["lora", 1, -1, 8.0],
        ["sweep", 0, 0, 9.0],
    ]


def test_rubric_scores_are_means_of_groups(rows):
    """The judge is asked once, of the replies of all variants."""
    calls = []

    def judge(roles, asked, replies):
        calls.append(([role["name"] for role in roles], [row["type"] for row in asked], replies))
        points = dict.fromkeys(rubric.DIMENSIONS, 1)
        return [None, points | {"Quality of Response": 2}, points]

    one = {"ann/fake/test/1": "No.", "bob/absent/test/0": "Yes."}
    said = [({"variant": "a"}, one), ({"variant": "b"}, {"ann/fake/test/1": "Why?"})]
    by_id = {row["id"]: row for row in rows}
    frame = evaluate.reply_scores(said, by_id, ROLES, judge)
    names, types = ["Ann", "Bob", "Ann"], ["fake", "absent", "fake"]
    assert calls == [(names, types, ["No.", "Yes.", "Why?"])]
    assert frame["variant"].tolist() == ["a", "a", "b"]
    assert frame["rubric_refusal"].isna().tolist() == [True, False, False]
    assert frame["rubric_general"].tolist()[1:] == pytest.approx([4 / 3, 1])


def test_probes_of_every_layer_for_all_types_and_of_the_last_for_others(questions, states):
    made = evaluate.probe_scores([(answers("prompting"), states)], questions, SETTINGS.probes)
    tests = 2 * 5 * 2  # roles, types, questions
    assert len(made) == tests * 3 * 2  # training sets, protocols with one seed each
    everything = made[made["trained_on"] == "answer+fake+out_series"]
    linear = everything[everything["protocol"] == "corrected"]
    assert linear["layer_01"].all() and linear["layer_02"].all()
    # layer 0 is the same for all: one class is said of everything, the larger one
    assert (linear["layer_00"] == (linear["type"] != "answerable")).all()
    official = everything[everything["protocol"] == "official"]
    assert official["layer_02"].isna().all() and official["layer_01"].notna().all()
    others = made[made["trained_on"] != "answer+fake+out_series"]
    assert others["layer_00"].isna().all()
    assert others.loc[others["protocol"] == "official", "layer_01"].notna().all()
    assert others.loc[others["protocol"] == "corrected", "layer_02"].all()


def test_a_changed_model_is_probed_at_the_last_layer_of_each_protocol(questions, states):
    """It has the last two: the official code stops one short of the last."""
    kept = {role: h[:, 1:] for role, h in states.items()}
    found = [(answers("lora", seed, [1, 2]), kept) for seed in (0, 1)]
    made = evaluate.probe_scores(found, questions, SETTINGS.probes)
    official, linear = (made[made["protocol"] == name] for name in ("official", "corrected"))
    assert official["layer_01"].notna().all() and official["layer_02"].isna().all()
    assert linear["layer_02"].notna().all() and linear["layer_01"].isna().all()
    assert set(made["seed"]) == {0, 1} and set(official["probe_seed"]) == {42}


def test_geometry_of_the_test_questions(questions, states):
    frame = evaluate.region_scores(states, questions)
    assert len(frame) == 20 and set(frame["type"]) == set(TYPES)
    leans = frame.groupby("type", observed=True)["lean"].mean()
    assert leans["answerable"] > 0.3 and leans.drop("answerable").max() < -0.3
    assert frame["cosine_00"].eq(0).all()
    assert frame.loc[frame["type"] == "answerable", "cosine_02"].min() > 0.5
    maps = [column for column in frame if column.startswith(("tsne", "pca"))]
    assert set(maps) == {"tsne_x", "tsne_y", "pca_x_01", "pca_y_01", "pca_x_02", "pca_y_02"}
    assert frame[maps].notna().all().all()


def test_one_map_of_all_variants(questions, states):
    frame = evaluate.methods_map({"prompting": states, "lora": states}, questions)
    assert frame.groupby("variant", observed=True).size().to_dict() == {"lora": 20, "prompting": 20}
