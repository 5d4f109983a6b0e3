"""R-Tuning at scale `smoke`, as Snakemake ran it in a copy of the repository."""

import re
import shutil

import pandas as pd
import pytest

from shared.comparison.analysis import load_analysis
from shared.comparison.results import frames, our_cells

pytestmark = pytest.mark.workflow


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "r_tuning"


def test_cells_hold_what_was_run(results):
    cells = pd.read_csv(results / "cells.csv")
    table1 = cells[(cells["item"] == "table1") & (cells["metric"] == "ap")]
    found = set(zip(table1["method"], table1["dataset"], table1["protocol"], strict=True))
    expected = {
        (m, f"Facts {d}", "corrected") for m in ("R-Tuning", "Vanilla") for d in ("ID", "OOD")
    }
    assert found >= expected
    assert ("R-Tuning", "Facts ID", "official") in found
    assert set(table1["model"]) == {"random-llama"}
    assert set(table1["n"]) == {32} and set(table1["coverage"]) == {1.0}
    vanilla = cells[(cells["item"] == "table8") & (cells["method"] == "Vanilla")]
    assert len(vanilla) and set(vanilla["seeds"]) == {2}
    refusals = cells[cells["metric"] == "refusal_rate"]
    assert {"Invented", "Invented answerable"} == set(refusals["dataset"])
    percent = cells[~cells["metric"].str.startswith(("ece", "perplexity"))]["value"].dropna()
    assert percent.between(0, 100).all()


def test_random_weights_know_nothing(results):
    """A random model's answers match no gold answer: its accuracy is 0 and its AP undefined."""
    cells = pd.read_csv(results / "cells.csv")
    accuracy = cells[(cells["item"] == "figure3") & (cells["method"] == "Pretrain-T")]
    accuracy = accuracy[accuracy["metric"] == "accuracy"]
    assert len(accuracy) and (accuracy["value"] <= 5).all()


def test_smoke_is_never_judged_as_the_paper(results):
    comparison = pd.read_csv(results / "comparison.csv")
    assert set(comparison["verdict"]) <= {"stand-in", "blocked", "not attempted", "not judged"}
    assert (comparison["verdict"] == "stand-in").any()
    ours = comparison[comparison["verdict"] == "stand-in"]
    assert set(ours["our_model"]) == {"random-llama"}


def test_claims_about_size_need_two_sizes(results):
    claims = pd.read_csv(results / "claims.csv")
    claims = claims[claims["protocol"] == "corrected"].set_index("id")
    assert claims.loc["c3a", ["reported_in_direction", "reported_pairs"]].tolist() == [10, 12]
    assert claims.loc["c3b", "verdict"] == "blocked"  # needs two sizes


def test_a_users_own_model_has_its_column_beside_the_papers(results, tmp_path):
    """As if the scores were of a model in a folder: each cell stands beside the printed one of the
    model that the scale's own stands for, and says so."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    shutil.copytree(results / "scores" / "random-llama", tmp_path / "scores" / "mine")
    own = f"path:{tmp_path / 'mine'}"
    analysis = load_analysis("r_tuning", "smoke", tmp_path, own)
    comparison = frames(analysis, our_cells(analysis))["comparison"]
    beside = comparison[comparison["verdict"] == "stand-in"]
    assert len(beside) > 10 and set(beside["our_model"]) == {"mine"}
    assert set(beside["model"]) == {"OpenLLaMA-3B"}
    assert beside["reason"].str.contains("mine for OpenLLaMA-3B").all()


def test_a_damaged_file_is_named(repository, results, program, last_line, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(results / "data", data)
    whole = (data / "facts.jsonl").read_bytes()
    (data / "facts.jsonl").write_bytes(whole[: len(whole) // 2])
    run = program(
        repository, "papers.r_tuning.train", "--scale", "smoke", "--task", "facts",
        "--variant", "vanilla", "--seed", "0", "--data", data, "--out", tmp_path / "model",
        "--record", tmp_path / "run.json",
    )  # fmt: skip
    assert re.search(r"facts\.jsonl:\d+: not a JSON record", last_line(run))
    assert not (tmp_path / "model").exists()


def test_a_missing_mirror_is_one_line(repository, program, last_line, tmp_path):
    run = program(
        repository, "papers.r_tuning.data", "--scale", "gpu", "--out", tmp_path / "data",
        "--record", tmp_path / "run.json",
    )  # fmt: skip
    line = last_line(run)
    assert "pararel" in line and "REPLICATIONS_MIRROR" in line
