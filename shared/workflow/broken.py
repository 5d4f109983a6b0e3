"""Papers with a mistake in a file of their own: a run goes on without them, and says so."""

import re
from collections.abc import Iterable

from shared.comparison.language import cells, parse
from shared.comparison.printed import read_printed
from shared.errors import UserError
from shared.models.complete import check_folder, folders_in
from shared.models.spec import is_absent, named_in
from shared.runner import declared
from shared.runner.code import dependencies
from shared.settings import PAPERS, REHEARSAL, ScaleSettings, load_paper
from shared.settings.plain import did_you_mean, nearest
from shared.workflow.columns import check_model

ANALYSES = ("settings", "analyze", "figures")  # modules that run, besides the steps
STEP = "\n    step("


def broken(papers: Iterable[str]) -> dict[str, str]:
    """Paper -> what is wrong with its files."""
    found = {}
    for paper in papers:
        try:
            check_files(paper)
        except UserError as error:
            found[paper] = str(error)
    return found


def misset(setup: object) -> dict[str, str]:
    """Paper -> what is wrong with its settings. setup: a `Setup`."""
    found = {}
    for paper in setup.papers:
        try:
            _check(setup, paper)
        except UserError as error:
            found[paper] = str(error)
    return found


def _check(setup: object, paper: str) -> None:
    """Every model's settings, that what is made once for all of them is read alike in all, and that
    the models which are in folders are there, whole and of the kind that is needed."""
    for settings in setup.each(paper) if setup.scale != REHEARSAL else ():
        _check_folders(f"{paper} at scale {setup.scale}, model {settings.name}", settings)
        check_model(paper, setup.scale, settings)
    names = declared.literals(f"papers.{paper}.data")["READS"]
    first, *others = setup.each(paper)
    for other in others:
        ours, theirs = declared.values(names, first), declared.values(names, other)
        if different := [name for name in names if ours[name] != theirs[name]]:
            raise UserError(
                f"{paper} at scale {setup.scale}: models {first.name} and {other.name} differ in "
                f"'{different[0]}', which the data of both are made from; expected one for all"
            )


def _check_folders(where: str, settings: ScaleSettings) -> None:
    """A model in a folder that is not there and has nothing to score is left out of the run."""
    for place, spec in named_in(settings.model_dump(mode="json")).items():
        if is_absent(spec) and settings.scores():
            folder = spec.removeprefix("path:")
            raise UserError(
                f"{where}: {place}: found no folder {folder}; expected one with a model"
            )
    for folder in folders_in(settings.model_dump_json()):
        check_folder(folder)


def check_files(paper: str) -> None:
    """Raises `UserError` for what can be told of a paper's own files without running them: syntax,
    paper.yaml, reported.csv, the language of its claims and what these are about."""
    folder = PAPERS / paper
    texts = {path.stem: path.read_text("utf-8", "replace") for path in folder.glob("*.py")}
    run = [name for name, text in texts.items() if name in ANALYSES or STEP in text]
    dependencies(*(f"papers.{paper}.{name}" for name in sorted(run)))  # parsed for the rules too
    stated = load_paper(paper)
    rows = read_printed(folder / "reported.csv")
    words = {word for text in texts.values() for word in re.findall(r'"([^"\n]*)"', text)}
    named = {item for entry in stated.unavailable for item in entry.items}
    named |= {*stated.items, *(claim.item for claim in stated.claims)}
    source = "\n".join(texts.values())
    of_code = set(re.findall(r'\bItem\(\s*"([^"\n]*)"', source))
    items = dict.fromkeys(row["item"] for row in rows)
    known_items = sorted({*items, *of_code, *filter(None, named)})
    metrics = dict.fromkeys(row["metric"] for row in rows)
    for item in items:
        _not_misspelt("item", item, words | named, f"papers/{paper}/reported.csv", known_items)
    for claim in stated.claims:
        where = f"papers/{paper}/paper.yaml: claim '{claim.id}'"
        given = [name for name in ("holds", "function", "blocked") if getattr(claim, name)]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise UserError(f"{where}: found {found}; expected one of holds, function, blocked")
        if claim.item:
            _not_misspelt("item", claim.item, words | {*items}, where, known_items)
        functions = re.findall(r"^def (\w+)", texts.get("analyze", ""), re.MULTILINE)
        if claim.function and claim.function not in functions:
            near = nearest(claim.function, sorted(functions))
            raise UserError(f"{where}: no function '{claim.function}' in analyze.py; {near}")
        for text in filter(None, (claim.holds, claim.only_if)):
            for cell in (cell for one in parse(text, where) for cell in cells(one)):
                _not_misspelt("metric", cell.metric, words | {*metrics}, where, metrics)


def _not_misspelt(kind: str, name: str, known: set[str], where: str, all: Iterable[str]) -> None:
    """Names may be put together in code: one that nothing knows is wrong if another is near."""
    near = did_you_mean(name, [one for one in all if one in known], cutoff=0.8)
    if name not in known and near:
        raise UserError(f"{where}: unknown {kind} '{name}'; {near}")
