"""The rooms of `shared` form no circle: of two, at most one builds on the other."""

import ast
from graphlib import TopologicalSorter

from shared.settings import ROOT


def rooms_imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "shared":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            yield from (name[1] for name in names if name[0] == "shared" and len(name) > 1)


def test_no_circle():
    stands_on = {}
    for path in (ROOT / "shared").rglob("*.py"):
        room = path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")
        stands_on.setdefault(room, set()).update(rooms_imported(path))
    for room, others in stands_on.items():
        others.discard(room)
    order = list(TopologicalSorter(stands_on).static_order())  # raises CycleError
    assert order.index("settings") < order.index("runner") < order.index("workflow")


def test_the_library_imports_no_paper_and_no_tool():
    for path in (ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert node.module.split(".")[0] not in ("papers", "tools"), path
