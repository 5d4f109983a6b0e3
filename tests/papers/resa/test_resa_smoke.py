"""ReSA at scale `smoke`, in the run that all tests of the workflow share."""

import json

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "resa"


def test_every_attack_and_average_has_its_cells(results):
    cells = pd.read_csv(results / "cells.csv", keep_default_na=False)
    table2 = cells[cells["item"] == "table2"]
    average = "Attacks of Table 2"
    sets = {"House rules, None", "House rules, PAP", "House rules, DeepInception", average}
    assert set(table2["dataset"]) == sets
    assert set(table2["method"]) == {
        "Base", "Post-hoc (embedding guard)", "WJ-SFT", "ReSA-SFT", "ReSA-RL",
    }  # fmt: skip
    counts = table2.set_index("dataset")["n"].astype(int).groupby("dataset").agg(set)
    assert counts.to_dict() == {name: {21 if name == average else 7} for name in sets}
    table13 = cells[(cells["item"] == "table13") & (cells["method"] == "ReSA-SFT")]
    assert "Attacks of Table 13+Prefilling" in set(table13["dataset"])
    curve = cells[cells["item"] == "figure4"]
    assert set(curve["dataset"]) >= {"no data", "16 samples", "all samples (ReSA-SFT)"}


def test_random_weights_write_no_check_and_answer_nothing(results):
    """A random model's replies have no check, and what they show refuses nothing. Without training
    it knows nothing, and the post-hoc filter still works."""
    cells = pd.read_csv(results / "cells.csv", keep_default_na=False)
    value = cells.set_index(["item", "method", "dataset", "metric"])["value"].astype(float)
    assert value["checks", "ReSA-SFT", "All attacks", "well_formed"] == 0
    assert value["table2", "ReSA-SFT", "Attacks of Table 2", "dsr"] == 0
    assert value["table16", "ReSA-RL", "Attacks of Table 13", "summary_safety"] == 0
    assert value["table2", "Base", "Attacks of Table 2", "dsr"] == 0
    assert value["table3", "Base", "Facts", "accuracy"] == 0
    assert value["table2", "Post-hoc (embedding guard)", "Attacks of Table 2", "dsr"] > 0


def test_the_data_record_shows_what_the_filters_dropped(results):
    record, wild = json.loads((results / "data" / "sources.json").read_text())
    assert (record["id"], wild["id"]) == ("ReSA samples", "WildJailbreak")
    dropped = {name: n for name, n in record["rows"].items() if name.startswith("dropped")}
    assert len(dropped) == 4 and sum(dropped.values()) > 0
    assert record["route"] == ["generated"]


def test_reinforcement_records_its_curve(results):
    record = json.loads((results / "runs" / "random-llama" / "train-resa-rl-s0.json").read_text())[
        "training"
    ]
    assert record["steps"] == 2 and record["completions"] == 8
    assert [set(step) for step in record["curve"]] == [
        {"reward", "plan", "answer", "format", "refusal"}
    ] * 2
    assert record["flat_groups"] == record["groups"] == 4  # random weights never earn anything
    assert record["unscored"] == 0
    assert record["kept_after_updates"] == 0  # no step earned more than the first
    assert (results / "models" / "random-llama" / "resa-rl-s0" / "adapter_config.json").is_file()


def test_figures_and_claims(results):
    for name in ("attacks", "pareto", "figure4", "checks", "judges", "reward"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000
    claims = pd.read_csv(results / "claims.csv", keep_default_na=False).set_index("id")
    assert claims.loc["c8b", ["reported_in_direction", "reported_pairs"]].astype(int).tolist() == [
        6,
        8,
    ]
    assert claims.loc[["c1b", "c4a", "c12", "c18b"], "verdict"].eq("blocked").all()
    audit = pd.read_csv(results / "audit.csv", keep_default_na=False)
    wrong = audit[(audit["check"] == "average") & (audit["agrees"] == "no")]
    assert "93.27" in set(wrong["printed"]) and "92.6000" in set(wrong["recomputed"])
