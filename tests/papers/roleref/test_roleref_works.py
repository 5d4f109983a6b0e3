"""The facts and events of the works: what can be asked of them, and how many units they give."""

import re

import pandas as pd
import pytest

from papers.roleref import data, facts
from papers.roleref.benchmark import TRAIN_EVENTS, TRAIN_FACTS, read_work
from shared.settings import load_settings

CPU = load_settings("roleref", "cpu")
ROLES = [role for name in CPU.works for role in read_work(name, CPU.data_seed)]
EVENTS = {event.id: event for role in ROLES for event in role.events}
of_each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.id)


@pytest.fixture(scope="module")
def asked():
    """All questions of scale cpu."""
    return pd.DataFrame(data.made(CPU)[1])


def words(text):
    return set(re.findall(r"[\w']+", facts.first_person(text).lower()))


def true_questions(role):
    """Question -> the facts that it is about."""
    found = {}
    for fact in role.facts:
        for question, _ in facts.true_questions(fact, []):
            found.setdefault(question, []).append(fact.id)
    return found


@of_each_role
def test_a_true_question_is_about_one_fact_and_does_not_tell_its_answer(role):
    assert {len(ids) for ids in true_questions(role).values()} == {1}
    for fact in role.facts:
        for question, slot in facts.true_questions(fact, role.texts["knows"]):
            assert not set(facts.key_words(slot.text)) <= words(question), question


@of_each_role
def test_a_false_question_is_true_of_no_fact_of_the_role(role):
    """Neither word for word, nor since what is put in is true of the same deed."""
    true, topics = true_questions(role), [*role.texts["limits"], *role.texts["unsaid_limits"]]
    done = {(f.verb, slot.text) for f in role.facts for slot in f.slots}
    for fact in role.facts:
        for _, question, false in facts.false_questions(fact, {}, topics):
            assert question not in true and (fact.verb, false) not in done, question
        assert fact.other_verb not in (fact.verb, fact.past)
        told = {slot.text for slot in fact.slots}
        assert not {(fact.other_verb, text) for text in told} & done, fact.id
        for slot in fact.slots:
            assert bool(slot.false) == (slot.kind in facts.SLOT_EDITS), fact.id
            assert slot.false != slot.text


@of_each_role
def test_an_event_that_a_role_missed_does_not_name_it(role):
    """Else its name alone would say that it was there."""
    missed = [event for event in role.events if role.id not in event.done]
    assert not [e.clause for e in missed if role.id in words(e.clause)]
    assert bool(missed) == (role.id != "alice")


def test_each_event_happened_once_and_says_what_was_done():
    assert len({event.clause for event in EVENTS.values()}) == len(EVENTS)
    for event in EVENTS.values():
        for did in event.done.values():
            assert did.startswith("I ")
            assert len(set(facts.key_words(did)) - words(event.clause)) > 1, event.clause


def test_the_questions_of_cpu_are_about_as_many_facts_as_its_power_was_computed_for(asked):
    """The comment above `cpu` in paper.yaml names these."""
    test = asked[asked["split"] == "test"]
    units = test.groupby("type")["fact"].nunique().to_dict()
    assert units == {
        "answerable": 366, "out_series": 375, "context_conflict": 132, "fake": 157, "absent": 268,
    }  # fmt: skip
    assert test.groupby("type").size()["absent"] == 318


def test_a_story_is_asked_about_all_over_before_again(asked):
    """Of what has been put to fewest roles; so no role is asked twice about a fact of another."""
    test = asked[(asked["split"] == "test") & (asked["type"] == "out_series")]
    assert not test.duplicated(["role", "fact"]).any()
    assert test["fact"].value_counts().max() == 2


def test_what_is_learnt_and_what_is_asked_are_of_different_facts(asked):
    """For every role: also where one role learns of what is asked of another."""
    learnt = asked[asked["split"].isin(["train", "taught"])]
    test = asked[asked["split"] == "test"]
    assert not set(learnt["fact"]) & set(test["fact"])
    assert not set(learnt["question"]) & set(test["question"])
    assert not learnt.duplicated(["role", "question"]).any()  # of train and of taught


@of_each_role
def test_what_is_not_kept_to_train_is_tested(role):
    train = {id for id, split in role.split_of.items() if split == "train"}
    for kind, kept in TRAIN_FACTS.items():
        assert len([f for f in role.facts if f"/{kind}/" in f.id and f.id in train]) == kept
    for there in {tuple(event.done) for event in role.events}:
        alike = [event for event in role.events if tuple(event.done) == there]
        assert len([e for e in alike if e.id in train]) == TRAIN_EVENTS[len(there)]
