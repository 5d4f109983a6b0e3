"""The figures from cells worked by hand: every one is drawn, and holds what the cells say."""

import json
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from papers.resa import analyze, figures
from papers.resa.test_sets import size_name
from shared.comparison.cells import COLUMNS
from shared.comparison.csv_files import typed
from shared.comparison.reported import read_reported
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import StandIns, load_paper, load_settings

SMOKE = load_settings("resa", "smoke")
METHODS = [analyze.BASE, analyze.POST_HOC, analyze.WJ, analyze.RESA, analyze.REINFORCED]
FIGURES = ["attacks", "pareto", "figure4", "judges", "checks", "reward"]


def cell(item, method, dataset, metric, value, unit=""):
    return (
        item,
        SMOKE.name,
        method,
        dataset,
        metric,
        "corrected",
        value,
        value - 0.1,
        value + 0.1,
        7,
        1,
        1,
        unit,
    )


def results(cells, folder, models=(SMOKE,), stands_in_for=None):
    analysis = SimpleNamespace(
        paper=load_paper("resa"),
        scale="smoke",
        stand_ins=StandIns(
            models={SMOKE.name: stands_in_for} if stands_in_for else {}, datasets=SMOKE.stand_ins
        ),
        reported=read_reported("resa"),
        groups=[],
        models=list(models),
    )
    return Results(analysis, cells, folder, tuple(each.name for each in models))


@pytest.fixture
def data(tmp_path):
    rows = []
    for place, method in enumerate(METHODS):
        for dataset in ("House rules, None", "House rules, PAP+Prefilling", "All attacks"):
            rows += [
                cell("defence_by_judge", method, dataset, metric, 0.1 * (place + 1))
                for metric in ("dsr", *analyze.JUDGES)
            ]
        rows.append(cell("over_refusal", method, "All benign", "over_refusal_accuracy", 50.0, "%"))
    for method in (analyze.RESA, analyze.REINFORCED):
        for metric in ("well_formed", "check_jailbreak_rate"):
            rows.append(cell("checks", method, "Attacks of Table 13", metric, 40.0, "%"))
        rows.append(cell("checks", method, "Attacks of Table 13", "summary_safety", 0.2))
    for metric in ("safety", "over_refusal", "reasoning"):
        for variant, value in (("resa-sft-16", 0.3), ("resa-sft", 0.6)):
            size = size_name(SMOKE.variants[variant])
            rows.append(cell("figure4", analyze.RESA, size, metric, value))
        rows.append(cell("figure4", analyze.BASE, "no data", metric, 0.0))
    curve = [dict.fromkeys(("reward", *figures.PARTS), 0.1 * step) for step in range(3)]
    record = tmp_path / "runs" / SMOKE.name / "train-resa-rl-s0.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"training": {"curve": curve}}))
    cells = typed(pd.DataFrame(rows, columns=COLUMNS))
    return results(cells, tmp_path)


def test_every_figure_is_drawn_with_a_caption(data, tmp_path):
    assert draw_all("resa", data, tmp_path / "figures") == list(drawings(figures)) == FIGURES
    captions = json.loads((tmp_path / "figures" / "captions.json").read_text())
    assert set(captions) == set(FIGURES)
    assert all((tmp_path / "figures" / f"{name}.png").stat().st_size > 5000 for name in FIGURES)


def test_figures_of_several_models_are_drawn_one_by_one_and_name_theirs(data, tmp_path):
    """Only the curves of the reward stand side by side."""
    twin = SMOKE.model_copy(update={"name": "twin"})
    record = tmp_path / "runs" / SMOKE.name / "train-resa-rl-s0.json"
    (tmp_path / "runs" / "twin").mkdir()
    (tmp_path / "runs" / "twin" / record.name).write_text(record.read_text())
    cells = pd.concat([data.cells, data.cells.assign(model="twin")], ignore_index=True)
    both = results(cells, tmp_path, (SMOKE, twin))
    drawn = draw_all("resa", both, tmp_path / "figures")
    names = [f"{name}_{m}" for name in FIGURES[:-1] for m in (SMOKE.name, "twin")]
    assert drawn == [*names, "reward"]
    fig = figures.attacks(both.only("twin"))
    assert len(texts(fig.axes[0])) == 2 * 3 * len(METHODS)
    plt.close(fig)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_attacks_are_squares_in_percent(data):
    fig = figures.attacks(data)
    (axes,) = fig.axes
    rows = [row for method in METHODS for row in (method, f"{method}, prefilled")]
    assert [label.get_text() for label in axes.get_yticklabels()] == rows
    assert [label.get_text() for label in axes.get_xticklabels()] == ["None", "PAP", "All attacks"]
    value = lambda place: str(10 * (place + 1))  # noqa: E731
    assert texts(axes) == [
        text
        for place in range(len(METHODS))
        for text in (value(place), "", value(place), "", value(place), "")
    ]
    plt.close(fig)


def test_the_papers_dsr_stands_below_ours(data, tmp_path):
    """Table 2 of Llama3.1-8B-Instruct: 0.9968 without an attack."""
    own = [cell("table2", analyze.BASE, "House rules, None", "dsr", 0.1)]
    cells = pd.concat([data.cells, typed(pd.DataFrame(own, columns=COLUMNS))])
    fig = figures.attacks(results(cells, tmp_path, stands_in_for="Llama3.1-8B-Instruct"))
    assert texts(fig.axes[0])[0] == "10\n◇ 100"
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["the paper"]
    plt.close(fig)


def test_the_caption_names_only_attacks_that_have_a_column(data):
    assert "nobody" not in figures.attacks.drawing.caption_of(data)
    cells = data.cells.replace({"House rules, None": "House rules, DeepInception"})
    told = figures.attacks.drawing.caption_of(replace(data, cells=cells))
    assert " DeepInception is in nobody's training data. Prefilled" in told
    cells = cells.replace({"All attacks": "House rules, Role-play"})
    told = figures.attacks.drawing.caption_of(replace(data, cells=cells))
    assert " DeepInception and Role-play are in nobody's training data. Prefilled" in told


def test_pareto_puts_over_refusal_against_safety(data):
    fig = figures.pareto(data)
    lines = {c.get_label(): c.lines[0].get_xydata()[0].tolist() for c in fig.axes[0].containers}
    assert lines[analyze.RESA] == pytest.approx([50, 40])
    assert lines[analyze.BASE] == pytest.approx([50, 10])
    plt.close(fig)


def test_figure_4_has_our_curve_above_the_papers(data):
    fig = figures.figure4(data)
    ours = fig.axes[0].containers[0].lines[0].get_ydata().tolist()
    theirs = fig.axes[3].containers[0].lines[0].get_ydata().tolist()
    assert ours == pytest.approx([30, 60])
    assert theirs == pytest.approx([88, 89, 92, 92, 94])
    plt.close(fig)


def test_what_was_not_run_is_not_drawn(data):
    nothing = replace(data, cells=data.cells.iloc[:0])
    for name in ("attacks", "pareto", "judges", "checks"):
        assert getattr(figures, name)(nothing) is None
