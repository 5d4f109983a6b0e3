from collections import Counter
from pathlib import Path

import pytest

from papers.roleref import authors_data, prompts, rehearsal, rubric
from papers.roleref.settings import AUTHORS_DATA, TRAINED
from shared.planning.rehearsal import endpoint, stage
from shared.settings import REHEARSAL, ROOT, load_settings

FEW = "Odo Fenn"


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("RoleRef")
    rehearsal.WRITERS[AUTHORS_DATA](folder)
    return authors_data.read(folder)


def test_the_files_are_read_as_the_authors_are(read):
    """One role was always there, and one has few questions, one of them twice and to be asked."""
    roles, rows = read
    assert list(roles) == list(rehearsal.ROLES)  # not the one that has a profile alone
    counts = Counter((row["role"], row["type"], row["split"]) for row in rows)
    assert (rehearsal.ALWAYS_THERE, "absent", "test") not in counts
    assert counts[FEW, "absent", "test"] == rehearsal.ASKED
    trained = [counts[FEW, type, "train"] for type in TRAINED]
    assert 0 < min(trained) < max(trained) < counts[rehearsal.ALWAYS_THERE, "answerable", "train"]
    learnt, asked = (
        [r["question"] for r in rows if r["role"] == FEW and r["split"] == split]
        for split in ("train", "test")
    )
    assert len(learnt) - len(set(learnt)) == 1 and len(set(learnt) & set(asked)) == 1
    assert len({row["id"] for row in rows}) == len(rows)


def test_what_is_asked_is_in_their_templates(read):
    (turn,) = prompts.conversation(read[0][FEW], "Why?", signal=True)
    assert FEW in turn["content"] and "“aye”" in turn["content"]
    assert "Prompt Signal:\n```\nTrue\n```" in turn["content"] and "Why?" in turn["content"]


def test_the_stage_puts_them_where_the_settings_look(monkeypatch, tmp_path):
    """Models apart, which are written in their own test."""
    settings = load_settings("roleref", REHEARSAL)
    monkeypatch.setattr("shared.data.fetch.hub.adopt", lambda *_: None)
    stage.set_up(["roleref"], tmp_path)
    here = tmp_path / Path(settings.data_path).relative_to("resources/rehearsal")
    assert stage.STAGE == ROOT / "resources/rehearsal" and (here / "train.json").is_file()


def test_the_scripted_judge_grades_most_replies():
    role = {"name": FEW, "profile": "Rows well."}
    asked = rubric.prompt(role, {"question": "Why?", "type": "fake"}, "I don't know.")
    parsed = [rubric.parse(endpoint.answer(asked, number)) for number in range(4)]
    assert [points is None for points in parsed] == [False, False, True, False]
