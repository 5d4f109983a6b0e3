"""The benchmark: five types for each role, disjoint, equal in number, the same for a seed."""

import json
from collections import Counter

import pytest

from papers.roleref import authors_data, benchmark, data, facts, prompts
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import CONFLICTS, TRAINED, TYPES, Counts
from shared.errors import UserError
from shared.files import read_json
from shared.settings import load_settings
from shared.workflow.step import Run

WORKS = ("sherlock_holmes", "alice", "pride_and_prejudice", "treasure_island")
COUNTS = Counts(answerable=20, out_series=20, fake=10, test=8)


@pytest.fixture(scope="module")
def roles():
    return [role for name in WORKS for role in benchmark.read_work(name, 5, 0.7, 0)]


@pytest.fixture(scope="module")
def rows(roles):
    return benchmark.queries(roles, COUNTS, 0)


def test_counts(rows):
    """Alice was at every event of her book: nothing is asked of her that she missed."""
    counts = Counter((row["role"], row["type"], row["split"]) for row in rows)
    names = {row["role"] for row in rows}
    assert len(names) == 8
    for role in names:
        assert [counts[role, t, "train"] for t in TRAINED] == [20, 20, 10]
        for type in TYPES:
            wanted = 0 if (role, type) == ("alice", "absent") else 8
            assert counts[role, type, "test"] == wanted
        assert all(counts[role, t, "train"] == 0 for t in ("context_conflict", "absent"))


def test_no_fact_is_in_train_and_in_test(rows):
    facts_of = {s: {r["fact"] for r in rows if r["split"] == s} for s in ("train", "test")}
    assert facts_of["train"].isdisjoint(facts_of["test"])
    questions = {s: {r["question"] for r in rows if r["split"] == s} for s in ("train", "test")}
    assert questions["train"].isdisjoint(questions["test"])
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_seed_makes_the_same_questions_and_another_others(roles, rows):
    assert benchmark.queries(roles, COUNTS, 0) == rows
    assert benchmark.queries(roles, COUNTS, 1) != rows


def test_types_are_what_they_say(roles, rows):
    by_role = {role.id: role for role in roles}
    fact_of = {fact.id: fact for role in roles for fact in role.facts}
    event_of = {event.id: event for role in roles for event in role.events}
    work_of = {role.id: role.work for role in roles}
    for row in rows:
        role, fact = by_role[row["role"]], fact_of.get(row["fact"])
        if row["type"] == "out_series":
            other = row["fact"].partition("/")[0]
            assert work_of.get(other, other) != role.work
            assert facts.has_name(row["question"])
        elif row["type"] == "absent":
            assert role.id not in event_of[row["fact"]].done
        elif row["type"] in ("fake", "context_conflict"):
            assert row["edit"] in facts.EDITS
            assert fact.in_profile == (row["type"] == "context_conflict")
            assert row["fact"].startswith(f"{role.id}/")
        else:
            assert fact in role.facts or role.id in event_of[row["fact"]].done
        assert bool(row["keys"]) == (row["type"] == "answerable")
    edits = {row["edit"] for row in rows if row["type"] in ("fake", "context_conflict")}
    assert edits == set(facts.EDITS)


def test_the_same_question_is_answerable_for_one_role_and_not_for_another(rows):
    answerable = {r["question"] for r in rows if r["type"] == "answerable"}
    assert answerable & {r["question"] for r in rows if r["type"] == "out_series"}
    assert answerable & {r["question"] for r in rows if r["type"] == "absent"}


def test_a_profile_has_seven_sections_and_the_facts_that_are_said(roles):
    for role in roles:
        text = prompts.profile(role.texts, role.facts)
        assert len(text.splitlines()) == 7
        for fact in role.facts:
            assert (fact.statement("You") in text) == fact.in_profile
        assert all(topic in text for topic in role.texts["limits"])
        assert not any(f"of {topic}" in text for topic in role.texts["unsaid_limits"])


def test_every_fact_of_every_work_can_be_falsified(roles):
    for role in roles:
        assert len(role.facts) == 18
        for fact in role.facts:
            asked = {question for question, _ in facts.true_questions(fact, [])}
            for _, question, false in facts.false_questions(fact, {}, []):
                assert question not in asked and false, fact.id


def test_too_few_questions_are_named(roles):
    with pytest.raises(UserError, match=r"counts: 99 test questions .* has \d+"):
        benchmark.queries(roles, COUNTS.model_copy(update={"test": 99}), 0)
    with pytest.raises(UserError, match="unknown work 'emma'; works: alice, "):
        benchmark.read_work("emma", 5, 0.7, 0)


@pytest.fixture
def authors(tmp_path):
    (tmp_path / "profiles.json").write_text(json.dumps({"Gandalf": "Name: Gandalf."}))
    train = [{"role": "Gandalf", "type": "fake", "question": "Why?", "answer": "No."}] * 3
    test = [{"character": "Gandalf", "query_type": t, "query": "What?"} for t in TYPES]
    (tmp_path / "train.json").write_text(json.dumps(train))
    (tmp_path / "test.json").write_text(json.dumps(test))
    return tmp_path


def test_the_authors_data(authors):
    roles, rows = authors_data.read(authors, COUNTS.model_copy(update={"fake": 2}))
    assert roles["Gandalf"]["profile"] == "Name: Gandalf."
    counts = Counter((row["type"], row["split"]) for row in rows)
    assert counts == {("fake", "train"): 2, **{(t, "test"): 1 for t in TYPES}}
    assert rows[0]["target"] == "No."
    assert set(rows[0]) == {
        "id",
        "role",
        "type",
        "split",
        "fact",
        "edit",
        "question",
        "target",
        "keys",
    }
    assert {row["type"] for row in rows if row["split"] == "test"} >= set(CONFLICTS)


def test_the_step_writes_what_was_read_and_from_where(authors, tmp_path):
    settings = load_settings("roleref", "smoke")
    out = tmp_path / "data"
    data.data(Run(settings.model_copy(update={"data_path": str(authors)}), out))
    (source,) = read_json(out / "sources.json")
    assert source["route"] == ["folder of the user"] and source["licence"] == "none stated"
    assert source["rows"]["fake, test"] == 1
    assert list(read_roles(out)) == ["Gandalf"] and len(read_queries(out)) == 8
    data.data(Run(settings, out))
    (source,) = read_json(out / "sources.json")
    assert (source["revision"], source["route"]) == ("seed 0", ["generated"])
    assert source["rows"]["absent, test"] == 12  # of three roles
    assert len(read_roles(out)) == 4


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "train.json",
            '[{"role": "Gandalf", "question": "Why?"}]',
            "record 0: no type; expected it as",
        ),
        (
            "train.json",
            '[{"role": "Gandalf", "type": "absent", "question": "Why?"}]',
            "record 0: type 'absent' of role Gandalf; expected one of answerable, out_series, fake",
        ),
        (
            "test.json",
            '[{"role": "Frodo", "type": "fake", "question": "Why?"}]',
            "role 'Frodo' has no profile",
        ),
        ("test.json", "version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        ("test.json", "[1", "not JSON"),
        ("profiles.json", "[]", "found a list; expected an object"),
    ],
)
def test_broken_files_of_the_authors_are_named(authors, file, text, message):
    (authors / file).write_text(text)
    with pytest.raises(UserError, match=message) as error:
        authors_data.read(authors, COUNTS)
    assert file in str(error.value)
    (authors / file).unlink()
    with pytest.raises(UserError, match=rf"{file}: no such file"):
        authors_data.read(authors, COUNTS)
