"""The figures of CenterBench from a few made-up cells."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from papers.center_bench import analyze, figures
from papers.center_bench.questions import READINGS
from shared.comparison.cells import COLUMNS
from shared.files import atomic
from shared.plots import style
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import StandIns, load_paper

MODELS = [("tiny", ""), ("tiny", "thinking"), ("Oracle parser", "")]
LABELS = ["tiny", "tiny, thinking", "Oracle parser"]
KINDS = [
    ("chain_consequence", False, "roles reversed"),
    ("causal_sequence", True, "past tense, joined by commas"),
]


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
    for place, metric in enumerate(analyze.FOLLOWS.values()):
        for name in analyze.by_level(analyze.WHOLE):
            of = ("readings_by_level", metric, name, 10.0 * place + int(name[-1]))
            cells += [cell(*of), cell(*of, MODELS[2])]
    for protocol, wrong in (("corrected", 0), ("official", 97.2)):
        for part in ("CenterBench", "CenterBench plausible"):
            for kind, value in zip(KINDS, (wrong, 90), strict=True):
                of = ("scorer_audit", "accepted", analyze.prepared(*kind, part), value)
                cells.append(cell(*of, (analyze.PREPARED, ""), protocol))
    counted = cell("official_data", "questions", "CenterBench", 9720, (analyze.RELEASED, ""))
    return [*cells, counted]


def small(source="CenterBench"):
    """The strict scorer's cells of one source: few panels, as drawing takes its time."""
    return [row for row in whole() if row[5] == "corrected" and row[3].startswith(source)]


@pytest.fixture
def results(tmp_path):
    """Results of made-up cells; `kinds` are the prepared answers in the scores."""

    def results(cells, kinds=KINDS):
        (tmp_path / "scores").mkdir(exist_ok=True)
        frame = pd.DataFrame(kinds, columns=["type", "right", "answer_kind"])
        frame.to_parquet(tmp_path / "scores" / "scorer_audit.parquet")
        analysis = SimpleNamespace(
            paper=load_paper("center_bench"), scale="cpu", stand_ins=StandIns(), groups=[],
            models=[SimpleNamespace(name="tiny")],
        )  # fmt: skip
        found = pd.DataFrame(list(cells), columns=COLUMNS)
        return Results(analysis, found, tmp_path, ("tiny",))

    return results


def draw(results, folder):
    return draw_all("center_bench", results, folder)


def titles(fig):
    return [axes.get_title(loc="left") for axes in fig.axes]


