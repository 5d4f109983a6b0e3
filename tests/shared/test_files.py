import errno
import os
import socket
import subprocess
import tracemalloc

import pytest

from shared import files
from shared.errors import UserError, one_line_errors
from shared.files import atomic, read_csv, read_json, read_jsonl, sha256, write_json, write_jsonl


def left_by(process, path, ending, host=None):
    """What `atomic` has beside a path while a process is writing it."""
    name = f".{path.name}.{host or socket.gethostname()}-{process}.{ending}"
    path.with_name(name).write_text(ending)
    return name


def test_what_a_killed_process_left_goes_and_what_another_writes_stays(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    path = tmp_path / "value.json"
    left_by(dead.pid, path, "tmp")
    others = {
        left_by(os.getppid(), path, "tmp"),
        left_by(dead.pid, path, "tmp", host="elsewhere"),
        left_by(dead.pid, tmp_path / "other.json", "tmp"),
    }
    write_json(path, 1)
    assert {each.name for each in tmp_path.iterdir()} == {"value.json", *others}


def test_what_a_killed_process_had_moved_aside_comes_back(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    path = tmp_path / "value.json"
    left_by(dead.pid, path, "before")
    with pytest.raises(ZeroDivisionError), atomic(path):
        raise ZeroDivisionError
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


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


def write_folder(target, *names):
    with atomic(target) as temporary:
        temporary.mkdir()
        for name in names:
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_text(name)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_folder_takes_the_place_of_the_one_that_an_earlier_run_wrote(tmp_path):
    """Also of one that holds fewer files now, that Snakemake marked, or that is empty."""
    target = tmp_path / "folder"
    target.mkdir()
    write_folder(target, "old", "deep/old")
    (target / ".snakemake_timestamp").touch()
    write_folder(target, "new")
    assert names_in(target) == ["new"]
    write_folder(target, "newer")
    assert names_in(target) == ["newer"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("written", [True, False], ids=["beside a result", "alone"])
def test_a_file_of_the_users_in_the_folder_is_never_lost(tmp_path, written):
    """`--out DIR` removed the whole folder. It is refused before hours of work, not after."""
    target = tmp_path / "folder"
    if written:
        write_folder(target, "result")
    (target / "mine").mkdir(parents=True)
    (target / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError) as error, atomic(target):
        raise AssertionError("the block ran")
    assert str(error.value) == (
        f"{target}: holds mine/thesis.tex, which this step did not write;"
        " move that away, or give another place"
    )
    assert (target / "mine" / "thesis.tex").read_text() == "years of work"


def test_a_file_that_came_while_the_step_ran_is_kept_too(tmp_path):
    target = tmp_path / "folder"
    with pytest.raises(UserError, match="holds notes"), atomic(target) as temporary:
        temporary.mkdir()
        target.mkdir()
        (target / "notes").touch()
    assert names_in(tmp_path) == ["folder"] and names_in(target) == ["notes"]


def test_a_file_does_not_take_the_place_of_a_folder_nor_a_folder_that_of_a_file(tmp_path):
    """`--record DIR` and `--out FILE`, each in one line that names what the user gave."""
    folder, file = tmp_path / "folder", tmp_path / "file"
    for empty in (True, False):
        if empty:
            folder.mkdir()
        else:
            write_folder(folder, "result")
        with pytest.raises(UserError, match=f"^{folder}: is a folder; expected a file or noth"):
            write_json(folder, {})
    assert names_in(folder) == ["result"]
    file.write_text("mine")
    with pytest.raises(UserError, match=f"^{file}: is a file; expected a folder or nothing"):
        write_folder(file, "result")
    assert file.read_text() == "mine"
    assert names_in(tmp_path) == ["file", "folder"]


def test_a_folder_behind_a_link_is_left_as_it_is(tmp_path):
    write_folder(tmp_path / "real", "result")
    (tmp_path / "link").symlink_to("real")
    write_folder(tmp_path / "link", "other")
    assert names_in(tmp_path / "link") == ["other"] and names_in(tmp_path / "real") == ["result"]


def test_a_failure_at_the_last_moment_keeps_the_folder_that_was_there(tmp_path, monkeypatch):
    target, replace = tmp_path / "folder", files.os.replace
    write_folder(target, "old")

    def fails(source, to):
        if str(source).endswith(".tmp"):
            raise OSError(errno.EIO, "Input/output error")
        replace(source, to)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(OSError, match="Input/output error"):
        write_folder(target, "new")
    assert names_in(target) == ["old"] and list(tmp_path.iterdir()) == [target]


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

    monkeypatch.setattr(files.Path, "open", lambda *a, **k: full())
    with pytest.raises(SystemExit) as stopped:
        one_line_errors(lambda: write_jsonl(tmp_path / "rows.jsonl", [{"a": 1}]))
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/rows.jsonl: No space left on device\n"


def test_rows_are_written_as_they_come_and_not_held_in_memory(tmp_path):
    """50 MB in 5,000 rows; what is held at once is some rows of 10 kB."""
    rows = ({"id": number, "text": "é" * 5000} for number in range(5000))
    tracemalloc.start()
    try:
        write_jsonl(tmp_path / "rows.jsonl", rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "rows.jsonl").stat().st_size > 5e7 and peak < 1e6


def test_rows_that_end_in_an_error_leave_no_file(tmp_path):
    def rows():
        yield {"a": 1}
        raise UserError("no further row")

    with pytest.raises(UserError, match="no further row"):
        write_jsonl(tmp_path / "rows.jsonl", rows())
    assert not list(tmp_path.iterdir())


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


def test_marks_in_a_folder_are_no_part_of_its_sha256(tmp_path):
    """A folder has one digest, whoever made it: by hand, this step, Snakemake."""
    write_folder(tmp_path / "step", "a", "deep/b")
    (tmp_path / "step" / ".snakemake_timestamp").touch()
    for name in ("a", "deep/b"):
        (tmp_path / "hand" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "hand" / name).write_text(name)
    assert (tmp_path / "step" / ".written").is_file()
    assert sha256(tmp_path / "step") == sha256(tmp_path / "hand")


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


def test_a_csv_of_someone_else_may_have_more_columns_in_any_order_and_empty_lines(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("c,b,a\n3,2,1\n\n6,5,4\n")
    found = list(read_csv(path, ["a", "b"], others=True))
    assert found == [(2, {"c": "3", "b": "2", "a": "1"}), (4, {"c": "6", "b": "5", "a": "4"})]
    with pytest.raises(UserError, match=r"rows\.csv:1: found columns c,b,a; expected a,d"):
        list(read_csv(path, ["a", "d"], others=True))
    path.write_text("c,b,a\n3,2\n")
    with pytest.raises(UserError, match=r"rows\.csv:2: found 2 fields; expected 3"):
        list(read_csv(path, ["a", "b"], others=True))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_json_comes_as_it_is(tmp_path, mark):
    path = tmp_path / "value.json"
    path.write_text(mark + '{"ü": [1, null]}', encoding="utf-8")
    assert read_json(path) == read_json(path, dict) == {"ü": [1, None]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; expected JSON"),
        ("folder", "is a folder; expected JSON"),
        (b'{"a": 1,\n "b" 2}', r":2:6: not JSON \(Expecting ':' delimiter\)"),
        (b"", r":1:1: not JSON \(Expecting value\)"),
        (b'{"a": "\xfc"}', "expected UTF-8, found byte 0xfc"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS, not the file"),
        (b"[1]", "found a list; expected an object"),
        (b"1.5", "found float; expected an object"),
    ],
)
def test_a_json_file_that_is_none_is_one_line(tmp_path, content, says):
    path = tmp_path / "value.json"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{path}:? ?{says}") as error:
        read_json(path, dict)
    assert "\n" not in str(error.value)


def test_json_lines_in_another_encoding_are_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": "\xfc"}\n')
    with pytest.raises(UserError, match=r"rows\.jsonl: expected UTF-8, found byte 0xfc"):
        read_jsonl(path)
