"""The records of sources, worked by hand from files of a few bytes."""

import hashlib
import json

import pytest

from shared.data import ledger, sources
from shared.data.ledger import Ledger
from shared.data.sources import Source
from shared.errors import UserError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def catalogue(monkeypatch, tmp_path):
    """Two files of one source, the second of unknown bytes; both in a mirror."""
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    monkeypatch.setattr(sources, "BESIDE", tmp_path / "beside")
    monkeypatch.setattr(sources, "GITHUB", "http://localhost:9")
    (tmp_path / "mirror").mkdir()
    for name in ("one.txt", "two.txt"):
        (tmp_path / "mirror" / name).write_text(name)
    pinned = Source(
        id="things",
        upstream="owner/things",
        revision=COMMIT,
        folder="data",
        licence="MIT",
        note="",
        files={"one.txt": digest("one.txt"), "two.txt": None},
    )
    monkeypatch.setattr(ledger, "sources", lambda: {"things": pinned})


@pytest.fixture
def book(tmp_path):
    return Ledger(str(tmp_path / "mirror"))


def written(book, tmp_path):
    book.write(tmp_path / "out")
    return json.loads((tmp_path / "out" / "sources.json").read_text())


def test_a_public_source_is_one_record_however_many_files_it_has(book, tmp_path, capsys):
    read = [
        book.read("things", name, lambda path, name: (path.read_text(), name)) for name in FILES
    ]
    assert read == [(name, name) for name in FILES]
    book.used("things", {"Small": 2})
    book.used("things", {"Large": 30})
    assert written(book, tmp_path) == [
        {
            "id": "things",
            "revision": f"owner/things@{COMMIT}",
            "licence": "MIT",
            "route": ["mirror"],
            "sha256": {name: digest(name) for name in FILES},
            "rows": {"Small": 2, "Large": 30},
        }
    ]
    assert capsys.readouterr().err == "Small: 2 rows (mirror)\nLarge: 30 rows (mirror)\n"


FILES = ["one.txt", "two.txt"]


def test_what_this_project_makes_is_known_by_its_files(book, tmp_path):
    (tmp_path / "rows.jsonl").write_text("rows")
    book.add("questions", revision="seed 0", files=[tmp_path / "rows.jsonl"])
    book.used("questions", {"train": 3})
    book.note("questions", left_out=1)
    assert written(book, tmp_path) == [
        {
            "id": "questions",
            "revision": "seed 0",
            "licence": "written for this project",
            "route": ["generated"],
            "sha256": {"rows.jsonl": digest("rows")},
            "rows": {"train": 3},
            "left_out": 1,
        }
    ]


def test_rows_in_no_file_of_their_own_are_known_by_their_json(book, tmp_path):
    """ü stays a letter: the digest is that of the text as a person writes it."""
    for _ in range(2):  # read twice, it is one source
        book.add("facts", revision="1.0", licence="MIT", route="package", content=[["ü", 1]])
        book.used("facts", {"Facts": 1})
    (record,) = written(book, tmp_path)
    assert record["sha256"] == {"rows": digest('[["ü", 1]]')}
    assert (record["route"], record["rows"]) == (["package"], {"Facts": 1})


def test_known_digests_and_a_source_without_files(book, tmp_path):
    book.add("labels", revision="2", digests={"a.csv": "0" * 64})
    book.add("documents", revision="seed 1")
    labels, documents = written(book, tmp_path)
    assert labels["sha256"] == {"a.csv": "0" * 64}
    assert list(documents) == ["id", "revision", "licence", "route", "rows"]


def test_a_source_that_is_not_there_says_why(book, tmp_path, capsys):
    book.absent("things", "no mirror")
    book.used("things", {"Large": 0})
    (record,) = written(book, tmp_path)
    assert (record["route"], record["reason"], record["rows"]) == (None, "no mirror", {"Large": 0})
    assert "sha256" not in record
    assert capsys.readouterr().err == "Large: 0 rows (nowhere)\n"


def test_other_bytes_are_an_error_and_no_record(book, tmp_path):
    (tmp_path / "mirror" / "one.txt").write_text("other")
    with pytest.raises(UserError, match="sha256 is"):
        book.fetch("things", "one.txt")
    assert written(book, tmp_path) == []
