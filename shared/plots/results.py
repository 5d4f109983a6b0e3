"""What figures are drawn from: the results of a paper at a scale."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from shared.comparison.analysis import Analysis, load_analysis
from shared.comparison.cells import read_cells
from shared.comparison.groups import Group
from shared.comparison.reported import own_numbers
from shared.comparison.scores import read_scores
from shared.files import read_json
from shared.plots import charts
from shared.plots.printed import beside, explain
from shared.plots.words import Words
from shared.runner import declared
from shared.settings import ScaleSettings

NUMBERS = ["value", "ci_low", "ci_high"]


@dataclass(frozen=True)
class Results:
    """cells: as in cells.csv. reported: of `read_reported`. models: those with results, in the
    order of tables. folder: results/<scale>/<paper>."""

    analysis: Analysis
    cells: pd.DataFrame
    folder: Path
    models: tuple[str, ...]

    @property
    def reported(self) -> pd.DataFrame:
        return self.analysis.reported

    @property
    def groups(self) -> list[Group]:
        """Of all models here, and of what belongs to none."""
        others = {each.name for each in self.analysis.models} - {*self.models}
        return [group for group in self.analysis.groups if group.model not in others]

    @cached_property
    def settings(self) -> ScaleSettings:
        """Of the first model."""
        return self.settings_of(self.models[0])

    def settings_of(self, model: str) -> ScaleSettings:
        found = next(each for each in self.analysis.models if each.name == model)
        return declared.view(found, f"papers.{self.analysis.paper.id}.figures")

    def only(self, model: str) -> "Results":
        """The same of one model: without the cells of the others."""
        others = {*self.models} - {model}
        return replace(self, cells=self.cells[~self.cells["model"].isin(others)], models=(model,))

    def of(
        self,
        item: str,
        metric: str,
        protocol: str | None = None,
        by: Sequence[str] = ("method", "dataset"),
    ) -> pd.DataFrame:
        """value, ci_low, ci_high and n of the cells of an item and metric, indexed by `by`."""
        own = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        own = own if protocol is None else own[own["protocol"] == protocol]
        own = own.assign(n=own["n"].fillna(0).astype(int))
        return own.set_index(list(by))[[*NUMBERS, "n"]]

    def printed(
        self, item: str, metric: str, by: Sequence[str] = ("method", "dataset")
    ) -> pd.Series:
        """The numbers that the paper itself prints of an item and metric and that have a cell of
        ours beside them, indexed by `by` under our names of its models and data sets."""
        key = ["model", "method", "dataset"]
        own = own_numbers(self.reported)
        own = own[(own["item"] == item) & (own["metric"] == metric)].set_index(key)["number"]
        cells = self.cells[(self.cells["item"] == item) & (self.cells["metric"] == metric)]
        ours = cells[key].drop_duplicates()
        theirs = self.analysis.stand_ins
        names = ours.replace({"model": theirs.models, "dataset": theirs.datasets})
        found = ours.assign(number=own.reindex(pd.MultiIndex.from_frame(names)).to_numpy())
        return found.dropna(subset="number").set_index(list(by))["number"]

    @cached_property
    def words(self) -> Words:
        """Puts a name in the data into the words of a reader, for an axis or a legend."""
        return Words(self.analysis.paper)

    def scores(self, name: str, model: str | None = None, **needs: Iterable[str]) -> pd.DataFrame:
        """A score file of a model (the first), without its ending. `needs`: see `read_scores`."""
        path = self.folder / "scores" / (model or self.models[0]) / f"{name}.parquet"
        return read_scores(path, **needs)

    def record(self, step: str, model: str | None = None) -> dict:
        """What a step of a model (the first) recorded: `runs/<model>/<step>.json`."""
        return read_json(self.folder / "runs" / (model or self.models[0]) / f"{step}.json")

    def dataset(self, name: str) -> str:
        """Our name, with the paper's behind it where ours stands in for that."""
        paper = self.analysis.stand_ins.datasets
        return f"{name} (for {paper[name]})" if name in paper else name

    def titled(self, model: str, title: str = "") -> str:
        """The title of a panel, with its model before it where there are several."""
        return ": ".join(filter(None, [model if len(self.models) > 1 else "", title]))

    def subject(self, what: str | None = None, each_model: bool = False) -> str:
        """What a whole figure is of: paper, scale, `what`; and the models, where that says nothing
        or the figure shows each of several apart."""
        stands_for = self.analysis.stand_ins.models
        named = [
            f"{name}, a stand-in for {stands_for[name]}" if name in stands_for else name
            for name in self.models
        ]
        if what and each_model and len(self.analysis.models) > 1:
            named = [what, *named]
        elif what:
            named = [what]
        return f"{self.analysis.paper.name}, scale {self.analysis.scale}: {'; '.join(named)}"


