"""The paper's own numbers beside ours."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.comparison.cells import COLUMNS
from shared.plots import charts
from shared.plots.printed import beside, mark
from shared.plots.results import Results, bars, squares
from shared.settings import StandIns

LLAMA = ["table1", "Llama", "A", "ParaRel", "ap"]


def cell(method, dataset, value, protocol="corrected", item="table1"):
    return (
        item,
        "tiny",
        method,
        dataset,
        "ap",
        protocol,
        value,
        value - 1,
        value + 1,
        9,
        1,
        1,
        "%",
    )


@pytest.fixture
def results(tmp_path):
    """Of a model that stands in for Llama on facts, which stand in for ParaRel. The paper prints
    method A on ParaRel, B on a set that we lack, and quotes C from another paper."""
    printed = [
        (*LLAMA, "93.2", "paper", 93.2),
        ("table1", "Llama", "B", "MMLU", "ap", "24.1", "paper", 24.1),
        ("table1", "Llama", "C", "ParaRel", "ap", "50.0", "secondary", 50.0),
    ]
    names = ["item", "model", "method", "dataset", "metric", "value", "source", "number"]
    analysis = SimpleNamespace(
        stand_ins=StandIns(models={"tiny": "Llama"}, datasets={"Facts": "ParaRel"}),
        reported=pd.DataFrame(printed, columns=names),
        models=[SimpleNamespace(name="tiny")],
    )
    cells = [cell(method, "Facts", 40) for method in "ABC"]
    cells += [cell("A", "Facts", 41, "official"), cell("A", "Facts", 42, item="table2")]
    return Results(analysis, pd.DataFrame(cells, columns=COLUMNS), tmp_path, ("tiny",))


def test_a_printed_number_is_found_under_our_names_where_we_have_a_cell(results):
    """Once, though the cell is there under two protocols."""
    assert results.printed("table1", "ap").to_dict() == {("A", "Facts"): 93.2}
    by = ("model", "method", "dataset")
    assert results.printed("table1", "ap", by).to_dict() == {("tiny", "A", "Facts"): 93.2}
    assert results.printed("table2", "ap").empty and results.printed("table1", "ece").empty


def test_a_bar_has_one_mark_at_the_printed_number_and_room_for_it(results, axes):
    cells = results.of("table1", "ap", "corrected")
    series = {"A": "#111111", "B": "#222222"}
    places = bars(axes, cells, series, ["Facts"], "AP", results.printed("table1", "ap"))
    drawn, explained = (line for line in axes.lines if line.get_marker() == "D")
    assert drawn.get_xydata().tolist() == [[places[0, 0], 93.2]]
    assert drawn.get_markerfacecolor() == explained.get_markerfacecolor() == "white"
    assert axes.get_ylim()[1] > 93.2
    charts.shared_legend(axes.figure, columns=5)
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == [
        "A",
        "B",
        "the paper",
    ]


def test_the_number_of_a_bar_stands_clear_of_a_mark(axes):
    """Above it where the mark would hide it, and else right above the bar."""
    marks = np.array([[52.0, 80.0, np.nan]])
    charts.grouped_bars(
        axes, [[50, 50, 50]], None, groups="abc", series=["A"], colours=["red"], marks=marks
    )
    hit, *others = (text.xy[1] for text in axes.texts)
    assert hit > 52 and others == [50, 50]


def test_a_square_has_the_printed_number_below_ours(results, axes):
    cells = results.of("table1", "ap", "corrected")
    printed = results.printed("table1", "ap")
    squares(axes, cells, ["A", "B"], ["Facts"], printed=printed)
    assert [text.get_text() for text in axes.texts] == ["40\n◇ 93", "40"]
    assert axes.get_legend_handles_labels()[1] == ["the paper"]


def test_where_nothing_is_printed_nothing_is_marked_or_explained(results, axes):
    mark(axes, np.array([0, 1]), np.array([np.nan, np.nan]))
    squares(axes, results.of("table1", "ap", "corrected"), ["B"], ["Facts"],
            printed=results.printed("table2", "ap"))  # fmt: skip
    assert not axes.lines and not axes.get_legend_handles_labels()[1]
    assert beside("40", np.nan) == "40"
