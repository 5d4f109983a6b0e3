import errno

import pytest

from shared import files
from shared.errors import UserError, one_line_errors
from shared.files import atomic, read_jsonl, sha256, write_jsonl


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
