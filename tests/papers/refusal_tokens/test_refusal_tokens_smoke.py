"""Refusal Tokens in the one run of `smoke`."""

import json

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "refusal_tokens"


def test_cells_hold_every_rule(results):
    cells = pd.read_csv(results / "cells.csv")
    thresholds = cells[cells["item"] == "thresholds"]
    for name in ("One token", "Category tokens"):
        found = thresholds[thresholds["method"] == f"{name}, t = 0.5"]
        assert set(found["protocol"]) == {"official", "corrected"}
        assert set(found["n"]) == {20, 12}  # 5 categories x 4 to refuse, 3 x 4 contrast
    assert "Category tokens, sum, t = 0.5" in set(thresholds["method"])
    assert "One token, bias +5" in set(thresholds["method"])
    control = cells[cells["item"] == "control"]
    assert len(control) == 6 * 5 and set(control["n"]) == {4}
    one = cells[(cells["item"] == "refusal_f1") & (cells["method"] == "One token")]
    assert set(one["metric"]) == {"f1", "f1_token", "f1_always", "tpr", "fpr"}
    # always refusing 20 of 32: 2 x 20 / (2 x 20 + 12) = 0.7692
    assert set(cells.loc[cells["metric"] == "f1_always", "value"]) >= {0.7692}
    assert {"Temporal"} == set(cells.loc[cells["item"] == "temporal", "method"]) - {"Untuned"}
    assert cells["coverage"].eq(1).all()


def test_probabilities_are_of_real_added_tokens(results):
    """Each variant has its own tokens in its own tokenizer, and probabilities of them in its
    scores."""
    scores = pd.read_parquet(results / "scores" / "random-llama" / "categories-contrast-s0.parquet")
    chances = scores.filter(regex="^p1_")
    assert chances.shape[1] == 6
    assert ((chances > 0) & (chances < 1)).all(axis=None)
    assert (chances.sum(axis=1) <= 1 + 1e-6).all()
    hotter = scores.filter(regex="^p2_").to_numpy()
    assert not np.allclose(chances.to_numpy(), hotter)
    folder = results / "models" / "random-llama" / "categories-contrast-s0"
    added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    names = [token["content"] for token in added]
    assert " [Requests with safety concerns]" in names and " [refuse]" not in names
    assert (folder / "adapter_model.safetensors").stat().st_size < 1e6  # not all embeddings


def test_no_text_of_an_instruction_or_reply_is_kept(results):
    paths = [*(results / "scores").glob("*/*.parquet")]
    assert paths
    for path in paths:
        columns = set(pd.read_parquet(path).columns)
        assert columns.isdisjoint({"instruction", "reply", "text", "prompt"})


def test_the_papers_unknown_cells_are_blocked(results):
    comparison = pd.read_csv(results / "comparison.csv")
    own = comparison[comparison["source"] == "paper"]
    assert set(own["verdict"]) == {"blocked"}
    assert (comparison.loc[comparison["source"] != "paper", "verdict"] == "not judged").all()


def test_a_checkpoint_trained_without_the_tokens_is_one_line(
    results, repository, program, tmp_path
):
    run = program(
        repository, "papers.refusal_tokens.evaluate", "--scale", "smoke", "--variant",
        "one-contrast", "--seed", "0", "--data", results / "data",
        "--trained", results / "models" / "random-llama" / "none-contrast-s0",
        "--out", tmp_path / "scores.parquet", "--record", tmp_path / "run.json",
    )  # fmt: skip
    assert run.returncode == 1 and "Traceback" not in run.stderr
    line = run.stderr.strip().splitlines()[-1]
    assert line == (
        "error: the tokenizer of the trained model has no token ' [respond]', it splits it into 3"
    )
    assert not (tmp_path / "scores.parquet").exists()


def test_contrast_data_are_set_against_as_many_ordinary_rows(results):
    """Every general model of the scale has learnt as many rows, and none that is tested."""
    records = (results / "runs" / "random-llama").glob("train-*-contrast-s0.json")
    learnt = {json.loads(path.read_text())["examples"] for path in records}
    rows = [json.loads(line) for line in (results / "data" / "train.jsonl").open()]
    parts = pd.Series([row["part"] for row in rows]).value_counts()
    assert parts["more"] == parts["contrast"] and len(learnt) == 1
    assert json.loads((results / "runs" / "data.json").read_text())["left out of training"] == {}
