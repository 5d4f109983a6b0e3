import errno

import pytest

from shared import files
from shared.errors import UserError, one_line_errors
from shared.files import atomic, read_csv, read_jsonl, sha256, write_jsonl


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with pytest.raises(ZeroDivisionError), atomic(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert list(target.parent.iterdir()) == []
    with atomic(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "folder"
    for name in ("old", "new"):
        with atomic(target) as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert [path.name for path in target.iterdir()] == ["new"]


def test_a_failure_keeps_what_was_there(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("before")
    with pytest.raises(OSError), atomic(target) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert target.read_text() == "before"


def test_a_full_disk_is_one_line_that_names_the_file(tmp_path, monkeypatch, capsys):
    """The kernel's error when a write does not fit has no file name of its own."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.Path, "write_text", lambda *a, **k: full())
    with pytest.raises(SystemExit) as stopped:
        one_line_errors(lambda: write_jsonl(tmp_path / "rows.jsonl", [{"a": 1}]))
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/rows.jsonl: No space left on device\n"


def test_jsonl_goes_around_and_names_a_broken_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"text": "ü\n"}, {"n": 1}]
    write_jsonl(path, rows)
    assert read_jsonl(path) == rows
    path.write_text(path.read_text() + '{"cut": ')
    with pytest.raises(UserError, match=r"rows\.jsonl:3: not a JSON record"):
        read_jsonl(path)


def test_sha256_of_a_file_and_of_a_folder(tmp_path):
    """The digest of "abc" is a known one; a folder's changes with a name and with a content."""
    (tmp_path / "f").write_text("abc")
    assert sha256(tmp_path / "f").startswith("ba7816bf8f01cfea414140de5dae2223")
    before = sha256(tmp_path)
    (tmp_path / "f").rename(tmp_path / "g")
    renamed = sha256(tmp_path)
    (tmp_path / "g").write_text("abd")
    assert len({before, renamed, sha256(tmp_path)}) == 3


@pytest.mark.parametrize("mark", ["", "\ufeff"])  # spreadsheets put one before UTF-8
def test_csv_rows_come_with_their_lines(tmp_path, mark):
    path = tmp_path / "rows.csv"
    path.write_text(f'{mark}a,b\n1,"two\nlines"\nü,\n', encoding="utf-8")
    rows = [(3, {"a": "1", "b": "two\nlines"}), (4, {"a": "ü", "b": ""})]
    assert list(read_csv(path, ["a", "b"])) == rows


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"rows\.csv: no such file; expected columns a,b"),
        (b"a,c\n", r"rows\.csv:1: found columns a,c; expected a,b"),
        (b"", r"rows\.csv:1: found columns ; expected a,b"),
        (b"a,b\n1,2\n1,2,3\n", r"rows\.csv:3: found 3 fields; expected 2"),
        (b"a,b\n1,\xfc\n", r"rows\.csv: expected UTF-8, found byte 0xfc"),
        (b'a,b\n1,"' + b"open quote\n" * 20_000, r"rows\.csv:\d+: not CSV \(field larger"),
    ],
)
def test_a_csv_that_is_none_is_named(tmp_path, content, says):
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=says):
        list(read_csv(path, ["a", "b"]))


def test_json_lines_in_another_encoding_are_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": "\xfc"}\n')
    with pytest.raises(UserError, match=r"rows\.jsonl: expected UTF-8, found byte 0xfc"):
        read_jsonl(path)
