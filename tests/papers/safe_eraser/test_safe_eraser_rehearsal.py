"""The rehearsal's files, read as those that a user puts there."""

import pytest

from papers.safe_eraser import benchmark, data, judging
from papers.safe_eraser.rehearsal import WRITERS
from papers.safe_eraser.settings import BENCHMARKS
from shared.chat.replies import Reply
from shared.data.fetch.wanted import ByHand, downloads
from shared.planning.rehearsal.endpoint import answer
from shared.runner.step import Run
from shared.settings import REHEARSAL, load_settings


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Those of the rehearsal, whose files lie below `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    own = load_settings("safe_eraser", REHEARSAL, "LLaVA-7B")
    for each in downloads(own):
        if isinstance(each, ByHand):
            WRITERS[each.what](tmp_path / "resources/rehearsal/safe_eraser" / each.what)
    return own


def test_all_that_a_user_puts_there_is_written_where_the_settings_say(settings, tmp_path):
    """The step reads every file and opens every picture."""
    found = data.data(Run(settings, tmp_path / "data"))
    assert {source["id"] for source in found["sources"]} == {"SafeEraser", *BENCHMARKS}
    asked = benchmark.read_specificity(tmp_path / "data")
    assert set(settings.specificity) == {each.dataset for each in asked} == set(BENCHMARKS)


def test_the_defects_of_the_authors_files_are_in_it(settings, tmp_path):
    """A question, and a picture, of the training part are asked of the model again; one answer of
    vanilla's is empty, and the held-out record without a category has that of its folder."""
    parts = {"train": [], "val": []}
    for record in benchmark.read(settings.folder(tmp_path)):
        parts[record.split] += record.questions
    train, held_out = parts.values()
    assert {each.question for each in train} & {each.question for each in held_out}
    assert {each.picture for each in train} & {each.picture for each in held_out}
    assert {each.category for each in held_out} == {"Weapon", "Violence"}
    assert [each.id for each in train + held_out if each.prediction == ""] == ["train/0001/retain0"]


def test_the_scripted_judge_gives_every_verdict_and_sometimes_none(settings):
    """Each verdict of each kind can come, and few replies can't be read."""
    kinds = {
        "unsafe": {True, False, None},
        "refused": {True, False, None},
        "normal": {True, False, None},
        "correct": {0.0, 0.5, 1.0, None},
        "gpt_eval": {0.0, 0.5, 1.0, None},
    }
    texts = dict.fromkeys(("question", "answer", "reference"), "x")
    for asked in judging.ASKED.values():
        for column, asking in asked.items():
            said = [Reply(answer(judging.prompt(asking, texts), n), "") for n in range(70)]
            read = [asking.read(reply.text) for reply in said]
            assert set(read) >= kinds[column.removesuffix("_official")]
            assert read.count(None) <= 70 / 7
