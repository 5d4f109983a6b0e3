"""The benchmark: five types for each role, disjoint, equal in number, the same for a seed."""

import json
from collections import Counter

import pytest

from papers.roleref import authors_data, benchmark, data, facts, prompts
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import TRAINED, TYPES, Counts
from shared.errors import UserError
from shared.files import read_json
from shared.runner.step import Run
from shared.settings import load_settings

WORKS = ("sherlock_holmes", "alice", "pride_and_prejudice", "treasure_island")
COUNTS = Counts(answerable=20, out_series=20, fake=10, test=8)


@pytest.fixture(scope="module")
def roles():
    return [role for name in WORKS for role in benchmark.read_work(name, 0)]


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


def test_form_does_not_tell_an_out_series_question_from_an_answerable_one(rows):
    """Of each role and split as many are about events, and as many begin with a topic."""
    for split in ("train", "test"):
        counts = [
            Counter((r["role"], benchmark._form(r)) for r in rows if (r["type"], r["split"]) == k)
            for k in (("answerable", split), ("out_series", split))
        ]
        assert counts[0] == counts[1] and len(counts[0]) > 16


def test_what_is_taught_is_asked_nowhere_else(roles):
    """Of the facts of training 4 answerable ones and 4 of another story; all else stays."""
    rows = benchmark.queries(roles, COUNTS.model_copy(update={"taught": 4}), 0)
    taught = [row for row in rows if row["split"] == "taught"]
    counts = Counter((row["role"], row["type"]) for row in taught)
    for role in roles:
        assert (counts[role.id, "answerable"], counts[role.id, "out_series"]) == (4, 4)
    others = {(r["role"], r["question"]) for r in rows if r["split"] != "taught"}
    assert others.isdisjoint((row["role"], row["question"]) for row in taught)
    assert {row["fact"] for row in taught}.isdisjoint(
        row["fact"] for row in rows if row["split"] == "test"
    )
    assert [row for row in rows if row["split"] != "taught"] == benchmark.queries(roles, COUNTS, 0)


def test_no_fact_is_in_train_and_in_test(rows):
    facts_of = {s: {r["fact"] for r in rows if r["split"] == s} for s in ("train", "test")}
    assert facts_of["train"].isdisjoint(facts_of["test"])
    questions = {s: {r["question"] for r in rows if r["split"] == s} for s in ("train", "test")}
    assert questions["train"].isdisjoint(questions["test"])
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_second_question_about_a_fact_comes_after_a_first_about_each(roles):
    """10 questions are about 10 facts, and 24 about all that a role has where these are fewer."""
    for most in (10, 24):
        rows = benchmark.queries(roles, COUNTS.model_copy(update={"test": most}), 0)
        for role in roles:
            for type in ("fake", "context_conflict"):
                named = [
                    r["fact"]
                    for r in rows
                    if (r["role"], r["type"], r["split"]) == (role.id, type, "test")
                ]
                known = [f for f in role.facts if f.in_profile == (type == "context_conflict")]
                tested = sum(role.split_of[fact.id] == "test" for fact in known)
                assert 10 < tested < 24
                assert (len(named), len(set(named))) == (most, min(most, tested))


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


def test_the_same_question_is_answerable_for_one_role_and_not_for_another(roles):
    rows = benchmark.queries(roles, COUNTS.model_copy(update={"test": 40, "absent": 40}), 0)
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
        for fact in role.facts:
            asked = {question for question, _ in facts.true_questions(fact, [])}
            for _, question, false in facts.false_questions(fact, {}, []):
                assert question not in asked and false, fact.id


def test_only_of_absent_questions_a_role_may_have_fewer(roles):
    """As many as it missed events twice, as each is asked in two ways; Alice missed none."""
    rows = benchmark.queries(roles, COUNTS.model_copy(update={"absent": 99}), 0)
    counts = Counter(row["role"] for row in rows if row["type"] == "absent")
    missed = {
        role.id: [e for e in role.events if role.id not in e.done and role.split_of[e.id] == "test"]
        for role in roles
    }
    assert counts == Counter({id: min(99, 2 * len(events)) for id, events in missed.items()})
    assert counts["alice"] == 0 < min(counts[id] for id in missed if id != "alice") < 99


def test_absent_questions_are_not_more_than_of_another_type():
    """The number of calls that a plan shows is made of the settings: none may go beyond it."""
    assert Counts(test=8, absent=8).absent == 8
    with pytest.raises(ValueError, match="absent: found 9; expected at most test, 8"):
        Counts(test=8, absent=9)


def test_too_few_questions_are_named(roles):
    with pytest.raises(UserError, match=r"counts, test questions .*: found 99, expected at most"):
        benchmark.queries(roles, COUNTS.model_copy(update={"test": 99}), 0)
    with pytest.raises(UserError, match="unknown work 'emma'; works: alice, "):
        benchmark.read_work("emma", 0)


PROMPT_PY = """
import os
QUERY_TEMPLATE = \"\"\"Play {role}.
{role_profile}
Question:
{question}

\"\"\"
SIGNAL_QUERY_TEMPLATE = "{role}, {role_profile} Signal: {prompt_signal} {question}"
PROFILE = {"Frodo Baggins": "A hobbit.", "Gandalf": "A {wizard}."}
EVALUATION_TEMPLATE = {"full_dimentions": "{answer}"}
os.abort()
"""


