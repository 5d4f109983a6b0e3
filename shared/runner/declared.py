"""What a step reads, declared once: `READS` and `FILES` in its module.

    READS = ("model", "prompt", "training", "variant.method")
    FILES = ("house_rules.yaml",)

READS names settings (fields or properties of the paper's `Settings`); `variant.x` is x of the
variant that the step was asked for, and `variant` all of it. The rule's `params` hold their values,
so that a step runs again when one of them changes; the step itself gets these settings and no
other, but for those that are left out of what is written down (`exclude`), as they change no
result. FILES are read from the folder of the module and belong to its code. Both are literals: a
rule takes them from the source, and imports nothing for it.
"""

import ast
import inspect
from functools import cache
from pathlib import Path

from pydantic_core import to_json, to_jsonable_python

from shared.errors import UserError
from shared.runner.source import parsed
from shared.settings import ROOT, ScaleSettings
from shared.settings.plain import nearest

VARIANT = "variant"
# What every analysis reads, besides what its READS name.
ANALYSIS = ("name", "stands_in_for", "stand_ins")


class Undeclared(Exception):
    """A step asked for a setting that its READS does not name: a mistake in the step."""


class Declared:
    """A view of settings that gives what `names` lists, and remembers what was asked for.

    A method of the settings sees the same view, so it can't read more than the step may.
    """

    def __init__(self, of: object, names: tuple[str, ...], module: str):
        self._of, self._names, self._module = of, names, module
        self._read: set[str] = set()

    def __getattr__(self, name: str):
        found = inspect.getattr_static(type(self._of), name, None)
        if inspect.isfunction(found):
            return found.__get__(self)
        if name in self._names:
            self._read.add(name)
            return getattr(self._of, name)
        if isinstance(found, property):
            return found.fget(self)
        known = getattr(type(self._of), "model_fields", {})
        if name in known and not known[name].exclude:
            raise Undeclared(f"{self._module} reads '{name}', which its READS does not name")
        return getattr(self._of, name)

    def __repr__(self) -> str:
        return f"{self._module}'s view of {self._of!r}"


@cache
def parameters(module: str) -> tuple[str, ...]:
    """The arguments of a step besides its run, from the signature of what `step(…)` is given."""
    if head := step_of(module):
        given = [*head.args.posonlyargs, *head.args.args, *head.args.kwonlyargs]
        return tuple(each.arg for each in given[1:])
    raise UserError(f"{module}: no step; expected step(FUNCTION) for a function of the module")


def step_of(module: str) -> ast.FunctionDef | None:
    """The function that a module gives to `step(…)`."""
    tree = _tree(module)
    named = [
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "step" and node.args
    ]
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return next((node for node in functions if node.name in named), None)


@cache
def literals(module: str) -> dict[str, tuple[str, ...]]:
    """READS and FILES of a module, from its source; empty where it has none."""
    found: dict[str, tuple[str, ...]] = {"READS": (), "FILES": ()}
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in found:
            try:
                found[node.targets[0].id] = tuple(ast.literal_eval(node.value))
            except ValueError:
                raise UserError(
                    f"{module}, line {node.lineno}: expected a tuple of texts, written out"
                ) from None
    return found


def reads(paper: str, name: str) -> tuple[str, ...]:
    """What the analysis of a paper reads, or its figures, which begin with the analysis."""
    names = (*ANALYSIS, *literals(f"papers.{paper}.analyze")["READS"])
    if name == "figures":
        names += literals(f"papers.{paper}.figures")["READS"]
    return tuple(dict.fromkeys(names))


def view(settings: ScaleSettings, module: str) -> Declared:
    """The settings as `analyze.py` or `figures.py` may read them."""
    _, paper, name = module.split(".")
    return Declared(settings, reads(paper, name), module)


def files(module: str) -> list[Path]:
    """The files that a module says it reads. Raises `UserError` for one that is not there."""
    folder = ROOT.joinpath(*module.split(".")).parent
    found = []
    for pattern in literals(module)["FILES"]:
        matches = sorted(folder.glob(pattern))
        if not matches:
            raise UserError(f"{module}: no file {pattern} in {folder.relative_to(ROOT)}")
        found += matches
    return found


def values(names: tuple[str, ...], settings: ScaleSettings, variant: str | None = None) -> dict:
    """The settings of those names, as JSON can hold them."""
    return {name: to_jsonable_python(_value(name, settings, variant)) for name in names}


def as_text(names: tuple[str, ...], settings: ScaleSettings, variant: str | None = None) -> str:
    """The same as one line of JSON."""
    return to_json(values(names, settings, variant)).decode()


def chosen(settings: ScaleSettings, variant: str | None) -> object | None:
    """The variant of a name; None for the model before training, which is no variant."""
    return getattr(settings, "variants", {}).get(variant)


def check_choice(
    settings: ScaleSettings, variant: str | None, seed: int | str | None, scale: str
) -> None:
    """Raises `UserError` for a variant or a seed that the scale does not have. seed: a number, or
    as it stands in a path."""
    variants = getattr(settings, "variants", {})
    before = getattr(settings, "UNTRAINED", ())
    if variant is None or variant in before:
        seeds = _seeds(settings, variant)
    elif variant in variants:
        seeds = [str(each) for each in getattr(variants[variant], "seeds", None) or ()]
    else:
        near = nearest(variant, [*before, *variants])
        raise UserError(f"unknown variant '{variant}' at scale {scale}; {near}")
    if seed is not None and seeds and str(seed) not in seeds:
        of, known = f" of {variant}" if variant else "", ", ".join(seeds)
        raise UserError(f"unknown seed {seed}{of} at scale {scale}; seeds: {known}")


def _seeds(settings: ScaleSettings, name: str | None) -> list[str]:
    """Of the model of that name, or of all that no variant makes, by the names of their scores;
    none where these have none."""
    variants = getattr(settings, "variants", {})
    parts = (path.rpartition("/")[2].rpartition("-s") for path in settings.scores())
    of = [(model, seed) for model, _, seed in parts if model and model not in variants]
    return list(dict.fromkeys(seed for model, seed in of if name in (None, model)))


def _tree(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return parsed(path)


def _value(name: str, settings: ScaleSettings, variant: str | None) -> object:
    first, _, rest = name.partition(".")
    if first != VARIANT:
        return getattr(settings, name)
    found = chosen(settings, variant)
    return getattr(found, rest) if rest and found is not None else found
