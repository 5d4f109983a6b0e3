"""Public data files in the published format: `UserError` with file and row where they differ."""

from pathlib import Path

from shared import files
from shared.errors import UserError


def read_csv(path: Path, columns: tuple[str, ...], delimiter: str = ",") -> list[dict[str, str]]:
    return [row for _, row in files.read_csv(path, columns, others=True, delimiter=delimiter)]


def as_list(path: Path, value: object) -> list:
    expect(path, "rows", value, isinstance(value, list), "a list")
    return value


def is_texts(row: object, length: int) -> bool:
    return isinstance(row, list) and len(row) == length and all(isinstance(t, str) for t in row)


def expect(path: Path, where: str, found: object, right: bool, expected: str) -> None:
    if not right:
        raise UserError(f"{path}: {where}: expected {expected}, found {str(found)[:80]!r}")