def array(cells: pd.DataFrame, rows: Sequence[Hashable], columns: Sequence[Hashable]) -> np.ndarray:
    """(rows, columns, 3): value and interval of cells that are indexed by (row, column); NaN where
    there is none."""
    places = pd.MultiIndex.from_product([rows, columns])
    return cells[NUMBERS].reindex(places).to_numpy(float).reshape(len(rows), len(columns), 3)


def bars(
    axes: Axes,
    cells: pd.DataFrame,
    series: Mapping[str, str],
    groups: Mapping[str, str] | Sequence[str],
    label: str,
    printed: pd.Series | None = None,
    **options: object,
) -> np.ndarray:
    """Bars with intervals of cells that are indexed by (series, group), see `charts.grouped_bars`.

    series: name → colour. groups: name → label on the axis, or names. printed: the paper's own
    numbers, indexed as the cells, to be marked.
    """
    groups = groups if isinstance(groups, Mapping) else dict(zip(groups, groups, strict=True))
    numbers = array(cells, list(series), list(groups))
    return charts.grouped_bars(
        axes,
        numbers[..., 0],
        numbers[..., 1:],
        groups=list(groups.values()),
        series=list(series),
        colours=list(series.values()),
        marks=None if printed is None else _over(printed, list(series), list(groups)),
        label=label,
        **options,
    )


def squares(
    axes: Axes,
    cells: pd.DataFrame,
    rows: Sequence[str],
    columns: Mapping[str, str] | Sequence[str],
    limits: tuple[float, float] = (0, 100),
    digits: int = 0,
    printed: pd.Series | None = None,
) -> None:
    """Shaded squares of the values of cells that are indexed by (row, column), see
    `charts.matrix`. columns: name → label, or names. printed: the paper's own numbers, indexed as
    the cells, to stand below ours."""
    columns = columns if isinstance(columns, Mapping) else dict(zip(columns, columns, strict=True))
    values = array(cells, rows, list(columns))[..., 0]
    texts = np.array([["" if np.isnan(v) else f"{v:.{digits}f}" for v in row] for row in values])
    if printed is not None:
        theirs = _over(printed, rows, list(columns))
        theirs = np.where(np.isnan(values), np.nan, theirs)
        texts = np.vectorize(beside, otypes=[object])(texts, theirs, digits)
        if np.isfinite(theirs).any():
            explain(axes)
    charts.matrix(
        axes, values, texts, rows=list(rows), columns=list(columns.values()), limits=limits
    )


def _over(numbers: pd.Series, rows: Sequence[Hashable], columns: Sequence[Hashable]) -> np.ndarray:
    """(rows, columns) of numbers that are indexed by (row, column); NaN where there is none."""
    found = numbers.reindex(pd.MultiIndex.from_product([rows, columns]))
    return found.to_numpy(float).reshape(len(rows), len(columns))


def load_results(
    paper: str,
    scale: str,
    folder: str | Path,
    model: str | None = None,
    stands_in_for: str | None = None,
) -> Results:
    folder = Path(folder)
    analysis = load_analysis(paper, scale, folder, model, stands_in_for)
    models = tuple(each.name for each in analysis.models)
    return Results(analysis, read_cells(folder / "cells.csv"), folder, models)
