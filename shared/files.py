"""Reading and writing files: a file is either whole or absent."""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from shared.errors import UserError


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes `path`'s place if the block succeeds.

    Works for files and for folders (the block decides which by what it creates).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _remove(temporary)
    try:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk does not say of which file
        raise
    finally:
        _remove(temporary)


def write_text(path: str | Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_jsonl(path: str | Path, rows: Iterable[dict]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


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


def read_jsonl(path: str | Path) -> list[dict]:
    """Rows of a JSON Lines file. Raises `UserError` naming the file and line that is not JSON."""
    rows = []
    with open_utf8(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise UserError(f"{path}:{number}: not a JSON record ({error.msg})") from None
    return rows


def read_json(path: str | Path) -> object:
    """The value in a JSON file. Raises `UserError` naming a file that is not there or not JSON."""
    try:
        with open_utf8(path) as file:
            return json.load(file)
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file; expected JSON") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None


def read_csv(path: str | Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields, as text, of each row of a file with these columns in this order.

    Raises `UserError` naming the file, and the line that has other fields.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file; expected columns {','.join(columns)}")
    with open_utf8(path, newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            if header != list(columns):
                raise UserError(
                    f"{path}:1: found columns {','.join(header)}; expected {','.join(columns)}"
                )
            for fields in reader:
                if len(fields) != len(columns):
                    raise UserError(
                        f"{path}:{reader.line_num}: found {len(fields)} fields; "
                        f"expected {len(columns)}"
                    )
                yield reader.line_num, dict(zip(columns, fields, strict=True))
        except csv.Error as error:
            raise UserError(f"{path}:{reader.line_num}: not CSV ({error})") from None


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file, or of a folder's files in name order."""
    path = Path(path)
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path)}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


def readable_size(count: float) -> str:
    """Of a number of bytes."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.2f} MB"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
