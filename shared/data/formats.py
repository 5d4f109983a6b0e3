"""Public data files in the published format: `UserError` with file and row where they differ."""

import csv
import json
from pathlib import Path

from shared.errors import UserError


def read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not JSON ({error.msg}, line {error.lineno})") from None


def read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        found = reader.fieldnames or []
        expect(path, "header", found, set(columns) <= set(found), ", ".join(columns))
        rows = list(reader)
    for number, row in enumerate(rows):
        expect(path, f"row {number}", row, None not in row.values(), f"{len(found)} columns")
    return rows


def as_list(path: Path, value: object) -> list:
    expect(path, "rows", value, isinstance(value, list), "a list")
    return value


def is_texts(row: object, length: int) -> bool:
    return isinstance(row, list) and len(row) == length and all(isinstance(t, str) for t in row)


def expect(path: Path, where: str, found: object, right: bool, expected: str) -> None:
    if not right:
        raise UserError(f"{path}: {where}: expected {expected}, found {str(found)[:80]!r}")
