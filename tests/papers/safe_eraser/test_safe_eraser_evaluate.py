"""Which questions are asked of whom, and what is recorded of an answer."""

from collections import Counter

import pytest

from papers.safe_eraser import data
from papers.safe_eraser.benchmark import Question
from papers.safe_eraser.evaluate import asked, probed, snapshots
from papers.safe_eraser.examiner import Examiner
from papers.safe_eraser.judging import by_rules
from papers.safe_eraser.settings import Settings
from papers.safe_eraser.specificity import plain
from shared.errors import UserError


@pytest.fixture
def generated(settings, tmp_path):
    data.generate(settings.generated, 0, tmp_path / "data")
    return tmp_path / "data"


def compared(settings, question, output, said=None):
    return Examiner(settings, by_rules, said or {}).compared(question, output)


def question(name, kind, answer="", **more):
    return Question(name, kind, "a.png", "What is it?", (answer,), **more)


def test_who_is_asked_what(settings, generated):
    """12 training and 12 held-out records, 4 questions of each kind; 4 unrelated pictures."""
    counts = Counter(each.dataset for each in asked(settings, generated, targets=False))
    assert counts == {
        "Efficacy": 48,
        "Generality": 48,
        "Decoupled": 48,
        "Retain": 48,
        "Specificity": 7,
    }
    vanilla = Counter(each.dataset for each in asked(settings, generated, targets=True))
    assert vanilla - counts == {"Targets": 48}


def test_what_is_compared(settings):
    row = question("a", "retain", "The object is red.")
    found = compared(settings, row, "The object is a red thing", {"a": "It is red."})
    # words in common: the object is red, 4 of 4 and of 6; it is red / ... is ... red: 2 of 3
    assert found["rouge_recall"] == 1 and found["rouge_f1"] == pytest.approx(8 / 10)
    assert found["rouge_official"] == pytest.approx(2 / 3)
    assert not found["correct"] and found["output"] == "The object is a red thing"
    assert compared(settings, row, "the object is red")["correct"]
    assert compared(settings, row, "x")["rouge_official"] is None


def test_of_the_authors_files_no_answer_is_kept(settings, authors):
    values = settings.model_dump() | {"benchmark": str(authors)}
    values |= {"model": f"path:{authors}", "vanilla": None}
    own = Settings.model_validate(values)
    (authors / "specificity.jsonl").touch()
    rows = asked(own, authors, targets=False)
    assert {row.dataset for row in rows} == {"Efficacy", "Generality", "Decoupled", "Retain"}
    found = compared(own, rows[0], "bad words")
    assert found["output"] == "" and not found["correct"]


def test_case_and_full_stop_do_not_count():
    assert plain(" The object is Red. ") == plain("the object is red")


def test_the_first_held_out_requests_are_probed():
    names = ("Efficacy", "Generality", "Retain", "Decoupled")
    rows = [question(n, "forget", dataset=name) for n in range(5) for name in names]
    kept = [(each.dataset, each.id) for each in probed(rows, 2)]
    assert kept == [(name, n) for n in (0, 1) for name in ("Generality", "Decoupled")]


def test_snapshots_in_order(tmp_path):
    for step in (30, 10, 20):
        (tmp_path / f"step-{step:05d}").mkdir()
    found = snapshots(tmp_path)
    assert [round(progress, 3) for progress, _ in found] == [0.333, 0.667, 1.0]
    assert snapshots(None) == [(1.0, None)]


def test_a_folder_without_snapshots(tmp_path):
    with pytest.raises(UserError, match=r"no folder step-\*; expected what unlearn writes"):
        snapshots(tmp_path)
