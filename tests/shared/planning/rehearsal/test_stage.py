import os

import pytest

from shared.data import benchmarks, sources
from shared.data.catalogue import sources as catalogue
from shared.data.fetch import hub
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.planning.rehearsal.rows import WRITERS, rows_of

REPOSITORY = Repository("model", "org/name", "0" * 40)


def test_what_was_adopted_is_here_until_a_file_of_it_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)

    def write(folder):
        folder.mkdir()
        (folder / "config.json").write_text("{}")

    folder = hub.adopt(REPOSITORY, write)
    assert hub.local_folder(REPOSITORY) == folder
    os.utime(folder / "config.json", ns=(1, 1))
    with pytest.raises(UserError, match="not here whole and checked"):
        hub.local_folder(REPOSITORY)


@pytest.mark.parametrize("source", [name for name in catalogue() if name in WRITERS])
def test_a_staged_source_has_every_file_and_needs_no_checksum(source, monkeypatch, tmp_path):
    rows_of(source)(tmp_path)
    monkeypatch.setenv(sources.STAGED, str(tmp_path))
    for file in catalogue()[source].files:
        found = sources.fetch(catalogue()[source], file)
        assert (found.path, found.route) == (tmp_path / file, "made for a rehearsal")


def test_rows_are_read_by_the_readers_of_the_published_files(tmp_path):
    for source in ("pararel", "mmlu", "falseqa"):
        rows_of(source)(tmp_path)
    train = benchmarks.read_pararel(tmp_path / "pararel/training_data.json", "ParaRel")
    test = benchmarks.read_pararel(tmp_path / "pararel/ID_test_pararel.json", "ParaRel")
    assert {row.question for row in train} & {row.question for row in test}  # as in the real ones
    assert len(benchmarks.read_mmlu_json(tmp_path / "mmlu/MMLU_ID_train.json", "MMLU")) == 20
    answerable = [r.answerable for r in benchmarks.read_falseqa(tmp_path / "falseqa/test.csv", "F")]
    assert answerable.count(True) == answerable.count(False) == 4


def test_a_source_that_nobody_wrote_is_one_line():
    with pytest.raises(UserError, match=r"org/new: no rows for the rehearsal; add a writer"):
        rows_of("org/new")
