"""The figures of CenterBench from a few made-up cells."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from papers.center_bench import analyze, figures
from shared.comparison.cells import COLUMNS
from shared.files import atomic
from shared.plots import charts, style

MODELS = [("tiny", ""), ("tiny", "thinking"), ("Oracle parser", "")]
LABELS = ["tiny", "tiny, thinking", "Oracle parser"]


def cell(item, metric, dataset, value, model=MODELS[0], protocol="corrected"):
    return (item, *model, dataset, metric, protocol, value, value - 5, value + 7, 40, 1, 1, "%")


def whole():
    cells = []
    for place, model in enumerate(MODELS):
        for protocol in figures.SCORERS:
            shift = 10 * place + 3 * (protocol == "official")
            for parts, names in (
                ("level", [f", level {level}" for level in analyze.LEVELS]),
                ("type", [f", {kind}" for kind in analyze.TYPES]),
            ):
                for step, name in enumerate(names):
                    for subset in analyze.WHOLE:
                        value = 60 - 5 * step + shift
                        of = (f"accuracy_by_{parts}", "accuracy", subset + name, value)
                        cells.append(cell(*of, model, protocol))
                    for gap in analyze.GAPS:
                        of = (f"gap_by_{parts}", "gap", gap + name, 4 * step - 12 + shift)
                        cells.append(cell(*of, model, protocol))
    for protocol, wrong in (("corrected", 0), ("official", 97.2)):
        for prefix in ("CenterBench", "CenterBench plausible"):
            right = f"{prefix}, causal_sequence, right: past tense, joined by commas"
            reversed_roles = f"{prefix}, chain_consequence, wrong: roles reversed"
            prepared = (analyze.PREPARED, "")
            cells.append(cell("scorer_audit", "accepted", right, 90, prepared, protocol))
            cells.append(
                cell("scorer_audit", "accepted", reversed_roles, wrong, prepared, protocol)
            )
    counted = cell("official_data", "questions", "CenterBench", 9720, (analyze.RELEASED, ""))
    return data([*cells, counted])


def small(source="CenterBench"):
    """The strict scorer's cells of one source: few panels, as drawing takes its time."""
    rows = whole().cells.itertuples(index=False)
    return data(r for r in rows if r.protocol == "corrected" and r.dataset.startswith(source))


def data(cells):
    return figures.Data("cpu", pd.DataFrame(list(cells), columns=COLUMNS))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def titles(fig):
    return [axes.get_title(loc="left") for axes in fig.axes]


