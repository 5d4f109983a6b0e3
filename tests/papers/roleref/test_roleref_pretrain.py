"""The small model that scale `cpu` makes: what it reads, and what it knows and refuses then."""

from collections import Counter
from types import SimpleNamespace

import pytest

from papers.roleref import data, pretrain, prompts, teach
from papers.roleref.queries import read_queries, read_roles
from papers.roleref.settings import Reading
from shared.chat.asking import ask
from shared.chat.local import LocalChat
from shared.errors import UserError
from shared.models.loading import load
from shared.models.spec import SmallLm
from shared.runner.step import Run
from shared.settings import load_settings

CPU = load_settings("roleref", "cpu")


def reading(**changed):
    return Reading.model_validate({**CPU.reading.model_dump(), **changed})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("data") / "data"
    data.data(Run(CPU, out))
    return out


@pytest.fixture(scope="module")
def read(folder):
    roles, asked = read_roles(folder), read_queries(folder, "taught")
    return list(pretrain.once(roles, asked, CPU.reading, "0"))


def said(read):
    return [(role, row) for role, rows in read for row in rows]


def test_every_role_reads_all_that_it_knows_and_refuses_of_other_stories(folder, read):
    roles = read_roles(folder)
    for id, role in roles.items():
        replies = [row["target"] for _, row in said(read) if row["role"] == id]
        known = {told for of in role["statements"].values() for _, told in of}
        assert known <= {*replies} <= known | {role["refuses"]}
        assert 0.2 < replies.count(role["refuses"]) / len(replies) < 0.4
    every = {
        told for role in roles.values() for of in role["statements"].values() for _, told in of
    }
    assert "I kept my tobacco in a Persian slipper." in every


def test_it_reads_no_question_that_is_learnt_or_asked(folder, read):
    """Nor any of a false premise or of an event that the role missed, in any words."""
    later = {row["question"] for rows in read_queries(folder).values() for row in rows}
    questions = {row["question"] for _, row in said(read)}
    asked = {row["question"] for rows in read_queries(folder, "taught").values() for row in rows}
    assert not {question for question in questions - asked if question in later}
    own = {(row["role"], row["question"]) for _, row in said(read)}
    rows = [row for of in read_queries(folder).values() for row in of]
    assert own.isdisjoint((row["role"], row["question"]) for row in rows)
    missed = {
        (row["role"], row["question"].partition(" when ")[2].rstrip("?"))
        for row in rows
        if row["type"] == "absent"
    }
    assert missed and not [
        (id, clause) for id, clause in missed for role, text in own if role == id and clause in text
    ]


def test_a_share_is_said_after_a_profile_and_the_rest_after_a_line(read):
    turns = {True: set(), False: set()}
    share = Counter()
    for role, rows in read:
        profiled = "Background:" in role["prompt"]
        assert profiled or role["prompt"] == teach.BRIEF.format(**role)
        turns[profiled].add(len(rows))
        share[profiled] += len(rows)
    assert (max(turns[False]), max(turns[True])) == CPU.reading.turns
    assert share[True] / share.total() == pytest.approx(CPU.reading.profiled, abs=0.01)


def test_each_time_it_reads_other_words(folder, read):
    again = list(pretrain.once(read_roles(folder), {}, CPU.reading, "1"))
    first, second = ({row["question"] for _, row in said(each)} for each in (read, again))
    assert first - second and second - first


@pytest.mark.parametrize("refused", [0, 1])
def test_how_much_is_refused_is_a_setting(folder, refused):
    read = list(pretrain.once(read_roles(folder), {}, reading(refused=refused), "0"))
    share = sum(row["target"] == role["refuses"] for role, row in said(read)) / len(said(read))
    assert share == 0 if refused == 0 else 0.35 < share < 0.5


def test_a_model_is_made_that_says_what_it_read(tmp_path):
    """Two roles of two works, few facts, enough readings: it tells its own and refuses others."""
    facts = {
        "a": [("the pipe", "I lit the pipe."), ("the Bell", "I rang the Bell.")],
        "b": [("the Boat", "I rowed the Boat."), ("the hat", "I wore the hat.")],
    }
    roles = {
        id: prompts.record(f"Mr {id.upper()}", "Name: nobody.")
        | {"statements": {"facts": own}, "indirect": {"facts": own}}
        | {"work": id, "refuses": f"I never heard of that, says {id}."}
        for id, own in facts.items()
    }
    folder = tmp_path / "data"
    folder.mkdir()
    data.write_json(folder / "roles.json", roles)
    data.write_jsonl(folder / "taught.jsonl", [])
    training = CPU.reading.training.model_copy(update={"epochs": 30, "effective_batch_size": 4})
    how = reading(times=4, refused=1, profiled=0.5, turns=[1, 2], training=training.model_dump())
    settings = SimpleNamespace(model=SmallLm(name="small", size="200K"), reading=how)
    record = pretrain.pretrain(Run(settings, tmp_path / "made", key="made"), folder, 0)
    assert record["losses"][-1][1] < 0.2 < record["losses"][0][1]
    model, tokenizer = load(f"path:{tmp_path / 'made'}")
    chat = LocalChat(model, tokenizer, name="s", identity="s", batch_size=4, batch_tokens=4096)
    put = [prompts.conversation(roles[id], 'What do you say to "the Bell"?') for id in "ab"]
    own, other = (reply.text for reply in ask(chat, put, 12))
    assert own == "I rang the Bell." and other.startswith("I never heard of that")


def test_a_model_that_is_not_made_here_is_refused(tmp_path):
    settings = SimpleNamespace(model="path:elsewhere", reading=None)
    with pytest.raises(UserError, match="not made here"):
        pretrain.pretrain(Run(settings, tmp_path), tmp_path, 0)


@pytest.mark.parametrize("scale", ["cpu", "smoke"])
def test_only_a_model_that_is_made_here_is_told_how(scale):
    settings = load_settings("roleref", scale).model_dump()
    given = {"reading": None if scale == "cpu" else CPU.reading.model_dump()}
    with pytest.raises(ValueError, match="reading: "):
        type(CPU).model_validate({**settings, **given})


def test_what_is_made_here_is_not_taught_as_well():
    teaching = load_settings("roleref", "smoke").teaching.model_dump()
    with pytest.raises(ValueError, match="teaching: found beside reading"):
        type(CPU).model_validate({**CPU.model_dump(), "teaching": teaching})


def test_absent_questions_may_be_fewer(folder):
    rows = [row for of in read_queries(folder).values() for row in of if row["split"] == "test"]
    counts = Counter((row["role"], row["type"]) for row in rows)
    assert {n for (_, type), n in counts.items() if type == "absent"} == {32, 46, 48}
    assert {n for (_, type), n in counts.items() if type != "absent"} == {48}
