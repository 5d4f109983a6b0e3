"""KIE-HVQA at scale smoke, in the run that all tests of the workflow share."""

import pandas as pd
import pytest

from shared.files import read_json

pytestmark = pytest.mark.workflow
MODEL = "Small OCR-LLaVA"


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "kie_hvqa"


def test_cells_hold_what_was_asked(results):
    cells = pd.read_csv(results / "cells.csv")
    table1 = cells[(cells["item"] == "table1") & (cells["metric"] == "avg")]
    n = table1.set_index(["method", "dataset"])["n"]
    assert n["SFT", "Receipts"] == 8 and n["SFT+RL", "All subsets"] == n["OCR engine"].max() == 16
    assert set(table1["method"]) == {"Zero-shot", "SFT", "SFT+RL", "OCR engine"}
    assert cells.loc[cells["metric"] == "right_answers", "value"].between(0, 200).all()


def test_random_weights_read_nothing_and_the_engine_reads(results):
    """Babble holds no answer, which scores 0; undegraded lines are no trouble for the engine."""
    scores = pd.read_parquet(results / "scores" / MODEL / "base-s0.parquet")
    assert (scores.loc[~scores["valid"], ["clear", "not_clear", "final"]] == 0).all(axis=None)
    assert scores["right"].mean() < 0.2
    engine = pd.read_parquet(results / "scores" / "engine.parquet")
    assert engine.loc[engine["id"].str.startswith("undegraded"), "right"].mean() > 0.8
    read = pd.read_parquet(results / "scores" / "legibility.parquet").groupby("dataset")["read"]
    assert read.mean()["Clear"] > 0.8 > read.mean()["Occluded"]


def test_grpo_recorded_its_reward_and_its_flat_groups(results):
    record = read_json(results / "runs" / MODEL / "train-rl-s0.json")
    assert record["steps"] == len(record["curve"]) == 2
    assert set(record["curve"][0]) == {"reward", "clear", "not_clear", "final", "format"}
    assert record["completions"] == 2 * 2 * 2 and record["flat_groups"] <= record["groups"]


def test_trainings_start_from_each_other(results):
    """Cold start from the reader, GRPO from the cold start; the engine is no model's."""
    starts = {
        name: read_json(results / "runs" / MODEL / f"train-{name}-s0.json")["inputs"]
        for name in ("base", "sft", "rl")
    }
    assert "start" not in starts["base"]
    assert {"start", "features", "data"} <= set(starts["sft"])
    assert starts["rl"]["start"] != starts["sft"]["start"]
    assert starts["rl"]["features"] == starts["sft"]["features"] != starts["base"]["features"]
    assert sorted(path.name for path in (results / "scores").glob("*.parquet")) == [
        "engine.parquet",
        "legibility.parquet",
    ]


def test_figures_are_drawn(results):
    for name in ("table1", "rates", "rewards", "examples", "legibility"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000