def shared_legend(fig):
    return [text.get_text() for text in fig.legends[0].get_texts()]


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(tmp_path):
    drawn = figures.draw_all(small(), tmp_path / "one")
    assert drawn == list(figures.FIGURES)
    captions = json.loads((tmp_path / "one" / "captions.json").read_text())
    assert list(captions) == drawn and all(captions.values())
    names = {f"{name}.{ending}" for name in drawn for ending in ("png", "pdf")}
    assert {path.name for path in (tmp_path / "one").glob("[!.]*")} == names | {"captions.json"}
    figures.draw_all(small(), tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_figure_without_cells_is_left_out_and_said(tmp_path, capsys):
    with atomic(tmp_path / "figures") as folder:
        folder.mkdir()
        (folder / "scorer_audit.png").write_text("of an earlier run")
    drawn = figures.draw_all(small("Generated"), tmp_path / "figures")
    assert drawn == ["accuracy_by_level", "gap_by_level", "gap_by_type", "accuracy_by_type"]
    assert not (tmp_path / "figures" / "scorer_audit.png").exists()
    assert "scorer_audit: not drawn" in capsys.readouterr().err


def test_models_are_those_that_answered():
    assert whole().models == LABELS


def test_accuracy_by_level_has_a_row_a_scorer_and_a_column_a_subset():
    fig = figures.accuracy_by_level(whole())
    drawn = [axes for axes in fig.axes if axes.get_title(loc="left")]
    centre = ["CenterBench, plausible", "CenterBench, implausible"]
    ours = [f"Generated, {subset}" for subset in analyze.SUBSETS["Generated"]]
    assert [axes.get_title(loc="left") for axes in drawn] == 2 * centre + 2 * ours
    labels = [axes.get_ylabel() for axes in drawn if axes.get_ylabel()]
    assert [label.partition("\n")[2] for label in labels] == 2 * [
        "strict scorer",
        "official scorer",
    ]
    assert shared_legend(fig) == LABELS
    strict, official = fig.axes[0].containers[0], fig.axes[3].containers[0]
    assert strict.lines[0].get_ydata().tolist() == [60, 55, 50, 45, 40, 35]
    assert official.lines[0].get_ydata().tolist() == [63, 58, 53, 48, 43, 38]


def test_a_source_that_was_not_asked_has_no_row():
    generated = [row for row in whole().cells.itertuples(index=False) if "Gen" in row.dataset]
    assert {
        title.partition(",")[0] for title in titles(figures.accuracy_by_level(data(generated)))
    } == {"Generated"}


def test_a_model_without_numbers_is_no_line():
    cells = [row for row in whole().cells.itertuples(index=False)]
    asked = [row for row in cells if row.method == "" or "level 2" not in row.dataset]
    only = [row for row in asked if row.method == "" or "CenterBench" in row.dataset]
    fig = figures.gap_by_level(data(only))
    by_title = dict(zip(titles(fig), fig.axes, strict=False))
    lines = [bars.get_label() for bars in by_title["Generated, plausible − implausible"].containers]
    assert lines == ["tiny", "Oracle parser"]
    thinking = by_title["CenterBench, plausible − implausible"].containers[1].lines[0].get_ydata()
    assert np.isnan(thinking[1]) and not np.isnan(thinking[2])


def test_gap_by_level_has_a_column_for_each_gap_and_shows_zero():
    fig = figures.gap_by_level(whole())
    assert titles(fig) == 2 * list(figures.GAP_TITLES.values())
    first = fig.axes[0]
    assert first.containers[0].lines[0].get_ydata().tolist() == [-12, -8, -4, 0, 4, 8]
    zero = [line for line in first.lines if set(line.get_ydata()) == {0}]
    assert len(zero) == 1
    assert fig.axes[3].get_ylabel() == "Gap (points)\nofficial scorer"


def test_gap_by_type_has_bars_on_both_sides_of_zero_with_room_for_all_whiskers():
    fig = figures.gap_by_type(whole())
    assert len(fig.axes) == 6 and titles(fig)[3].endswith("official scorer")
    bars = fig.axes[0].containers
    heights = [bar.get_height() for bar in next(b for b in bars if hasattr(b, "patches"))]
    assert heights == [-12, -8, -4, 0, 4, 8]
    for axes in fig.axes:
        low, high = axes.get_ylim()
        assert low < -12 - 5 and high > 8 + 20 + 3 + 7
    names = [text.get_text() for text in fig.axes[0].get_xticklabels()]
    assert names == ["action", "agent", "count", "nested", "causes", "consequence"]


def test_accuracy_by_type_does_not_join_the_types():
    fig = figures.accuracy_by_type(whole())
    assert {bars.lines[0].get_linestyle() for bars in fig.axes[0].containers} == {"None"}


def test_scorer_audit_sets_the_official_scorer_beside_the_strict_one():
    fig = figures.scorer_audit(whole())
    right, wrong = fig.axes
    assert titles(fig) == [
        "Right answers: all should be accepted",
        "Wrong answers: none should be accepted",
    ]
    assert [text.get_text() for text in wrong.get_yticklabels()] == [
        "chain_consequence: roles reversed"
    ]
    assert [text.get_text() for text in right.get_yticklabels()] == [
        "causal_sequence: past tense, joined by commas"
    ]
    strict, official = wrong.containers
    assert [bar.get_width() for bar in strict] == [0]
    assert [bar.get_width() for bar in official] == [97.2]
    assert [bar.get_hatch() for bar in (*strict, *official)] == [None, charts.OFFICIAL_HATCH]
    assert [text.get_text() for text in wrong.texts] == ["0.0", "97.2"]


def test_prepared_answers_stand_in_the_order_of_the_types():
    made = [
        cell("scorer_audit", "accepted", f"CenterBench, {kind}, right: told", 90, ("Prepared", ""))
        for kind in reversed(analyze.TYPES)
    ]
    (axes,) = figures.scorer_audit(data(made)).axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == [f"{kind}: told" for kind in analyze.TYPES]


def test_the_figure_says_which_models_were_asked(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(style, "subject", lambda fig, text: said.append(text))
    figures.draw_all(small(), tmp_path / "figures")
    models, scorers = "tiny; tiny, thinking; Oracle parser", "both scorers"
    assert said == [f"CenterBench, scale cpu: {what}" for what in (*[models] * 4, scorers)]
