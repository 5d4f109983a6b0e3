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
from shared.comparison.reported import read_reported
from shared.comparison.table import Table, untrained
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.settings import Claim, Paper, StandIns, load_paper, load_settings, recorded_settings


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
    recorded: dict | None = None,
) -> Analysis:
    """The analysis of a results folder, from the scores in it.

    `papers/<id>/analyze.py` gives METRICS (name -> Metric), ITEMS, groups(scores folder, settings),
    tables(cells), the functions that claims name and, where something is trained, training(method);
    the settings give stand_ins.
    `model`: the user's own model, if the run used one. `recorded`: the settings of the run, in
    place of today's.
    """
    paper = load_paper(paper_id)
    settings = (
        recorded_settings(paper_id, recorded) if recorded else load_settings(paper_id, scale, model)
    )
    scores = Path(results) / "scores"
    if not scores.is_dir():
        raise UserError(f"{scores}: no such folder; expected the scores of {paper_id}")
    analyze = importlib.import_module(f"papers.{paper_id}.analyze")
    try:
        groups = analyze.groups(scores, settings)
    except KeyError as error:
        raise UserError(
            f"{scores}: no {error} there; expected by papers.{paper_id}.analyze"
        ) from None
    named = {claim.function for claim in paper.claims if claim.function}
    return Analysis(
        paper=paper,
        scale=scale,
        stand_ins=settings.stand_ins,
        reported=read_reported(paper_id),
        groups=groups,
        items=analyze.ITEMS,
        metrics=analyze.METRICS,
        functions={name: getattr(analyze, name) for name in named if hasattr(analyze, name)},
        training=getattr(analyze, "training", untrained),
        tables=analyze.tables,
    )
