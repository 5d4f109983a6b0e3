"""A paper's printed numbers meet ours: at scale `paper` a cell equal to the printed one matches it.

The cells are made under the names that a run gives them: the models of the scale, and the methods,
data sets and metrics that the paper's ITEMS list. Where these differ from those of reported.csv by
as much as a hyphen, nothing would ever be compared.
"""

import importlib

import pandas as pd
import pytest

from shared.comparison.cells import COLUMNS
from shared.comparison.compare import compare
from shared.comparison.csv_files import typed
from shared.comparison.reported import own_numbers, read_reported
from shared.settings import StandIns, load_models, load_paper, model_names, paper_ids

# Printed names of models that are in no table of models: a row of all, of people, of counts, of the
# released files themselves.
NO_MODEL = {"", "Released files"}

# Printed numbers, by item, that no run can have a cell for. paper.yaml says why, as `unavailable`.
WITHOUT_CELL = {
    "center_bench": {"median_gap": 1},  # of the largest of six models
    "forbidden_science": {"abstract_consistency": 2},
    "resa": {"table1": 12, "table5": 8, "table12": 9},
}

# Of Refusal Tokens no printed number is known.
PRINTING = [paper for paper in paper_ids() if len(own_numbers(read_reported(paper)))]


@pytest.fixture(scope="module", params=PRINTING)
def paper(request):
    return request.param


def beside(paper):
    """The printed numbers that a complete run at scale `paper` has a cell for."""
    printed = own_numbers(read_reported(paper))
    analyze = importlib.import_module(f"papers.{paper}.analyze")
    named = {
        (item.item, metric, method)
        for item in analyze.ITEMS
        for metric in item.metrics
        for method in item.methods
    }
    keys = zip(printed["item"], printed["metric"], printed["method"], strict=True)
    ours = printed["model"].isin({*model_names(paper, "paper"), *NO_MODEL})
    return printed[pd.Series([key in named for key in keys], printed.index) & ours]


def test_the_numbers_without_a_cell_are_those_that_are_known_to_have_none(paper):
    printed = own_numbers(read_reported(paper))
    without = printed.drop(beside(paper).index)
    assert without["item"].value_counts().to_dict() == WITHOUT_CELL.get(paper, {})
    for row in without.itertuples():
        assert any(each.covers(row, "paper") for each in load_paper(paper).unavailable), row


def test_a_cell_with_the_printed_value_matches(paper):
    printed = beside(paper)
    assert len(printed), "no printed number has a cell of a model of scale paper"
    models = load_models(paper, "paper")
    cells = printed[["item", "model", "method", "dataset", "metric", "unit"]].assign(
        protocol="corrected",
        value=printed["number"],
        ci_low=printed["number"],
        ci_high=printed["number"],
        n=100,
        coverage=1.0,
        seeds=3,
    )
    stand_ins = StandIns(
        models={each.name: each.stands_in_for for each in models if each.stands_in_for},
        datasets=models[0].stand_ins,
    )
    made = compare(
        load_paper(paper), "paper", stand_ins, read_reported(paper), typed(cells[COLUMNS])
    )
    met = made[made["our_model"].isin([*cells["model"]]) & made["value"].notna()]
    assert len(met) == len(cells)
    assert set(met["verdict"]) == {"match"}, met[met["verdict"] != "match"].to_string()


def test_nothing_of_the_paper_stands_in_for_itself(paper):
    models = load_models(paper, "paper")
    assert [each.name for each in models if each.stands_in_for] == []
    # A data set of the paper's is that one; what stands in has a name of its own.
    printed = {*own_numbers(read_reported(paper))["dataset"]}
    assert printed.isdisjoint(models[0].stand_ins)
