"""Python files of this repository, read and not run."""

import ast
from functools import lru_cache
from pathlib import Path

from shared.errors import UserError
from shared.settings import ROOT


def parsed(path: Path) -> ast.Module:
    """The syntax of a file. Raises `UserError` naming the file and the line that is no Python."""
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)  # trees are large
def _parsed(path: Path, _: int) -> ast.Module:
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise UserError(f"{shown}:{error.lineno}: not Python ({error.msg})") from None
    except ValueError as error:  # a null byte
        raise UserError(f"{shown}: not Python ({error})") from None
