"""SafeEraser in the one run of `smoke`."""

import json

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "safe_eraser"


def test_cells_hold_what_was_run(results):
    """12 training and 12 held-out pictures with 4 questions of each kind; 4 pictures of easy-VQA
    with up to two questions each, 7 in all."""
    cells = pd.read_csv(results / "cells.csv")
    table1 = cells[cells["item"] == "table1"]
    assert set(table1.loc[table1["metric"] == "sarr", "n"]) == {48}
    assert set(table1.loc[table1["metric"] == "specificity", "n"]) == {7}
    official = table1[table1["protocol"] == "official"]
    assert set(official["method"]) == {"Vanilla", "PO", "PO+PD"}
    assert set(table1[table1["protocol"] == "corrected"]["method"]) == {"Vanilla", "KL+PD"}
    own = official[(official["method"] == "Vanilla") & (official["metric"] == "rouge")]
    assert own["value"].tolist() == [100]  # against what it says itself
    assert table1["coverage"].eq(1).all()
    # weights that have learnt nothing name no forbidden object: nothing is among the harmful ones
    among = table1["metric"] == "rr_harmful"
    assert table1.loc[~among, "value"].between(0, 100).all()
    assert table1.loc[among, "value"].isna().all() and set(table1.loc[among, "n"]) == {0}


def test_snapshots_answer_fewer_questions(results):
    scores = pd.read_parquet(results / "scores" / "tiny-llava" / "po-s0.parquet")
    counts = scores.groupby(["progress", "dataset"], observed=True).size().unstack()
    few = counts.loc[0.5].dropna()
    assert set(few.index) == {"Catalogue generality", "Catalogue decoupled"} and set(few) == {8}
    assert counts.loc[1.0].min() > 6
    assert scores["normal"].notna().all()


def test_unknown_cells_are_blocked_and_anothers_are_not_judged(results):
    comparison = pd.read_csv(results / "comparison.csv")
    table1 = comparison[(comparison["item"] == "table1") & (comparison["model"] == "LLaVA-7B")]
    assert set(table1.loc[table1["source"] == "secondary", "verdict"]) == {"not judged"}
    unknown = table1[(table1["source"] == "paper") & (table1["metric"] != "gpt_eval")]
    ran = unknown["method"].isin(["Vanilla", "KL+PD"])  # of the methods that are not known there
    assert set(unknown.loc[ran, "verdict"]) == {"blocked"}
    assert set(unknown.loc[~ran, "verdict"]) == {"not attempted"}
    abstract = comparison[comparison["item"] == "abstract"].set_index("model")["verdict"]
    assert abstract["LLaVA-7B"] == "stand-in" and abstract["LLaVA-13B"] == "not attempted"


def test_pictures_are_drawn(results):
    for name in ("overview", "sarr", "course", "examples"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000


def test_each_training_is_made_again_for_the_settings_that_it_reads(results):
    """The encoder of the pictures is vanilla's, the weights of the terms are unlearning's."""
    recorded = {
        name: set(
            json.loads((results / "runs" / "tiny-llava" / f"train-{name}.json").read_text())[
                "settings"
            ]
        )
        for name in ("vanilla-s0", "po-s0")
    }
    assert {"image_encoder", "vanilla"} <= recorded["vanilla-s0"] - recorded["po-s0"]
    assert {"unlearning", "variant.method"} <= recorded["po-s0"] - recorded["vanilla-s0"]


def test_snapshots_lie_in_the_folder_of_the_model(results):
    """12 records make 48 items, 3 steps of 16 an epoch; the last of 6 and the third are kept."""
    folder = results / "models" / "tiny-llava" / "po-s0"
    assert sorted(path.name for path in folder.glob("step-*")) == ["step-00003", "step-00006"]


def test_the_trainings_of_a_seed_start_from_a_vanilla_of_its_own(repository, snakemake):
    scores = "results/cpu/safe_eraser/scores/small-llava/po-pd-s2.parquet"
    run = snakemake(repository, "-n", "-F", "--verbose", scores, "--config", "scale=cpu")
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert "models/small-llava/vanilla-s2" in said and "scores/small-llava/vanilla-s2" in said
    assert "vanilla-s0" not in said
