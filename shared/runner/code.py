"""Which code a step depends on, as a hash: Snakemake does not see a change in an imported module.

The import graph is read from the source, so nothing is imported and the answer takes
milliseconds. `code_hash("papers.r_tuning.train")` covers that module, every module of this
repository that it imports, directly or not, the packages on the way, and the files that these say
they read (`FILES`, see `shared.runner.declared`).
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shared.errors import UserError
from shared.runner.declared import files
from shared.runner.source import parsed
from shared.settings import ROOT

OURS = ("shared", "papers")


def code_hash(*modules: str) -> str:
    """Hash of the source of modules and of all that they import from this repository."""
    digest = hashlib.sha256()
    sources = dependencies(*modules)
    for path in sorted({*sources, *(each for source in sources for each in _read_by(source))}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def dependencies(*modules: str) -> list[Path]:
    """Source files behind modules, sorted. Raises `UserError` for a module that is not there."""
    for module in modules:
        if not _file(module):
            raise UserError(f"no module {module} in {ROOT}")
    found: set[str] = set()
    waiting = [name for module in modules for name in _with_packages(module)]
    while waiting:
        module = waiting.pop()
        if module not in found and _file(module):
            found.add(module)
            waiting += _imports(module)
    return sorted(_file(module) for module in found)


def _read_by(source: Path) -> list[Path]:
    parts = source.relative_to(ROOT).with_suffix("").parts
    return files(".".join(parts).removesuffix(".__init__"))


def _file(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imports(module: str) -> list[str]:
    """Modules of this repository that a module names in an import, and their packages."""
    names = []
    for node in _statements(parsed(_file(module))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    ours = [name for name in names if name.split(".")[0] in OURS]
    return [each for name in ours for each in _with_packages(name)]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node. Expressions, most of a file, hold no import."""
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        for each in getattr(node, name, ()):
            yield each
            yield from _statements(each)


def _with_packages(module: str) -> list[str]:
    """Importing a.b.c runs a/__init__.py and a/b/__init__.py too."""
    parts = module.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]
