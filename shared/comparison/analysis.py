"""What a paper's `analyze.py` and `paper.yaml` give to the comparison, in one place."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from shared.comparison.cells import Item
from shared.comparison.estimates import DRAWS
from shared.comparison.findings import Finding
from shared.comparison.groups import Group
from shared.comparison.reported import read_reported
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.settings import Paper, StandIns, load_paper, load_settings, recorded_settings


@dataclass(frozen=True)
class Analysis:
    paper: Paper
    scale: str
    stand_ins: StandIns
    reported: pd.DataFrame  # of `read_reported`
    groups: Sequence[Group]
    items: Sequence[Item]
    metrics: Mapping[str, Metric]
    functions: Mapping[str, Callable[[pd.DataFrame], Finding]]  # of claims, by name
    draws: int = DRAWS
    tables: Callable[[pd.DataFrame], Mapping[str, str]] = lambda cells: {}  # Markdown by name


def load_analysis(
    paper_id: str,
    scale: str,
    results: str | Path,
    model: str | None = None,
    recorded: dict | None = None,
) -> Analysis:
    """The analysis of a results folder, from the scores in it.

    `papers/<id>/analyze.py` gives METRICS (name -> Metric), ITEMS, groups(scores folder, settings),
    tables(cells) and the functions that claims name; the settings give stand_ins and draws.
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
        draws=settings.draws,
        tables=analyze.tables,
    )
