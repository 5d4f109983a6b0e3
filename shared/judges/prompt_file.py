"""What a published judge is asked, in its authors' words: a file of the user's own."""

from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError
from shared.settings.templates import fields as fields_in


def read_prompt(path: Path, fields: Sequence[str]) -> str:
    """The text of a file, without a last line break. Raises `UserError` if it is not there, or does
    not name these fields, each in braces and nothing else."""
    expected = " and ".join(f"{{{name}}}" for name in fields)
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected the prompt of a judge, with {expected}")
    text = path.read_text(encoding="utf-8").removesuffix("\n")
    try:
        found = fields_in(text)
    except ValueError as error:
        raise UserError(f"{path}: {error}; expected {expected}") from None
    if found != sorted(fields):
        said = " and ".join(f"{{{name}}}" for name in found) or "none"
        raise UserError(f"{path}: found {said}; expected {expected}")
    return text
