"""Forbidden Science in the one run of `smoke`."""

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


def test_labels_are_counted_and_a_live_model_is_asked(repository):
    """The published labels as in the fact sheet; the live model is asked 17 prompts six times."""
    folder = repository / "results" / "smoke" / "forbidden_science"
    comparison = pd.read_csv(folder / "comparison.csv").set_index(["item", "model", "metric"])
    claude = comparison.loc[("abstract", "Claude-3.5-sonnet", "refusal_rate")]
    assert (claude["value"], claude["verdict"]) == (74.4141, "match")
    assert "off by +1.414" in claude["reason"]
    claims = pd.read_csv(folder / "claims.csv").set_index("id")["verdict"]
    assert claims[["c1", "c2", "c3", "c4", "c6", "c7a", "c8a"]].eq("holds").all()
    live = pd.read_parquet(folder / "scores" / "random-llama" / "base-s0.parquet")
    assert len(live) == 17 * 6
    assert live.loc[live["label_only"], "reply_words"].isna().all()
    judged = pd.read_parquet(folder / "scores" / "judges.parquet")
    assert judged.groupby("judge").size().eq(169).all() and judged["judge"].nunique() == 4
