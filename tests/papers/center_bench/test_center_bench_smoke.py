"""CenterBench in the one run of `smoke`."""

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


def test_two_sentences_of_each_kind_are_asked_and_scored(repository):
    """Two sentences of each subset and level, six questions each about the middle noun. The
    oracle reads the sentence as it is; random weights answer nothing."""
    folder = repository / "results" / "smoke" / "center_bench"
    cells = pd.read_csv(folder / "cells.csv")
    whole = cells[(cells["item"] == "accuracy_by_subset") & (cells["metric"] == "accuracy")]
    assert set(whole["n"]) == {2 * 6 * 6}
    assert set(whole["dataset"]) == {
        f"Generated {s}" for s in ("plausible", "implausible", "matched")
    }
    value = whole.groupby("model")["value"]
    assert set(value.get_group("Oracle parser")) == {100}
    assert value.get_group("random-llama").max() < 30
    assert value.get_group("Nearest verb").max() < 100
    assert set(whole["protocol"]) == {"corrected", "official"}
    scores = pd.read_parquet(folder / "scores" / "random-llama" / "plain.parquet")
    assert len(scores) == 3 * 72 and scores["correct_strict"].notna().all()
    assert (folder / "figures" / "gap_by_level.png").stat().st_size > 5000
