"""The figures from a generated benchmark and made-up scores."""

import json

import numpy as np
import pandas as pd
import pytest

from papers.safe_eraser import data, figures
from papers.safe_eraser.evaluate import asked, probed
from papers.safe_eraser.settings import Settings
from shared.comparison import results as written
from shared.comparison.analysis import load_analysis
from shared.plots.__main__ import draw_all
from shared.plots.results import Results

VARIANTS = {
    "ga": {"method": "ga"},
    "po": {"method": "po"},
    "po-pd": {"method": "po+pd"},
    "po-corrected": {"method": "po", "protocol": "corrected"},
}


def own(settings, name):
    return Settings.model_validate(settings.model_dump() | {"variants": VARIANTS, "name": name})


def results_of(settings, folder, *models):
    """Vanilla says everything, PO refuses every request, PO+PD only the forbidden ones."""
    every = [own(settings, name) for name in models]
    data.generate(settings.generated, 0, folder / "data")
    questions = asked(every[0], folder / "data", targets=False)
    for model in models:
        (folder / "scores" / model).mkdir(parents=True)
        for name in ("vanilla", *VARIANTS):
            steps = [1.0] if name == "vanilla" else [0.5, 1.0]
            rows = [
                said(every[0], name, each) | {"progress": progress}
                for progress in steps
                for each in (questions if progress == 1 else probed(questions, settings.probe))
            ]
            path = folder / "scores" / model / f"{name}-s0.parquet"
            pd.DataFrame(rows).to_parquet(path)
    recorded = {each.name: each.model_dump(mode="json") for each in every}
    analysis = load_analysis("safe_eraser", "smoke", folder, recorded=recorded)
    return Results(analysis, written.our_cells(analysis), folder, models)


@pytest.fixture
def drawn_from(settings, tmp_path):
    return results_of(settings, tmp_path, "tiny-llava")


def said(settings, name, question):
    request = question.set in ("forget", "decouple")
    refused = request and ("po" in name) and (question.set == "forget" or "pd" not in name)
    normal = question.set == "decouple" and not refused
    rouge = 1.0 if question.set == "retain" else None
    return {
        "dataset": settings.dataset(question.dataset),
        "set": question.set,
        "id": question.id,
        "picture": question.picture,
        "sample": 0,
        "output": "I'm sorry." if refused else question.answer,
        "unsafe": question.set == "forget" and not refused,
        "refused": refused,
        "normal": normal,
        "abnormal": not normal,
        "correct": float(not refused),
        "rouge_recall": rouge,
        "rouge_f1": rouge,
        "rouge_official": rouge,
    }


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(drawn_from, tmp_path):
    names = draw_all("safe_eraser", drawn_from, tmp_path / "one")
    assert names == ["overview", "sarr", "course", "examples"]
    assert set(json.loads((tmp_path / "one" / "captions.json").read_text())) == set(names)
    draw_all("safe_eraser", drawn_from, tmp_path / "two")
    for name in names:
        for end in ("png", "pdf"):
            one, two = ((tmp_path / f / f"{name}.{end}").read_bytes() for f in ("one", "two"))
            assert one == two and len(one) > 3000


def test_two_models_have_a_panel_each(settings, tmp_path):
    panels = figures.sarr(results_of(settings, tmp_path, "tiny-llava", "another")).axes
    assert [axes.get_title("left") for axes in panels] == ["tiny-llava", "another"]


def test_bars_of_sarr(drawn_from):
    (axes,) = figures.sarr(drawn_from).axes
    heights = {
        bars.get_label(): [bar.get_height() for bar in bars]
        for bars in axes.containers
        if hasattr(bars, "patches")
    }
    without = heights["without PD, official"]  # GA, GD, KL, PO
    assert without[0] == 0 and without[3] == 100 and np.isnan(without[1:3]).all()
    assert heights["with PD, official"][3] == 0
    assert heights["without PD, corrected"][3] == 100


def test_the_course_begins_at_vanilla(drawn_from):
    panels = {axes.get_title("left"): axes for axes in figures.course(drawn_from).axes}
    assert len(panels) == 8  # four methods, two protocols
    po = {line.get_label(): line for line in panels["PO, official"].lines}
    assert [name for name, line in po.items() if line.get_linestyle() == "--"] == ["ASR", "SARR"]
    rates = {name: line.get_ydata().tolist() for name, line in po.items()}
    # vanilla, half of the training and its end; PO refuses every request from its first snapshot on
    assert rates["ASR"] == rates["ASR+PD"] == [100, 0, 0]
    assert rates["SARR"] == [0, 100, 100] and rates["SARR+PD"] == [0, 0, 0]
    assert not panels["GD, official"].lines


def test_a_scale_without_snapshots_has_no_course(settings, tmp_path):
    single = settings.model_copy(update={"snapshots": 1})
    assert figures.course(results_of(single, tmp_path, "tiny-llava")) is None


def test_examples_are_the_same_request_on_two_pictures(drawn_from):
    fig = figures.examples(drawn_from)
    columns = [axes.get_title("left") for axes in fig.axes[:5]]
    assert columns == ["", "asked", "Vanilla", "PO", "PO+PD"]
    rows = np.reshape(np.array(fig.axes, dtype=object), (5, 5))
    forbidden, benign = ([axes.texts[0].get_text() for axes in row[1:]] for row in rows[:2])
    assert forbidden[0] == benign[0]
    assert forbidden[2] == forbidden[3] == benign[2] == "I'm sorry."
    assert benign[3] == benign[1] != forbidden[1]
    colours = [axes.texts[0].get_color() for axes in rows[0, 2:]]
    assert colours == [figures.BAD, figures.REFUSED, figures.REFUSED]


def test_the_overview_shades_what_is_better(drawn_from):
    """ASR of vanilla is 100 %, the worst, and shaded as 0; RR of PO is 100 % and shaded so."""
    official = figures.overview(drawn_from).axes[0]
    shades = np.asarray(official.images[0].get_array())
    rows = [label.get_text() for label in official.get_yticklabels()]
    assert rows == ["Vanilla", "GA", "PO", "PO+PD"] and len(shades) == len(rows)
    assert shades[0, 0] == 0 and shades[rows.index("PO"), 2] == 100
