"""The figures show the cells and curves that they are given."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from matplotlib.container import BarContainer

from papers.refusal_tokens import analyze, decisions, figures
from shared.comparison.cells import COLUMNS
from shared.comparison.groups import Group
from shared.comparison.reported import read_reported
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import StandIns, load_paper, load_settings

MODEL = "tiny"
STAND_INS = StandIns(
    models={MODEL: "Llama-3-8B"}, datasets=load_settings("refusal_tokens", "cpu").stand_ins
)
PROTOCOLS = ("corrected", "official")
IDS = np.array([f"q{k}" for k in range(8)])


def cell(item, method, dataset, metric, value, protocol="corrected"):
    unit = "" if metric.startswith(("f1", "auroc")) else "%"
    step = 0.05 if unit == "" else 5
    ends = (value - step, value + step)
    return (item, MODEL, method, dataset, metric, protocol, value, *ends, 8, 1, 1, unit)


def whole():
    cells, groups = [], []
    for k, name in enumerate(analyze.GENERAL):
        cells += [cell("refusal_f1", name, "Generated", "f1", 0.5 + k / 20)]
        cells += [cell("refusal_f1", name, "Generated", "f1_always", 0.8)]
        cells += [cell("refusal_f1", name, "Generated", "tpr", 60 + k)]
        cells += [cell("refusal_f1", name, "Generated", "fpr", 10 + k)]
        for dataset in ("Generated contrast", "Ordinary"):
            cells += [cell("contrast", name, dataset, "refusal_rate", 10 * k)]
    for name in analyze.TOKENS:
        cells += [cell("roc", name, "Generated", "auroc", 0.75)]
        columns = {
            "refuse": np.array([[1, 1, 1, 1, 0, 0, 0, 0]] * 2, dtype=float),
            "chance": np.array([[0.9, 0.8, 0.7, 0.2, 0.6, 0.1, 0.1, 0.1]] * 2),
        }
        groups += [Group(MODEL, name, "Generated", "corrected", (0, 1), IDS, columns)]
    for row, method in enumerate(
        [
            rule.of(analyze.CATEGORIES)
            for rule in (decisions.COMPARED, *decisions.SUPPRESSED.values())
        ]
    ):
        for column, key in enumerate(analyze.KEYS):
            value = 5 if row == column + 1 else 80
            dataset = f"Generated original, {key}"
            cells += [cell("control", method, dataset, "refusal_rate", value)]
    for dataset in ("Generated original", "Generated contrast", "Ordinary"):
        cells += [cell("forced", analyze.UNTUNED, dataset, "refusal_rate", 0)]
        for name in analyze.CALIBRATED:
            for token, value in (("respond", 7), ("refuse", 93)):
                method = decisions.FORCED[token].of(name)
                cells += [cell("forced", method, dataset, "refusal_rate", value)]
    for protocol in PROTOCOLS:
        for name in analyze.CALIBRATED:
            for t in decisions.LEVELS:
                for dataset in ("Generated original", "Generated contrast"):
                    method = decisions.THRESHOLD[t].of(name)
                    value = 90 - 50 * t
                    cells += [cell("thresholds", method, dataset, "refusal_rate", value, protocol)]
    analysis = SimpleNamespace(
        paper=load_paper("refusal_tokens"),
        scale="cpu",
        stand_ins=STAND_INS,
        groups=groups,
        models=[SimpleNamespace(name=MODEL)],
        reported=read_reported("refusal_tokens"),
    )
    frame = pd.DataFrame(cells, columns=COLUMNS)
    return Results(analysis, frame, Path("nowhere"), (MODEL,))


def draw(folder):
    return draw_all("refusal_tokens", whole(), folder)


def bars(fig):
    """The bars of each series, without the error bars."""
    found = fig.axes[0].containers
    return {each.get_label(): list(each) for each in found if isinstance(each, BarContainer)}


def heights(fig):
    return {name: [bar.get_height() for bar in own] for name, own in bars(fig).items()}


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(tmp_path):
    drawn = draw(tmp_path / "one")
    assert drawn == list(drawings(figures)) == [
        "roc", "control", "forced", "contrast", "f1", "thresholds", "judges",
    ]  # fmt: skip
    assert list(json.loads((tmp_path / "one" / "captions.json").read_text())) == drawn
    draw(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_roc_has_a_line_a_model_with_tokens_and_the_corner(tmp_path):
    fig = figures.roc(whole())
    labels = [text.get_text() for text in fig.legends[0].get_texts()]
    assert "One token: area 0.750" in labels and "always refuse" in labels
    assert "No tokens" in labels  # a point: it has no threshold
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert lines["One token, no contrast: area 0.750"].get_linestyle() == "--"
    assert lines["always refuse"].get_xydata().tolist() == [[100, 100]]


def test_control_has_a_row_for_each_suppressed_token():
    axes = figures.control(whole()).axes[0]
    shown = np.array([text.get_text() for text in axes.texts]).reshape(6, 5)
    assert (shown[0] == "80").all()
    assert (np.diag(shown[1:]) == "5").all()
    assert (shown == "5").sum() == 5


def test_forced_stands_beside_the_untuned_model():
    found = heights(figures.forced(whole()))
    assert found["Untuned"] == [0, 0, 0]
    assert found["One token, [respond] forced"] == [7, 7, 7]
    assert found["Category tokens, [refuse] forced"] == [93, 93, 93]


def test_f1_has_the_floor_of_refusing_everything():
    axes = figures.f1(whole()).axes[0]
    floor = next(line for line in axes.lines if line.get_label() == "always refuse")
    assert set(floor.get_ydata()) == {0.8}


def test_thresholds_fall_and_the_official_reading_is_dashed():
    axes = figures.thresholds(whole()).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["One token"].get_ydata().tolist() == [85, 75, 65, 55, 45]
    assert lines["One token, softmax at T = 2"].get_linestyle() == "--"


def test_contrast_hatches_what_was_trained_without():
    found = bars(figures.contrast(whole()))
    hatched = {name for name, own in found.items() if own[0].get_hatch()}
    assert hatched == {name for name in analyze.GENERAL if name.endswith("no contrast")}


def test_judges_of_the_same_replies_stand_side_by_side():
    """GPT-4o without a system prompt, incomplete requests: 0.9 by one judge, 24.4 by another."""
    fig = figures.judges(whole())
    axes = next(each for each in fig.axes if each.get_title(loc="left").startswith("GPT-4o, no"))
    shown = {bars.get_label(): bars.lines[0].get_ydata()[0] for bars in axes.containers}
    assert (shown["gpt-3.5-turbo"], shown["gpt-4"], shown["gpt-4o"]) == (0.9, 16.4, 24.4)
    assert len(fig.axes) == 4 and len(fig.legends[0].get_texts()) == 4


def test_a_model_that_is_only_asked_has_no_figure_of_tokens():
    """At scale paper two models are columns of others' tables, and no more."""
    every = whole()
    untuned = every.cells["method"].isin([analyze.UNTUNED])
    asked = replace(every, cells=every.cells[untuned])
    asked.analysis.groups = []
    for draw_one in (figures.roc, figures.control, figures.thresholds):
        assert draw_one(asked) is None
    assert heights(figures.forced(asked))["Untuned"] == [0, 0, 0]
