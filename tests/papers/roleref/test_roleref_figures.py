"""The figures of RoleRef from made-up scores of one model and of two."""

import json

import pytest
from matplotlib import pyplot as plt

from papers.roleref import analyze, figures
from shared.comparison.analysis import load_analysis
from shared.comparison.cells import cells
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import load_settings
from tests.papers.roleref.conftest import LAST, SETTINGS, write_scores


def test_all_figures_are_drawn(analysis, found, folder, tmp_path):
    results = Results(analysis, found, folder, (SETTINGS.name,))
    opened = plt.get_fignums()  # by tests before this one
    names = draw_all("roleref", results, tmp_path / "figures")
    assert names == list(drawings(figures)) and len(names) == 10
    captions = json.loads((tmp_path / "figures" / "captions.json").read_text())
    assert list(captions) == names
    assert plt.get_fignums() == opened
    lines = figures.figure2(results)
    ours = {line.get_label(): line.get_ydata() for line in lines.axes[0].get_lines()}
    assert list(ours["contextual"]) == [pytest.approx(87.5)] * (LAST + 1)
    assert lines.axes[2].get_title(loc="left") == "Paper, Llama-3.1-8B (digitised)"
    kept = figures.keeping(results).axes  # all replies are readable, which says nothing
    assert [axes.get_title(loc="left") for axes in kept] == ["In the role", "Right"]
    for axes, highest in zip(kept, (87.5, 37.5), strict=True):
        assert axes.get_ylim()[1] > highest  # no bar is cut off
    bars = figures.main(results)
    heights = [bar.get_height() for bar in bars.axes[0].containers[0]]
    assert heights[:3] == [0, 50, 25]  # prompting: answerable, out_series, context_conflict
    plt.close("all")


def test_the_papers_probes_stand_beside_ours(analysis, found, folder):
    """Of Llama-3.1-8B-Instruct: 87, 100 and 55 % after FT; 86 % of answerable questions before."""
    results = Results(analysis, found, folder, (SETTINGS.name,))
    fig = figures.probe_by_method(results)
    marks = next(line for line in fig.axes[0].get_lines() if line.get_marker() == "D")
    assert {87, 100, 55} <= set(marks.get_ydata())
    assert [text.get_text() for text in fig.legends[0].get_texts()][-1] == "the paper"
    squares = figures.transfer(results).axes[0]
    names = [label.get_text() for label in squares.get_xticklabels()]
    assert names[:4] == ["answerable", "role\nsetting", "role\nprofile", "factual"]
    assert squares.texts[2 * len(names)].get_text().endswith("\n◇ 86")
    plt.close("all")


def test_where_nearly_all_replies_keep_everything_nothing_is_drawn(analysis, found, folder):
    rates = found["metric"].isin(["in_role_rate", "readable_rate", "right_rate"])
    kept = found.assign(value=found["value"].where(~rates, 96.0))
    assert figures.keeping(Results(analysis, kept, folder, (SETTINGS.name,))) is None


PAPERS_OWN = ("Llama-3.1-8B-Instruct", "Mistral-7B-Instruct")


@pytest.fixture(scope="module")
def two_models(tmp_path_factory):
    """The results of two of the paper's four models."""
    folder = tmp_path_factory.mktemp("two")
    for name in PAPERS_OWN:
        write_scores(folder, load_settings("roleref", "paper", name))
    analysis = load_analysis("roleref", "paper", folder)
    found = cells(analysis.groups, analyze.ITEMS, analyze.METRICS, analysis.stand_ins)
    return Results(analysis, found, folder, PAPERS_OWN)


def test_of_two_models_each_has_a_row_or_a_figure_of_its_own(two_models, tmp_path):
    names = draw_all("roleref", two_models, tmp_path / "figures")
    rows = {"figure2", "probe_by_method", "main", "keeping"}
    apart = {"transfer", "figure3", "figure10", "pca", "regions", "sweep"}
    assert set(names) == rows | {f"{name}_{model}" for name in apart for model in PAPERS_OWN}
    titles = [axes.get_title(loc="left") for axes in figures.figure2(two_models).axes]
    assert titles[0] == "Llama-3.1-8B-Instruct: Ours, linear, cross-validated"
    assert titles[2::3] == [
        "Paper, Llama-3.1-8B (digitised)",
        "Paper, Mistral-7B (digitised)",
    ]
    assert [axes.get_title(loc="left") for axes in figures.main(two_models).axes] == list(
        PAPERS_OWN
    )
    plt.close("all")