def shared_legend(fig):
    return [text.get_text() for text in fig.legends[0].get_texts()]


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(results, tmp_path):
    drawn = draw(results(small()), tmp_path / "one")
    assert drawn == list(drawings(figures)) and len(drawn) == 6
    captions = json.loads((tmp_path / "one" / "captions.json").read_text())
    assert list(captions) == drawn and all(captions.values())
    names = {f"{name}.{ending}" for name in drawn for ending in ("png", "pdf")}
    assert {path.name for path in (tmp_path / "one").glob("[!.]*")} == names | {"captions.json"}
    draw(results(small()), tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_figure_without_cells_is_left_out_and_said(results, tmp_path, capsys):
    with atomic(tmp_path / "figures") as folder:
        folder.mkdir()
        (folder / "scorer_audit.png").write_text("of an earlier run")
    drawn = draw(results(small("Generated"), kinds=[]), tmp_path / "figures")
    by_level = ["accuracy_by_level", "gap_by_level", "readings_by_level"]
    assert drawn == [*by_level, "gap_by_type", "accuracy_by_type"]
    assert not (tmp_path / "figures" / "scorer_audit.png").exists()
    assert "scorer_audit: not drawn" in capsys.readouterr().err


def test_accuracy_by_level_has_a_row_a_scorer_and_a_column_a_subset(results):
    fig = figures.accuracy_by_level(results(whole()))
    drawn = [axes for axes in fig.axes if axes.get_title(loc="left")]
    centre = analyze.by_subset("CenterBench")
    ours = analyze.by_subset("Generated")
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


def test_a_source_that_was_not_asked_has_no_row(results):
    generated = [row for row in whole() if "Gen" in row[3]]
    found = titles(figures.accuracy_by_level(results(generated)))
    assert {title.partition(" ")[0] for title in found} == {"Generated"}


def test_a_model_without_numbers_is_no_line(results):
    asked = [row for row in whole() if row[2] == "" or "level 2" not in row[3]]
    only = [row for row in asked if row[2] == "" or "CenterBench" in row[3]]
    fig = figures.gap_by_level(results(only))
    by_title = dict(zip(titles(fig), fig.axes, strict=False))
    lines = [bars.get_label() for bars in by_title["Generated, plausible − implausible"].containers]
    assert lines == ["tiny", "Oracle parser"]
    thinking = by_title["CenterBench, plausible − implausible"].containers[1].lines[0].get_ydata()
    assert np.isnan(thinking[1]) and not np.isnan(thinking[2])


def test_gap_by_level_has_a_column_for_each_gap_and_shows_zero(results):
    fig = figures.gap_by_level(results(whole()))
    assert titles(fig) == 2 * list(figures.TITLES.values())
    first = fig.axes[0]
    assert first.containers[0].lines[0].get_ydata().tolist() == [-12, -8, -4, 0, 4, 8]
    zero = [line for line in first.lines if set(line.get_ydata()) == {0}]
    assert len(zero) == 1
    assert fig.axes[3].get_ylabel() == "Gap (points)\nofficial scorer"


def test_readings_by_level_has_a_line_a_reading_and_no_solver(results):
    fig = figures.readings_by_level(results(whole()))
    assert titles(fig) == [f"{subset}, tiny" for subset in analyze.WHOLE]
    assert shared_legend(fig) == list(READINGS)
    shortcut = fig.axes[1].containers[1].lines[0].get_ydata().tolist()
    assert shortcut == [11, 12, 13, 14, 15, 16]
    assert figures.readings_by_level(results(small()[:1])) is None


def test_gap_by_type_has_markers_on_both_sides_of_zero_with_room_for_all_whiskers(results):
    fig = figures.gap_by_type(results(whole()))
    assert len(fig.axes) == 6 and fig.axes[3].get_ylabel() == "Gap (points)\nofficial scorer"
    assert fig.axes[0].containers[0].lines[0].get_ydata().tolist() == [-12, -8, -4, 0, 4, 8]
    for axes in fig.axes:
        low, high = axes.get_ylim()
        assert low < -12 - 5 and high > 8 + 20 + 3  # of the solver its marker
    model, _, solver = (bars.lines[2][0].get_segments() for bars in fig.axes[0].containers)
    assert model[0][:, 1].tolist() == [-17, -5] and not any(map(len, solver))
    names = [text.get_text() for text in fig.axes[0].get_xticklabels()]
    assert names == ["action", "agent", "count", "nested", "causes", "conse-\nquence"]


def test_accuracy_by_type_does_not_join_the_types(results):
    fig = figures.accuracy_by_type(results(whole()))
    assert {bars.lines[0].get_linestyle() for bars in fig.axes[0].containers} == {"None"}


def test_scorer_audit_sets_the_official_scorer_beside_the_strict_one(results):
    fig = figures.scorer_audit(results(whole()))
    right, wrong = fig.axes
    assert titles(fig) == [
        "Right answers: all should be accepted",
        "Wrong answers: none should be accepted",
    ]
    assert [text.get_text() for text in wrong.get_yticklabels()] == ["consequence: roles reversed"]
    assert [text.get_text() for text in right.get_yticklabels()] == [
        "causes: past tense, joined by commas"
    ]
    columns = [text.get_text() for text in wrong.get_xticklabels()]
    assert columns == ["strict scorer", "official scorer"]
    assert [text.get_text() for text in wrong.texts] == ["0.0", "97.2"]


def test_prepared_answers_stand_in_the_order_of_the_types(results):
    kinds = [(kind, True, "told") for kind in reversed(analyze.TYPES)]
    made = [
        cell("scorer_audit", "accepted", analyze.prepared(*kind), 90, (analyze.PREPARED, ""))
        for kind in kinds
    ]
    (axes,) = figures.scorer_audit(results(made, kinds)).axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == [f"{figures.SHORT[kind]}: told" for kind in analyze.TYPES]


def test_the_figure_says_which_models_were_asked(results, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(style, "subject", lambda fig, text: said.append(text))
    draw(results(small()), tmp_path / "figures")
    assert said == [f"CenterBench, scale cpu: {what}" for what in (*["tiny"] * 5, "both scorers")]
