"""The figures from the published labels and a few made-up cells."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from papers.forbidden_science import analyze, figures
from papers.forbidden_science.labels import CATEGORIES, MODELS, read_labels
from shared.comparison.cells import COLUMNS, cells
from shared.comparison.reported import read_reported
from shared.files import atomic
from shared.plots.__main__ import draw_all
from shared.plots.figure import drawings
from shared.plots.results import Results
from shared.settings import StandIns, load_paper

CLAUDE, GROK, GPT, MISTRAL = MODELS.values()
LIVE = "tiny"


@pytest.fixture(scope="module")
def labels() -> pd.DataFrame:
    return cells(list(analyze.label_groups(read_labels())), analyze.ITEMS, analyze.METRICS)


def cell(item, model, method, dataset, metric, value, n=24):
    width = 5 if metric != "kappa" else 0.1
    bounds = (value - width, value + width)
    return (item, model, method, dataset, metric, "corrected", value, *bounds, n, 1, 1, "")


def live_cells(judges=analyze.JUDGES, model=LIVE) -> pd.DataFrame:
    rows = []
    for place, who in enumerate(["self-report", *judges]):
        datasets = [*(analyze.SCIENCE_JUDGED, analyze.SIDES[1]), *CATEGORIES]
        for dataset in datasets if who == "self-report" else [d for d in datasets if d != "T1"]:
            rows.append(cell("live_refusals", model, who, dataset, "refusal_rate", 25 + 5 * place))
        if who == "self-report":
            rows += [
                cell("live_refusals", model, who, name, "log_odds", place - 2)
                for place, name in enumerate(CATEGORIES)
            ]
    for k, percent in ((1, 90), (3, 80), (5, 70)):
        for metric, value in (("consistency", percent), ("pairwise_agreement", 92)):
            key = ("live_consistency", model, "self-report", analyze.variations(k))
            rows.append(cell(*key, metric, value, 194))
    return pd.DataFrame(rows, columns=COLUMNS)


def judge_cells(sources=(analyze.PEOPLE, analyze.PUBLISHED)) -> pd.DataFrame:
    rows = []
    for source in sources:
        judges = analyze.JUDGES if source == analyze.PEOPLE else analyze.JUDGES[:3]
        for place, judge in enumerate(judges):
            for metric, value in (("sensitivity", 60 + place), ("specificity", 90), ("kappa", 0.4)):
                rows.append(cell("judges", judge, "", source, metric, value, 169))
    return pd.DataFrame(rows, columns=COLUMNS)


def data(*frames, models=(LIVE,)) -> Results:
    analysis = SimpleNamespace(
        paper=load_paper("forbidden_science"), scale="cpu", stand_ins=StandIns(), groups=[],
        reported=read_reported("forbidden_science"),
        models=[SimpleNamespace(name=name) for name in models],
    )  # fmt: skip
    return Results(analysis, pd.concat(frames, ignore_index=True), Path("nowhere"), models)


def draw(results, folder):
    return draw_all("forbidden_science", results, folder)


@pytest.fixture
def whole(labels):
    return data(labels, live_cells(), judge_cells())


def heights(axes) -> dict[str, list[float]]:
    """Legend entry -> heights of its bars."""
    return {
        bars.get_label(): [bar.get_height() for bar in bars]
        for bars in axes.containers
        if hasattr(bars, "patches")
    }


def test_all_figures_are_drawn_with_captions_and_twice_the_same_bytes(whole, tmp_path):
    drawn = draw(whole, tmp_path / "one")
    assert drawn == list(drawings(figures)) and len(drawn) == 9
    captions = json.loads((tmp_path / "one" / "captions.json").read_text())
    assert list(captions) == drawn
    names = {f"{name}.{ending}" for name in drawn for ending in ("png", "pdf")}
    assert {path.name for path in (tmp_path / "one").glob("[!.]*")} == names | {"captions.json"}
    draw(whole, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_the_abstracts_rate_stands_beside_the_labels(whole):
    (axes,) = figures.refusals(whole).axes
    found = heights(axes)
    assert found["abstract"] == [73, 20, 10, 0]
    expected = [100 * count / 512 for count in (381, 107, 53, 0)]
    assert found["published labels"] == pytest.approx(expected, abs=1e-4)
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[0] == f"{CLAUDE}\n381 of 512: 74.41 %"
    abstract = next(bars for bars in axes.containers if bars.get_label() == "abstract")
    assert abstract[0].get_hatch()


def test_templates_show_share_and_count(whole):
    (axes,) = figures.templates(whole).axes
    texts = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    assert texts[0, 0] == "100 %\n88 of 88"  # Claude on T1
    assert texts[0, 2] == "53 %\n47 of 88"  # GPT-3.5 on T1
    assert texts[2, 1] == "0 %\n0 of 88"  # Grok on T3
    assert len(texts) == 4 * 7
    assert axes.images[0].get_array()[0].round(1).tolist()[:3] == [100, 90.9, 50]


def test_agreement_has_three_matrices_and_says_what_a_row_is(whole):
    same, kappa, nested = figures.agreement(whole).axes
    values = [np.ma.filled(axes.images[0].get_array(), np.nan) for axes in (same, kappa, nested)]
    np.testing.assert_array_equal(values[0], values[0].T)
    np.testing.assert_array_equal(values[1], values[1].T)
    assert values[1][1, 2] == pytest.approx(0.304, abs=5e-4)
    assert (values[2][2, 0], values[2][0, 2]) == (100, pytest.approx(100 * 53 / 381, abs=1e-4))
    assert np.isnan(values[2][3]).all()  # Mistral refuses nothing


def test_the_safety_terms_of_gpt_are_rare_where_it_refuses(whole):
    (axes,) = figures.thoughts(whole).axes
    found = heights(axes)
    refusing, allowing = found[analyze.REFUSING], found[analyze.ALLOWING]
    assert refusing[2] == pytest.approx(9.434, abs=1e-3)
    assert np.isnan(refusing[3])
    assert allowing[3] == pytest.approx(26.6, abs=0.05)


def test_live_refusals_have_a_bar_for_the_flag_and_each_judge(whole):
    (axes,) = figures.live_refusals(whole).axes
    found = heights(axes)
    assert list(found) == ["self-report", *analyze.JUDGES]
    assert found["self-report"] == [25, 25]
    assert found[analyze.JUDGES[0]] == [30, 30]
    assert axes.get_title(loc="left") == LIVE


def test_live_models_have_a_panel_each(labels):
    both = (live_cells(), live_cells(model="other"))
    two = data(labels, *both, judge_cells(), models=(LIVE, "other"))
    assert len(figures.live_refusals(two).axes) == 2
    assert len(figures.consistency(two).axes) == 2
    titles = [axes.get_title(loc="left") for axes in figures.live_templates(two).axes]
    assert titles == [LIVE, "other"]


def test_a_model_that_its_service_has_retired_has_no_panel(labels):
    """It has labels and no live cells. Of three panels of consistency the fourth place is empty."""
    asked = [LIVE, "one", "other"]
    cells = [live_cells(model=name) for name in asked]
    found = data(labels, *cells, models=(CLAUDE, *asked))
    for draw_live in (figures.live_refusals, figures.live_templates, figures.consistency):
        titles = [axes.get_title(loc="left") for axes in draw_live(found).axes if axes.axison]
        assert titles == asked
    none = data(labels, models=(CLAUDE, GROK))
    for draw_live in (figures.live_refusals, figures.live_templates, figures.consistency):
        assert draw_live(none) is None


def test_judges_have_no_verdict_on_synthesis_prompts(whole):
    (axes,) = figures.live_templates(whole).axes
    shown = axes.images[0].get_array()
    assert np.ma.getmaskarray(shown)[:, 0].tolist() == [False] + [True] * len(analyze.JUDGES)
    texts = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    assert texts[0, 0] == "25 %\n6 of 24"
    assert texts[0, 1] == ""


def test_consistency_marks_the_abstract_without_a_line_to_ours(whole):
    (axes,) = figures.consistency(whole).axes
    lines = {bars.get_label(): bars.lines[0].get_ydata() for bars in axes.containers}
    assert lines["all variations as the base prompt"].tolist() == [90, 80, 70]
    np.testing.assert_array_equal(lines[figures.STATED], [85, np.nan, 65])
    assert "not known" in figures.STATED


def test_a_model_whose_flags_are_all_the_same_has_no_panel_of_consistency(labels):
    found = live_cells()
    steady = live_cells(model="steady")
    alike = steady["item"] == "live_consistency"
    steady.loc[alike, ["value", "ci_low", "ci_high"]] = 100
    both = data(labels, found, steady, models=(LIVE, "steady"))
    assert [axes.get_title(loc="left") for axes in figures.consistency(both).axes] == [LIVE]
    assert figures.consistency(data(labels, steady, models=("steady",))) is None


def test_a_taught_model_is_drawn_as_a_model_of_its_own(labels):
    taught = live_cells().assign(method=lambda found: found["method"] + analyze.TAUGHT)
    both = data(labels, live_cells(), taught)
    titles = [axes.get_title(loc="left") for axes in figures.live_refusals(both).axes]
    assert titles == [LIVE, f"{LIVE}{analyze.TAUGHT}"]
    (axes,) = figures.live_log_odds(both).axes
    lines = {bars.get_label(): bars.lines[0].get_ydata() for bars in axes.containers}
    assert list(lines) == titles
    assert lines[LIVE].tolist() == [place - 2 for place in range(7)]


def test_judges_have_a_panel_for_each_kind_of_label(whole, labels):
    people, published = figures.judges(whole).axes
    assert [axes.get_title(loc="left") for axes in (people, published)] == [
        "PyRIT human labels",
        "Published replies",
    ]
    sensitivity, specificity = heights(people).values()
    assert sensitivity == [60 + place for place in range(len(analyze.JUDGES))]
    assert specificity == [90] * len(analyze.JUDGES)
    assert people.get_xticklabels()[0].get_text() == f"{analyze.JUDGES[0]}\nκ 0.40"
    assert len(published.get_xticklabels()) == 3
    only = data(labels, live_cells(), judge_cells([analyze.PEOPLE]))
    assert len(figures.judges(only).axes) == 1


def test_a_figure_without_scores_is_left_out_and_said(labels, tmp_path, capsys):
    with atomic(tmp_path / "figures") as folder:
        folder.mkdir()
        (folder / "judges.png").write_text("of an earlier run")
    drawn = draw(data(labels, live_cells()), tmp_path / "figures")
    assert "judges" not in drawn
    assert not (tmp_path / "figures" / "judges.png").exists()
    assert "judges: not drawn" in capsys.readouterr().err
