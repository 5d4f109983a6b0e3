"""The rooms of `shared` form no circle: of two, at most one builds on the other."""

import ast
from graphlib import TopologicalSorter

from shared.settings import ROOT


def imported(path):
    """Modules, those of `from shared import x` as shared.x."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "shared":
            yield from (f"shared.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import, which this test does not follow"
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def modules():
    return {path: set(imported(path)) for path in (ROOT / "shared").rglob("*.py")}


def test_no_circle():
    stands_on = {}
    for path, names in modules().items():
        room = path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")
        others = {name.split(".")[1] for name in names if name.startswith("shared.")}
        stands_on.setdefault(room, set()).update(others - {room})
    order = list(TopologicalSorter(stands_on).static_order())  # raises CycleError
    assert order.index("settings") < order.index("runner") < order.index("workflow")


def test_the_library_imports_no_paper_and_no_tool():
    tops = {path: {name.split(".")[0] for name in names} for path, names in modules().items()}
    assert {path: top for path, top in tops.items() if top & {"papers", "tools"}} == {}
