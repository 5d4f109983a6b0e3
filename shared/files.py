"""Reading and writing files: a file is either whole or absent."""

import csv
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import yaml

from shared.errors import UserError

WRITTEN = ".written"  # in a folder that `atomic` wrote: the names of its files
# The same as the safe loader, in C where it was built so: a second less before each run.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_POINTER = "version https://git-lfs"
_UNCOUNTED = (WRITTEN, ".snakemake_timestamp")  # marks, not content


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes `path`'s place if the block succeeds.

    Works for files and for folders (the block decides which by what it creates). A folder takes
    the place of one that was written so before; of what else lies there, nothing is removed.

    Raises `UserError` before the block if `path` is a folder with files of someone else's, and
    after it if a file would have to take the place of a folder, or the other way round.
    """
    path = Path(path)
    check_own(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path)
    own = f".{path.name}.{socket.gethostname()}-{os.getpid()}"
    temporary, before = path.with_name(f"{own}.tmp"), path.with_name(f"{own}.before")
    _remove(temporary)
    try:
        yield temporary
        if path.exists() and path.is_dir() != temporary.is_dir():
            kinds = ("file", "folder") if temporary.is_dir() else ("folder", "file")
            raise UserError(f"{path}: is a {kinds[0]}; expected a {kinds[1]} or nothing there")
        if temporary.is_dir():
            names = "".join(f"{name}\n" for name in _content(temporary))
            (temporary / WRITTEN).write_text(names, encoding="utf-8")
            if path.exists():
                check_own(path)
                os.replace(path, before)
        os.replace(temporary, path)
        _remove(before)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk does not say of which file
        raise
    finally:
        if before.exists() and not path.exists():
            os.replace(before, path)
        _remove(temporary)


def _clear(path: Path) -> None:
    """Take away what processes of this machine that were killed have left beside `path`; if they
    had moved it aside, it comes back."""
    left = re.compile(rf"\.{re.escape(f'{path.name}.{socket.gethostname()}')}-(\d+)\.(tmp|before)")
    for name in os.listdir(path.parent):
        if (found := left.fullmatch(name)) and not _lives(int(found[1])):
            other = path.with_name(name)
            if found[2] == "before" and not path.exists():
                os.replace(other, path)
            _remove(other)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def check_own(path: Path) -> None:
    """Raises `UserError` if a folder holds what `atomic` did not write there: it would be lost."""
    if not path.is_dir():
        return
    mark = path / WRITTEN
    own = set(mark.read_text(encoding="utf-8").splitlines()) if mark.is_file() else set()
    if others := [name for name in _content(path) if name not in own]:
        raise UserError(
            f"{path}: holds {others[0]}, which this step did not write;"
            " move that away, or give another place"
        )


def _content(folder: Path) -> list[str]:
    """Names of the files in a folder and below, sorted, without marks."""
    files = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(p.relative_to(folder).as_posix() for p in files if p.name not in _UNCOUNTED)


def write_text(path: str | Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_jsonl(path: str | Path, rows: Iterable[dict]) -> None:
    """A record a line; rows that are read one by one are written so, however many they are."""
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def open_utf8(path: str | Path, newline: str | None = None) -> Iterator[TextIO]:
    """Text to read, with or without the mark that spreadsheets put before it.

    Raises `UserError` naming the file and the first byte that is not UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig", newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        found = f"{error.object[error.start]:#x}"
        raise UserError(f"{path}: expected UTF-8, found byte {found}") from None


def read_json(path: str | Path, kind: type = object) -> Any:
    """The value of a JSON file, which is a `kind` (dict, list).

    Raises `UserError` naming the file and, where it is not JSON, the line and column.
    """
    text = _text(path, "JSON")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if text.startswith(_POINTER):
            raise UserError(f"{path}: a pointer of Git LFS, not the file itself") from None
        where = f"{path}:{error.lineno}:{error.colno}"
        raise UserError(f"{where}: not JSON ({error.msg})") from None
    if not isinstance(found, kind):
        names = {dict: "an object", list: "a list"}
        is_one = names.get(type(found), type(found).__name__)
        raise UserError(f"{path}: found {is_one}; expected {names.get(kind, kind.__name__)}")
    return found


def read_yaml(path: str | Path, where: str | Path = "") -> Any:
    """The value of a YAML file. Raises `UserError` naming the file (as `where`) and the line."""
    where = where or path
    try:
        return yaml.load(_text(path, "YAML", where), Loader=_YAML)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{where}{line}: not YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise UserError(f"{where}: not YAML ({' '.join(str(error).split())})") from None


def _text(path: str | Path, what: str, where: str | Path = "") -> str:
    """All of a text file. Raises `UserError` where there is none."""
    _expect_file(path, what, where)
    with open_utf8(path) as file:
        return file.read()


def _expect_file(path: str | Path, what: str, where: str | Path = "") -> None:
    if not Path(path).is_file():
        is_there = "is a folder" if Path(path).is_dir() else "no such file"
        raise UserError(f"{where or path}: {is_there}; expected {what}")


class Row(dict):
    """A row of JSON Lines: a key that it lacks is a mistake in the file, which is named."""

    where = ""

    def __missing__(self, key: str) -> None:
        raise UserError(f"{self.where}: no key {key}; found: {', '.join(self) or 'none'}")


def read_jsonl(path: str | Path, *, filled: bool = False) -> list[dict]:
    """Rows of a JSON Lines file. filled: with one at least.

    Raises `UserError` naming the file, and the line that is no JSON object, or lacks a key that is
    asked of it later.
    """
    _expect_file(path, "JSON Lines")
    rows = []
    with open_utf8(path) as file:
        for number, line in enumerate(file, start=1):
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"{where}: not a JSON record ({error.msg})") from None
            if not isinstance(row, dict):
                raise UserError(f"{where}: found {str(row)[:40]!r}, expected a JSON object")
            rows.append(Row(row))
            rows[-1].where = where
    if filled and not rows:
        raise UserError(f"{path}: is empty; expected a row at least")
    return rows


def read_csv(
    path: str | Path, columns: Sequence[str], *, others: bool = False, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields, as text, of each row of a file with these columns in this order.

    others: the file is someone else's: it may have more columns, in any order, and empty lines.

    Raises `UserError` naming the file, and the line that has other fields.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file; expected columns {','.join(columns)}")
    with open_utf8(path, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        try:
            header = next(reader, [])
            if not set(columns) <= set(header) if others else header != list(columns):
                raise UserError(
                    f"{path}:1: found columns {','.join(header)}; expected {','.join(columns)}"
                )
            for fields in reader:
                if others and not fields:
                    continue
                if len(fields) != len(header):
                    raise UserError(
                        f"{path}:{reader.line_num}: found {len(fields)} fields; "
                        f"expected {len(header)}"
                    )
                yield reader.line_num, dict(zip(header, fields, strict=True))
        except csv.Error as error:
            raise UserError(f"{path}:{reader.line_num}: not CSV ({error})") from None


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file, or of a folder's files in name order, without marks."""
    path = Path(path)
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name not in _UNCOUNTED):
        digest.update(f"{file.relative_to(path)}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


def readable_size(count: float) -> str:
    """Of a number of bytes."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.2f} MB"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