@pytest.fixture
def authors(tmp_path):
    """Files as the authors' scripts read them: role -> type -> records."""
    (tmp_path / "prompt.py").write_text(PROMPT_PY)
    asked = [
        {"question": f"Why {n}?", "answer": f"No {n}.", "fake_method": "who"} for n in range(3)
    ]
    train = {"Gandalf": {t: asked for t in ("answerable", "out_series", "fake", "absent")}}
    tested = [{"question": f"What {n}?", "fake_method": ""} for n in range(60)]
    test = {"Gandalf": {t: tested for t in reversed(TYPES)}}
    (tmp_path / "train.json").write_text(json.dumps(train))
    (tmp_path / "test.json").write_text(json.dumps(test))
    return tmp_path


def test_the_authors_data_are_read_whole_as_their_scripts_read_them(authors):
    """All of the three types that are trained on, whatever `counts` makes of our own works, and the
    first 50 of each type to test."""
    roles, rows = authors_data.read(authors)
    assert list(roles) == ["Gandalf"] and roles["Gandalf"]["profile"] == "A {wizard}."
    counts = Counter((row["type"], row["split"]) for row in rows)
    assert counts == {(t, "train"): 3 for t in TRAINED} | {(t, "test"): 50 for t in TYPES}
    first = next(row for row in rows if row["type"] == "fake")
    assert first == {
        "id": "Gandalf/fake/train/000", "role": "Gandalf", "type": "fake", "split": "train",
        "question": "Why 0?", "target": "No 0.", "edit": "who", "keys": [],
        "fact": "Gandalf/fake/train/000",
    }  # fmt: skip
    # the answer there is another role's: to be refused, not learnt
    assert {row["target"] for row in rows if row["type"] == "out_series"} == {""}


def test_the_authors_templates_frame_their_questions(authors):
    roles, _ = authors_data.read(authors)
    (turn,) = prompts.conversation(roles["Gandalf"], "Why?")
    assert turn["content"] == "Play Gandalf.\nA {wizard}.\nQuestion:\nWhy?\n\n"
    (turn,) = prompts.conversation(roles["Gandalf"], "Why?", signal=True)
    assert turn["content"] == "Gandalf, A {wizard}. Signal: True Why?"


def test_ours_have_the_same_prompt_with_and_without_the_signal():
    role = prompts.record("Alice", "Name: Alice.")
    plain, told = (prompts.conversation(role, "Why?", s)[0]["content"] for s in (False, True))
    assert plain.startswith("Play the role of Alice.") and plain.endswith("\nQuestion: Why?")
    assert "Signal" not in plain and told.replace(prompts.SIGNAL, "") == plain


def test_the_step_writes_what_was_read_and_from_where(authors, tmp_path):
    settings = load_settings("roleref", "smoke")
    out = tmp_path / "data"
    data.data(Run(settings.model_copy(update={"data_path": str(authors)}), out))
    (source,) = read_json(out / "sources.json")
    assert source["route"] == ["folder of the user"] and source["licence"] == "none stated"
    assert source["rows"]["fake, test"] == 50
    assert list(read_roles(out)) == ["Gandalf"] and len(read_queries(out)["Gandalf"]) == 9 + 250
    data.data(Run(settings, out))
    (source,) = read_json(out / "sources.json")
    assert (source["revision"], source["route"]) == ("seed 0", ["generated"])
    assert source["rows"]["absent, test"] == 12  # of three roles
    assert len(read_roles(out)) == 4


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("train.json", '{"Gandalf": {"fake": [{}]}}', "Gandalf/fake/train/000: no question"),
        (
            "train.json",
            '{"Gandalf": {"fake": [{"question": "Why?"}]}}',
            "no answer; expected it as text",
        ),
        ("train.json", '{"Gandalf": {"false": []}}', "Gandalf: found false; expected answerable, "),
        ("train.json", '{"Gandalf": []}', "Gandalf: found no object; expected answerable, "),
        ("test.json", '{"Bilbo": {}}', "role 'Bilbo' has no profile in .*prompt.py"),
        ("test.json", "version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        ("test.json", "[]", "found a list; expected an object"),
        ("train.json", '{"Gandalf": {"fake": {}}}', "Gandalf, fake: found no list; expected its"),
        ("prompt.py", "PROFILE = {}", "no QUERY_TEMPLATE; expected a str"),
        (
            "prompt.py",
            PROMPT_PY.replace("{role_profile}", "{who}"),
            "a template has 'who'; expected role, role_profile, prompt_signal and question",
        ),
        ("prompt.py", "PROFILE = dict()", "not assignments of texts"),
        ("prompt.py", "PROFILE = {", "not assignments of texts"),
    ],
)
def test_broken_files_of_the_authors_are_named(authors, file, text, message):
    (authors / file).write_text(text)
    with pytest.raises(UserError, match=message) as error:
        authors_data.read(authors)
    assert file in str(error.value)
    (authors / file).unlink()
    with pytest.raises(UserError, match=rf"{file}: no such file"):
        authors_data.read(authors)
