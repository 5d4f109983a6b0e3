"""Scale `paper` from made-up scores: cells of several models, and the figures that show them."""

import pandas as pd
import pytest

from papers.kie_hvqa import figures
from papers.kie_hvqa.official import NAME
from papers.kie_hvqa.scoring import scores
from papers.kie_hvqa.settings import OCRBENCH
from shared.comparison import results as comparison
from shared.comparison.analysis import load_analysis
from shared.comparison.reported import read_reported
from shared.comparison.scores import write_scores
from shared.plots.__main__ import draw_all
from shared.plots.results import load_results
from shared.settings import load_settings

MODELS = ("Qwen2.5-VL-7B", "InternVL3-8B", "GPT-4o")
TRUTH = '{"clear Char-level OCR": "5g", "not clear enough Char-level OCR": "", "Final OCR": "%s"}'
ROWS = [
    {"id": f"{name}/{i}", "dataset": name, "answer": answer, "tags": ""}
    for name, answer in [(NAME, TRUTH % "5g"), *((each, '["5g"]') for each in OCRBENCH.values())]
    for i in range(4)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a run of three of the models leaves: InternVL's is wrong everywhere."""
    out = tmp_path_factory.mktemp("kie_hvqa")
    for model in MODELS:
        for name in load_settings("kie_hvqa", "paper", model).scores():
            reply = TRUTH % ("xx" if model == "InternVL3-8B" else "5g")
            made = scores(ROWS, [reply] * len(ROWS))
            write_scores(made, out / "scores" / model / f"{name}.parquet")
    analysis = load_analysis("kie_hvqa", "paper", out)
    cells = comparison.our_cells(analysis)
    comparison.write({"cells": cells, **comparison.frames(analysis, cells)}, out)
    (out / "data").mkdir()
    pd.DataFrame({"subset": [""], "tags": [""]}).to_parquet(out / "data" / "test.parquet")
    return out


@pytest.fixture(scope="module")
def results(folder):
    return load_results("kie_hvqa", "paper", folder)


def test_cells_meet_the_printed_ones_under_the_papers_names(folder):
    """The mean of all official rows is the paper's Average, and nothing stands in for anything."""
    made = pd.read_csv(folder / "comparison.csv", keep_default_na=False)
    ours = made[(made["item"] == "table1") & (made["our_model"] != "")]
    assert set(ours["dataset"]) == {"Average"} and set(ours["model"]) == set(MODELS)
    assert len(ours) == (3 + 1 + 1) * 4  # three printed rows of one model, one of each other
    assert "stand-in" not in set(ours["verdict"])


def test_right_answers_of_ocrbench_meet_table_2(folder):
    """All printed numbers of two models: three parts, of Qwen untrained and trained."""
    made = pd.read_csv(folder / "comparison.csv", keep_default_na=False)
    ours = made[(made["item"] == "table2") & (made["our_model"] != "")]
    assert set(ours["dataset"]) == set(OCRBENCH.values())
    assert ours.groupby("model").size().to_dict() == {"Qwen2.5-VL-7B": 6, "GPT-4o": 3}
    assert set(ours["value"].astype(float)) == {200}
    assert "stand-in" not in set(ours["verdict"])


def test_the_gain_over_gpt_4o_meets_both_abstracts(folder):
    """Right everywhere, as GPT-4o is here: no gain."""
    made = pd.read_csv(folder / "comparison.csv", keep_default_na=False)
    ours = made[made["item"].isin(["headline", "headline_arxiv"])]
    assert ours["reported"].tolist() == [28, 22] and ours["unit"].tolist() == ["%", "%"]
    assert ours["value"].astype(float).tolist() == [0, 0]


def test_the_claims_on_other_models_can_be_judged(folder):
    claims = pd.read_csv(folder / "claims.csv", keep_default_na=False).set_index("id")
    verdicts = claims.loc[["k1", "k1-eq3", "k4", "k4-eq3", "k7"], "verdict"]
    assert "blocked" not in set(verdicts)
    assert claims.loc["k1", "pairs"] == 2  # InternVL3-8B and GPT-4o, and not Qwen's untrained self


def test_each_model_has_its_bars(results):
    fig = figures.table1(results)
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert names == [
        "Qwen2.5-VL-7B, Zero-shot",
        "InternVL3-8B, Zero-shot",
        "GPT-4o, Zero-shot",
        "Qwen2.5-VL-7B, SFT",
        "Qwen2.5-VL-7B, SFT+RL",
        "Qwen2.5-VL-7B, SFT+RL (Eq. 3)",
        "the paper",
    ]
    bars = {each.get_label(): each for each in fig.axes[2].containers if each.get_label()[0] != "_"}
    assert [patch.get_height() for patch in bars["InternVL3-8B, Zero-shot"]] == [0]
    assert [patch.get_height() for patch in bars["Qwen2.5-VL-7B, SFT"]] == [100]
    colours = {each.patches[0].get_facecolor() for each in bars.values()}
    assert len(colours) == len(bars)


def test_alone_a_model_is_not_named_in_the_legend(results):
    fig = figures.table1(results.only("Qwen2.5-VL-7B"))
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert names == ["Zero-shot", "SFT", "SFT+RL", "SFT+RL (Eq. 3)", "the paper"]


def test_the_papers_numbers_are_marked_at_the_bars(results, folder):
    """GPT-4o on all subsets."""
    printed = read_reported("kie_hvqa").query(
        "item == 'table1' and metric == 'clear' and dataset == 'Average' and model == 'GPT-4o'"
    )
    fig = figures.table1(results.only("GPT-4o"))
    marks = next(line for line in fig.axes[0].get_lines() if line.get_marker() == "D")
    assert marks.get_ydata().tolist() == printed["number"].tolist()
    assert draw_all("kie_hvqa", results.only("GPT-4o"), folder / "figures") == ["table1"]


def test_what_a_scale_has_no_numbers_for_is_not_drawn(results):
    """A model that is only asked has no reward; the authors' rows have no tags and no lines."""
    asked = results.only("InternVL3-8B")
    assert figures.rewards(asked) is None
    assert figures.examples(asked) is None
    assert figures.legibility(results) is None
    assert figures.rates(results) is None
