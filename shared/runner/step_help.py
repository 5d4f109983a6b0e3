"""The `--help` of a step from the head of its function, without importing what its body needs."""

import ast
from collections.abc import Sequence
from pathlib import Path

from shared.runner import declared
from shared.runner.step import Run, parser_of
from shared.settings import ROOT


def show(command: Sequence[str]) -> None:
    """Print it and end, if the command runs a step: `python -m papers.r_tuning.train --help`."""
    module = command[command.index("-m") + 1]
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file() or not (head := declared.step_of(module)):
        return
    text = ast.get_docstring(head, clean=False) or ""
    bare = ast.FunctionDef(
        head.name, head.args, [ast.Expr(ast.Constant(text))], [], lineno=1, col_offset=0
    )
    scope = {"Run": Run, "Path": Path, "__name__": module}
    tree = ast.fix_missing_locations(ast.Module([bare], []))
    exec(compile(tree, str(path), "exec"), scope)
    parser_of(scope[head.name]).parse_args(["--help"])
