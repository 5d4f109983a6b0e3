"""The figures from a generated benchmark and made-up scores."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from papers.safe_eraser import analyze, benchmark, data, figures
from papers.safe_eraser.evaluate import asked, probed
from papers.safe_eraser.settings import Settings
from shared.comparison.cells import cells

VARIANTS = {
    "ga": {"method": "ga"},
    "po": {"method": "po"},
    "po-pd": {"method": "po+pd"},
    "po-corrected": {"method": "po", "protocol": "corrected"},
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def own(settings):
    return Settings.model_validate(settings.model_dump() | {"variants": VARIANTS})


@pytest.fixture
def drawn_from(own, tmp_path):
    """Vanilla says everything, PO refuses every request, PO+PD only the forbidden ones."""
    data.generate(own.generated, 0, tmp_path / "data")
    rows = asked(own, tmp_path / "data", False)
    (tmp_path / "scores").mkdir()
    for name in ("vanilla", *VARIANTS):
        steps = [1.0] if name == "vanilla" else [0.5, 1.0]
        frames = [
            pd.DataFrame(
                [said(name, row) for row in (rows if p == 1 else probed(rows, own.probe))]
            ).assign(progress=p)
            for p in steps
        ]
        pd.concat(frames).to_parquet(tmp_path / "scores" / f"{name}-s0.parquet")
    return figures.Data(
        scale="smoke",
        settings=own,
        cells=cells(
            analyze.groups(tmp_path / "scores", own),
            analyze.ITEMS,
            analyze.METRICS,
            100,
            own.stand_ins,
        ),
        runs=analyze.runs(tmp_path / "scores", own),
        rows=benchmark.rows(own, tmp_path / "data"),
    )


def said(name, row):
    request = row["set"] in ("forget", "decouple")
    refused = request and ("po" in name) and (row["set"] == "forget" or "pd" not in name)
    normal = row["set"] == "decouple" and not refused
    return {
        **{key: row[key] for key in ("dataset", "set", "id", "category", "level")},
        "picture": row["picture"],
        "sample": 0,
        "output": "I'm sorry." if refused else row["answer"],
        "unsafe": row["set"] == "forget" and not refused,
        "refused": refused,
        "normal": normal,
        "abnormal": not normal,
        "correct": not refused,
        "rouge_recall": 1.0 if row["set"] == "retain" else None,
        "rouge_f1": 1.0 if row["set"] == "retain" else None,
        "rouge_official": 1.0 if row["set"] == "retain" else None,
    }


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(drawn_from, tmp_path):
    names = figures.draw_all(drawn_from, tmp_path / "one")
    assert names == list(figures.FIGURES)
    assert set(json.loads((tmp_path / "one" / "captions.json").read_text())) == set(names)
    figures.draw_all(drawn_from, tmp_path / "two")
    for name in names:
        for end in ("png", "pdf"):
            one, two = ((tmp_path / f / f"{name}.{end}").read_bytes() for f in ("one", "two"))
            assert one == two and len(one) > 3000


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
    panels = figures.course(drawn_from).axes
    assert len(panels) == 4  # two protocols, two things that are kept
    corrected = panels[3].lines[0]  # PO alone, refusing from its first snapshot on
    assert corrected.get_xdata().tolist() == [0, 100, 100]
    assert corrected.get_ydata().tolist() == [100, 0, 0]
    assert [line.get_label() for line in panels[1].lines[1::2]] == ["GA", "PO", "PO+PD"]


def test_a_scale_without_snapshots_has_no_course(drawn_from):
    single = drawn_from.settings.model_copy(update={"snapshots": 1})
    assert figures.course(replace(drawn_from, settings=single)) is None


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
