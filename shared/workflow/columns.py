"""The models of a run: which columns the tables of each paper get."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.data.fetch import hub
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.models.complete import has_chat_template, prepares_pictures, sees
from shared.models.spec import is_endpoint, location
from shared.settings import (
    REHEARSAL,
    ScaleSettings,
    changes,
    load_paper,
    load_settings,
    model_names,
    paper_ids,
    printed_items,
)
from shared.settings.items import wanted as items_wanted
from shared.settings.own_models import VARIABLE, own_papers


def columns_of(
    scale: str, model: str | None, wanted: str | None, without: Mapping[str, str] = {}
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The models of each paper that a run is about, and why other papers are not in it, of which
    some are known (`without`)."""
    papers, left_out = [paper for paper in paper_ids() if paper not in without], dict(without)
    if scale == REHEARSAL:
        left_out |= {p: f"{p} has no `rehearsal`" for p in papers if not load_paper(p).rehearsal}
    left_out |= _without_items(papers) | _unchanged(papers)
    there = {paper: model_names(paper, scale) for paper in papers if paper not in left_out}
    if os.environ.get(VARIABLE):
        if model:
            raise UserError(f"model={model}: expected without {VARIABLE}, whose models are asked")
        unknown = [paper for paper in own_papers() if paper not in there]
        if unknown:
            known = ", ".join(there)
            raise UserError(f"{VARIABLE}: found paper '{unknown[0]}'; expected one of: {known}")
    if model:
        return _fitting(there, scale, model)
    every = list(dict.fromkeys(name for names in there.values() for name in names))
    chosen = every if wanted is None else [name.strip() for name in wanted.split(",")]
    if unknown := [name for name in chosen if name not in every]:
        raise UserError(f"no model '{unknown[0]}' at scale {scale}; models: {', '.join(every)}")
    columns = {paper: tuple(n for n in names if n in chosen) for paper, names in there.items()}
    left_out |= {
        paper: f"{paper} has none of these models at scale {scale}; models: "
        + (", ".join(names) or f"none, {VARIABLE} has none for it")
        for paper, names in there.items()
        if not columns[paper]
    }
    return {paper: names for paper, names in columns.items() if names}, left_out


def _without_items(papers: Iterable[str]) -> dict[str, str]:
    """The papers that have none of the tables and figures that the run is about."""
    asked, known = items_wanted(), {paper: printed_items(paper) for paper in papers}
    every = dict.fromkeys(item for items in known.values() for item in items)
    if unknown := [item for item in asked if item not in every]:
        raise UserError(f"no item '{unknown[0]}'; items: {', '.join(every)}")
    return {
        paper: f"{paper} has none of these items; items: {', '.join(items)}"
        for paper, items in known.items()
        if asked and not set(asked) & set(items)
    }


def _unchanged(papers: Iterable[str]) -> dict[str, str]:
    """The papers of which a run with other settings changes none."""
    changed = changes.wanted()
    if unknown := [paper for paper in changed if paper not in papers]:
        raise UserError(f"set: no paper '{unknown[0]}'; papers: {', '.join(papers)}")
    return {
        paper: f"{paper} is not in this run: set=… changes none of its settings"
        for paper in papers
        if changed and paper not in changed
    }


def _fitting(
    papers: Iterable[str], scale: str, model: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The papers whose settings fit a model of the user's own, and why others do not."""
    columns, left_out = {}, {}
    for paper in papers:
        try:
            settings = load_settings(paper, scale, model)
            check_model(paper, scale, settings)
            columns[paper] = (settings.name,)
        except UserError as error:
            left_out[paper] = str(error)
    if not columns:
        asked = (left_out[word] for word in sys.argv if word in left_out)
        raise UserError(next(asked, next(iter(left_out.values()))))
    return columns, left_out


def check_model(paper: str, scale: str, settings: ScaleSettings) -> None:
    """Raises `UserError` if the files of the model are here and lack what the paper needs: a chat
    template where it is talked to, a part that sees where it is shown pictures."""
    folder = _files_here(settings.model)
    if folder is None:
        return
    lacks = None
    if settings.CHATS and not has_chat_template(folder):
        lacks = "has no chat template; expected chat_template.jinja or one in its tokenizer"
    elif settings.SEES and not sees(folder):
        lacks = "reads text alone (no vision_config in its config.json); expected one that sees"
    elif settings.SEES and not prepares_pictures(folder):
        lacks = "does not say how pictures are prepared; expected preprocessor_config.json"
    if lacks:
        where = f"{paper} at scale {scale} does not fit {settings.model}"
        raise UserError(f"{where}: model folder {folder} {lacks}")


def _files_here(model: object) -> Path | None:
    if not isinstance(model, str) or is_endpoint(model):
        return None
    found = location(model)
    if isinstance(found, Repository):
        return hub.here(found)
    return found if found.is_dir() else None
