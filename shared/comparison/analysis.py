"""What a paper's `analyze.py` and `paper.yaml` give to the comparison, in one place."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from shared.comparison.claims import Functions, Names, on_reported
from shared.comparison.groups import Group
from shared.comparison.items import Item
from shared.comparison.markdown import markdown_tables
from shared.comparison.reported import read_reported
from shared.comparison.table import Table, untrained
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.runner import declared
from shared.settings import (
    Claim,
    Paper,
    ScaleSettings,
    StandIns,
    load_models,
    load_paper,
    recorded_settings,
)


@dataclass(frozen=True)
class Analysis:
    paper: Paper
    scale: str
    stand_ins: StandIns
    reported: pd.DataFrame  # of `read_reported`
    groups: Sequence[Group]
    items: Sequence[Item]
    metrics: Mapping[str, Metric]
    functions: Functions  # of claims, by name
    training: Callable[[str], str] = untrained  # method -> the training behind it, "" for none
    tables: Callable[[pd.DataFrame], Mapping[str, str]] = lambda cells: {}  # Markdown by name
    models: Sequence[ScaleSettings] = ()  # that have results, in the order of tables

    @cached_property
    def names(self) -> Names:
        return Names(self.reported, self.items, self.paper.audit.averages, self.stand_ins)

    def on_reported(self, claim: Claim) -> tuple[int, int, str]:
        """What the paper's own numbers say of a claim (`claims.on_reported`)."""
        if claim.id not in self._on_reported:
            self._on_reported[claim.id] = on_reported(claim, self.names, self.functions)
        return self._on_reported[claim.id]

    @cached_property
    def _on_reported(self) -> dict[str, tuple[int, int, str]]:
        return {}

    def table(self, protocol: str) -> Table:
        """Our cells under one protocol."""
        return self._tables[protocol]

    @cached_property
    def _tables(self) -> dict[str, Table]:
        protocols = dict.fromkeys([*(group.protocol for group in self.groups), ""])
        return {
            protocol: Table(
                [group for group in self.groups if group.protocol == protocol],
                self.metrics,
                self.stand_ins,
                self.training,
            )
            for protocol in protocols
        }


def load_analysis(
    paper_id: str,
    scale: str,
    results: str | Path,
    model: str | None = None,
    stands_in_for: str | None = None,
    recorded: Mapping[str, dict] | None = None,
) -> Analysis:
    """The analysis of a results folder, from the scores in it.

    `papers/<id>/analyze.py` gives METRICS (name -> Metric), ITEMS, groups(folder, settings) for the
    scores of one model, perhaps common_groups(folder, settings) for those of none, tables(cells)
    where a table for each item is not what is shown, the functions that claims name and, where
    something is trained, training(method). model: the user's own model, if the run used one.
    recorded: the settings of each model as the run recorded them, in place of today's.
    """
    paper = load_paper(paper_id)
    scores = Path(results) / "scores"
    if not scores.is_dir():
        raise UserError(f"{scores}: no such folder; expected the scores of {paper_id}")
    if recorded:
        models = [recorded_settings(paper_id, values) for values in recorded.values()]
    else:
        models = models_in(paper_id, scale, scores, model, stands_in_for)
    analyze = importlib.import_module(f"papers.{paper_id}.analyze")
    views = [declared.view(each, f"papers.{paper_id}.analyze") for each in models]
    try:
        groups = [group for each in views for group in analyze.groups(scores / each.name, each)]
        if hasattr(analyze, "common_groups"):
            groups += analyze.common_groups(scores, views[0])
    except KeyError as error:
        raise UserError(
            f"{scores}: no {error} there; expected by papers.{paper_id}.analyze"
        ) from None
    named = {claim.function for claim in paper.claims if claim.function}
    return Analysis(
        paper=paper,
        scale=scale,
        stand_ins=StandIns(
            models={each.name: each.stands_in_for for each in models if each.stands_in_for},
            datasets=models[0].stand_ins,
        ),
        reported=read_reported(paper_id),
        groups=groups,
        items=analyze.ITEMS,
        metrics=analyze.METRICS,
        functions={name: getattr(analyze, name) for name in named if hasattr(analyze, name)},
        training=getattr(analyze, "training", untrained),
        tables=getattr(analyze, "tables", markdown_tables),
        models=models,
    )


def models_in(
    paper_id: str,
    scale: str,
    scores: Path,
    model: str | None = None,
    stands_in_for: str | None = None,
) -> list[ScaleSettings]:
    """The models of a scale whose scores are all in a folder; the results of one model may have
    been added to those of others. Raises `UserError` if there is none."""
    every = load_models(paper_id, scale, model, stands_in_for)
    missing = {each.name: each.missing(scores) for each in every}
    if found := [each for each in every if each.scores() and not missing[each.name]]:
        return found
    lacking = "; ".join(f"{name} lacks {paths[0]}" for name, paths in missing.items() if paths)
    raise UserError(f"{scores}: no model has all of its scores there: {lacking}")
