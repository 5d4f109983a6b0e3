"""What the line under a figure, and the title of a panel, say it is of."""

from types import SimpleNamespace

import pandas as pd
import pytest

from shared.plots.results import Results


@pytest.fixture
def results(tmp_path):
    analysis = SimpleNamespace(
        models=[SimpleNamespace(name="llama"), SimpleNamespace(name="smol")],
        stand_ins=SimpleNamespace(models={"smol": "Llama-7B"}),
        paper=SimpleNamespace(name="ReSA"),
        scale="cpu",
    )
    cells = pd.DataFrame({"model": ["llama", "smol"]})
    return Results(analysis, cells, tmp_path, ("llama", "smol"))


def test_models_are_named_where_a_figure_says_nothing_else(results):
    assert results.subject() == "ReSA, scale cpu: llama; smol, a stand-in for Llama-7B"
    assert results.subject("replies") == "ReSA, scale cpu: replies"


def test_a_figure_of_one_of_several_models_says_which(results):
    shown = results.only("smol").subject("replies", each_model=True)
    assert shown == "ReSA, scale cpu: replies; smol, a stand-in for Llama-7B"


def test_a_figure_of_the_only_model_says_what_it_is_of(results):
    results.analysis.models.pop()
    assert results.only("llama").subject("replies", each_model=True) == "ReSA, scale cpu: replies"


def test_a_panel_names_its_model_where_there_are_several(results):
    assert results.titled("smol", "Ours") == "smol: Ours" and results.titled("smol") == "smol"
    assert results.only("smol").titled("smol", "Ours") == "Ours"
    assert results.only("smol").titled("smol") == ""
