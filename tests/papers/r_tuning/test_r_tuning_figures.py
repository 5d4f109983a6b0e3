"""The paper's figures from a few made-up scores."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.metrics import average_precision_score

from papers.r_tuning import analyze, figures
from shared.comparison.cells import COLUMNS
from shared.comparison.groups import Group
from shared.comparison.reported import read_reported
from shared.files import atomic
from shared.plots import style
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import StandIns, load_paper

MODEL = "tiny"
IDS = np.array([f"q{k:02d}" for k in range(40)])
STAND_INS = StandIns(models={MODEL: "OpenLLaMA-3B"}, datasets={"Facts ID": "ParaRel ID"})


def group(method, dataset="Facts ID", protocol="corrected", seeds=1, key=0, **columns):
    """A group of 40 answers; `correct` and `confidence` are random unless given."""
    rng = np.random.default_rng([key, len(method), seeds])
    if not columns:
        correct = rng.integers(0, 2, (seeds, 40)).astype(float)
        noise = rng.random((seeds, 40))
        columns = {"correct": correct, "confidence": 0.3 * correct + 0.7 * noise}
    return Group(MODEL, method, dataset, protocol, tuple(range(seeds)), IDS, columns)


def cell(item, method, metric, value, dataset="Facts ID", protocol="corrected"):
    bounds = (value - 5, value + 6)
    return (item, MODEL, method, dataset, metric, protocol, value, *bounds, 40, 1, 1, "%")


def data(groups=(), cells=()):
    """The results of one model."""
    frame = pd.DataFrame(list(cells), columns=COLUMNS)
    analysis = SimpleNamespace(
        paper=load_paper("r_tuning"),
        scale="cpu",
        stand_ins=STAND_INS,
        groups=list(groups),
        models=[SimpleNamespace(name=MODEL)],
        reported=read_reported("r_tuning"),
    )
    return Results(analysis, frame, Path("nowhere"), (MODEL,))


def draw(results, folder):
    return draw_all("r_tuning", results, folder)


def whole():
    d1 = (np.arange(40) < 8).astype(float)[None]
    methods = ["R-Tuning", "Vanilla", "R-Tuning-U", "Vanilla-C", "R-Tuning-R"]
    groups = [group(method, seeds=2, key=k) for k, method in enumerate(methods)]
    groups += [group("R-Tuning", protocol="official", key=9), group("Pretrain-T", key=8)]
    groups += [group(m, dataset=d) for m in methods[:2] for d in ("FEVER", "Average")]
    groups += [group("Pretrain-T", dataset="Facts", d1=d1, d0=1 - d1, perplexity=20 + d1)]
    accuracies = {"R-Tuning": 70, "Vanilla": 40, "Pretrain-T": 20}
    cells = [cell("figure3", m, "accuracy", v) for m, v in accuracies.items()]
    cells += [cell("figure3", analyze.PRETRAIN_W_PADDING, "accuracy", 35)]
    cells += [cell("figure3", "R-Tuning", "accuracy", 60, protocol="official")]
    accuracies |= {"R-Tuning-R": 65, analyze.PRETRAIN_W: 33}
    cells += [cell("table8", m, "accuracy", v) for m, v in accuracies.items() if m != "R-Tuning"]
    cells += [cell("table8", "R-Tuning-R", "answer_rate", 25)]
    for dataset, rate in (("Invented", 80), ("Invented answerable", 30)):
        cells += [cell("table3", "R-Tuning", "refusal_rate", rate, dataset)]
        cells += [cell("table7", "R-Tuning", "refusal_rate", rate, dataset)]
        cells += [cell("table7", "R-Tuning-R", "refusal_rate", rate + 9, dataset)]
        cells += [cell("table7", "R-Tuning", "refusal_rate", rate, dataset, "official")]  # the same
    cells += [cell("table7", "Vanilla", "refusal_rate", 5, "Invented")]  # no answerable half
    return data(groups, cells)


def legend(axes_or_figure):
    return [text.get_text() for text in axes_or_figure.get_legend().get_texts()]


def shared_legend(fig):
    return [text.get_text() for text in fig.legends[0].get_texts()]


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(tmp_path):
    drawn = draw(whole(), tmp_path / "one")
    assert drawn == list(drawings(figures)) and len(drawn) == 9
    captions = json.loads((tmp_path / "one" / "captions.json").read_text())
    assert list(captions) == drawn
    names = {f"{name}.{ending}" for name in drawn for ending in ("png", "pdf")}
    assert {path.name for path in (tmp_path / "one").glob("[!.]*")} == names | {"captions.json"}
    draw(whole(), tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_figure_without_scores_is_left_out_and_said(tmp_path, capsys):
    with atomic(tmp_path / "figures") as folder:
        folder.mkdir()
        (folder / "figure11.png").write_text("of an earlier run")
    drawn = draw(data([group("R-Tuning"), group("Vanilla")]), tmp_path / "figures")
    assert drawn == ["figure7", "figure8"]
    assert not (tmp_path / "figures" / "figure11.png").exists()
    assert "figure11: not drawn" in capsys.readouterr().err


def test_figure3_has_a_bar_a_method_and_hatches_the_official_protocol():
    fig = figures.figure3(whole())
    heights = {bars.get_label(): bars[0].get_height() for bars in _bars(fig)}
    assert heights == {
        "R-Tuning": 70,
        "R-Tuning, official": 60,
        "Vanilla": 40,
        "Pretrain-T": 20,
        "Pretrain-W": 35,
    }
    hatched = [bars.get_label() for bars in _bars(fig) if bars[0].get_hatch()]
    assert hatched == ["R-Tuning, official"]
    assert fig.axes[0].get_xticklabels()[0].get_text() == "Facts ID\n(for ParaRel ID)"
    colour = _bars(fig)[-1][0].get_edgecolor()
    assert plt.matplotlib.colors.to_hex(colour).upper() == style.METHODS["Pretrain-W"].colour


def test_official_numbers_that_equal_the_corrected_ones_are_not_drawn_again():
    protocols = ("corrected", "official")
    same = [cell("figure3", "Vanilla", "accuracy", 40, protocol=p) for p in protocols]
    assert [bars.get_label() for bars in _bars(figures.figure3(data(cells=same)))] == ["Vanilla"]


def test_figure4_has_the_sets_of_several_tasks_and_no_other_figure_has_them():
    titles = [axes.get_title(loc="left") for axes in figures.figure4(whole()).axes]
    assert titles == ["FEVER"]
    titles = [axes.get_title(loc="left") for axes in figures.figure8(whole()).axes]
    assert titles == ["Facts ID (for ParaRel ID)"]


def test_figure5_marks_the_answer_rate_on_the_bar_of_r_tuning_r():
    fig = figures.figure5(whole())
    (bars,) = [bars for bars in _bars(fig) if bars.get_label() == "R-Tuning-R"]
    marks = [line for line in fig.axes[0].get_lines() if line.get_color() == figures.RATE]
    middle = bars[0].get_x() + bars[0].get_width() / 2
    assert marks[0].get_xydata().tolist() == [[pytest.approx(middle), 25]]
    assert "answer rate, R-Tuning-R" in shared_legend(fig)


def test_figure5_marks_what_table_8_prints_of_the_model_and_set_that_ours_stand_in_for():
    """OpenLLaMA-3B on ParaRel ID: accuracies of the four methods, and the answer rate."""
    fig = figures.figure5(whole())
    hollow = [line for line in fig.axes[0].get_lines() if line.get_markerfacecolor() == "white"]
    shown = {line.get_markeredgecolor(): list(line.get_ydata()) for line in hollow[::-1]}
    assert [sorted(line.get_ydata()) for line in hollow if len(line.get_ydata())] == [
        [36.23, 60.58, 71.48, 82.79],
        [44.65],
    ]
    assert figures.RATE in shown and shared_legend(fig).count("the paper") == 1
    assert fig.axes[0].get_ylim()[1] > 82.79


def test_figure5_has_room_for_an_answer_rate_above_all_bars():
    cells = [cell("table8", "R-Tuning-R", "accuracy", 10)]
    cells += [cell("table8", "R-Tuning-R", "answer_rate", 100)]
    assert figures.figure5(data(cells=cells)).axes[0].get_ylim()[1] > 100


def test_figures_of_several_models_name_each_and_show_those_that_were_trained():
    """The larger one was trained as R-Tuning and Vanilla, the smaller as R-Tuning-R too."""
    small, shared = whole(), ("R-Tuning", "Vanilla")
    larger = [replace(g, model="large") for g in small.groups if g.method in shared]
    cells = small.cells[small.cells["method"].isin([*shared, "Pretrain-T"])]
    analysis = small.analysis
    analysis.groups += larger
    analysis.models.append(SimpleNamespace(name="large"))
    cells = pd.concat([small.cells, cells.assign(model="large")])
    both = Results(analysis, cells, Path("nowhere"), (MODEL, "large"))

    def titles(fig):
        return [axes.get_title(loc="left") for axes in fig.axes]

    assert titles(figures.figure3(both)) == [MODEL, "large"]
    assert titles(figures.figure5(both)) == [MODEL]
    assert titles(figures.figure8(both)) == [
        f"{model}: Facts ID (for ParaRel ID)" for model in (MODEL, "large")
    ]


def test_figure6_counts_d1_and_d0():
    fig = figures.figure6(whole())
    assert [bar.get_width() for bar in fig.axes[0].patches] == [8, 32]


def test_figure8_names_the_average_precision_mean_over_seeds_without_unscored_examples():
    scored = group("Vanilla", seeds=2, key=3)
    scored.columns["confidence"][0, 5] = np.nan
    keep = np.arange(40) != 5
    correct, confidence = scored.columns["correct"], scored.columns["confidence"]
    first = average_precision_score(correct[0][keep], confidence[0][keep])
    second = average_precision_score(correct[1], confidence[1])
    fig = figures.figure8(data([scored], [cell("table1", "Vanilla", "ap", 50)]))
    printed = "◇ 92.9"  # of OpenLLaMA-3B on ParaRel ID
    ours = f"Vanilla: AP {50 * (first + second):.1f}"
    assert legend(fig.axes[0]) == [f"{ours}  {printed}", "◇ the paper"]
    assert fig.axes[0].get_title(loc="left") == "Facts ID (for ParaRel ID)"


def test_figure8_dashes_the_official_protocol_and_keeps_the_colour():
    fig = figures.figure8(whole())
    lines = {line.get_label().partition(":")[0]: line for line in fig.axes[0].lines}
    assert list(lines) == ["R-Tuning", "R-Tuning, official", "Vanilla"]
    assert [line.get_linestyle() for line in lines.values()] == ["-", "--", "-"]
    assert lines["R-Tuning"].get_color() == lines["R-Tuning, official"].get_color()


def test_figure8_of_a_model_that_is_always_wrong_has_a_dash_and_no_curve():
    wrong = group("Vanilla", correct=np.zeros((1, 40)), confidence=np.full((1, 40), 0.5))
    fig = figures.figure8(data([wrong]))
    assert legend(fig.axes[0]) == ["Vanilla: AP –"]
    assert np.isnan(fig.axes[0].lines[0].get_ydata()).all()


def test_figure13_needs_another_method_than_r_tuning():
    assert figures.figure13(data([group("R-Tuning"), group("Vanilla")])) is None
    fig = figures.figure13(whole())
    shown = [text.partition(":")[0] for text in legend(fig.axes[0])]
    assert shown == ["R-Tuning", "R-Tuning, official", "R-Tuning-U", "Vanilla-C"]


def test_figure7_and_11_have_a_panel_a_method():
    titles = [axes.get_title(loc="left") for axes in figures.figure7(whole()).axes]
    methods = ["R-Tuning", "Vanilla", "R-Tuning-U", "Vanilla-C"]
    assert titles == [f"{method}, Facts ID" for method in methods]
    titles = [axes.get_title(loc="left") for axes in figures.figure11(whole()).axes]
    assert titles == ["R-Tuning-U, Facts ID", "Vanilla-C, Facts ID"]


def test_figure11_writes_the_calibration_error():
    """Confidence 0.8, right in half of the answers: the error is 0.3."""
    correct = (np.arange(40) % 2).astype(float)[None]
    sure = group("Vanilla-C", correct=correct, confidence=np.full((1, 40), 0.8))
    fig = figures.figure11(data([sure]))
    assert [text.get_text() for text in fig.axes[0].texts] == ["ECE 0.300"]


def test_refusal_sets_the_unanswerable_against_the_answerable_half():
    fig = figures.refusal(whole())
    points = {
        bars.get_label(): bars.lines[0].get_xydata()[0].tolist() for bars in fig.axes[0].containers
    }
    assert points == {"R-Tuning": [30, 80], "R-Tuning-R": [39, 89]}


def test_the_figure_says_for_which_model_ours_stands_in(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(style, "subject", lambda fig, text: said.append(text))
    draw(data([group("R-Tuning")]), tmp_path / "figures")
    assert set(said) == {"R-Tuning, scale cpu: tiny, a stand-in for OpenLLaMA-3B"}


def _bars(fig):
    """The bar containers of the first panel (error bars are containers too)."""
    return [bars for bars in fig.axes[0].containers if hasattr(bars, "patches")]
