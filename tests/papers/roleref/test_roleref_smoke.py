"""RoleRef through Snakemake at scale `smoke`: what was run is in the cells."""

import pandas as pd
import pytest

from papers.roleref.settings import TRAINING_SETS, TYPES
from shared.files import read_json

pytestmark = pytest.mark.workflow


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "roleref"


def test_every_type_is_probed_by_both_protocols(results):
    """Two works, four roles with 4 test questions a type, absent ones of three roles."""
    cells = pd.read_csv(results / "cells.csv")
    probed = cells[cells["item"] == "figure2"]
    assert set(probed["method"]) == set(TRAINING_SETS)
    assert set(probed["protocol"]) == {"official", "corrected"}
    counts = probed[probed["dataset"].isin(TYPES)].groupby("dataset")["n"].unique()
    assert {name: list(n) for name, n in counts.items()} == {
        name: [12 if name == "absent" else 16] for name in TYPES
    }
    absent = probed[(probed["dataset"] == "absent") & (probed["protocol"] == "official")]
    by_method = absent.pivot(index="method", columns="metric", values="value")
    # the cap: one of four roles has none and counts as wrong
    capped = (0.75 * by_method["uncapped_accuracy"]).round(4)
    assert (by_method["probe_accuracy"] - capped).abs().max() < 1e-3


def test_the_embedding_of_the_last_token_says_nothing(results):
    """At layer 0 it is the same for all prompts, so a probe says one thing of everything."""
    cells = pd.read_csv(results / "cells.csv")
    first = cells[cells["dataset"].isin(["non-conflict, layer 0", "contextual, layer 0"])]
    assert set(first["protocol"]) == {"official", "corrected"}
    for _, pair in first.groupby("protocol"):
        assert sorted(pair["value"]) == [0, 100]


def test_methods_are_asked_and_their_cost_is_counted(results):
    cells = pd.read_csv(results / "cells.csv")
    main = cells[(cells["item"] == "main") & (cells["metric"] == "refusal_rate")]
    assert set(main["method"]) == {
        *("Prompting", "Prompting with a signal", "LoRA", "Representation Editing")
    }
    assert set(main["n"]) == {8, 6, 30}  # 2 of each role and type, absent of three, all conflicts
    cost = cells[cells["item"] == "cost"].set_index(["metric", "method", "protocol"])["value"]
    # rank 2 beside q (32 to 32) and v (32 to 16) of two layers: 2 x (128 + 96)
    assert cost["trained_parameters", "LoRA", "official"] == 448
    # the first of two blocks, 30 % of 32 dimensions (9.6), four roles
    assert cost["stored_numbers", "Representation Editing", "corrected"] == 36
    sweep = cells[(cells["item"] == "sweep") & (cells["metric"] == "perplexity")]
    assert sweep["method"].nunique() == 4


def test_no_text_is_in_what_would_be_committed(results):
    paths = list((results / "scores").rglob("*.parquet"))
    assert len(paths) == 8
    for path in paths:
        assert set(pd.read_parquet(path)).isdisjoint({"question", "reply", "target"}), path


def test_every_step_says_what_it_did(results):
    runs = results / "runs" / "random-llama"
    names = ["ask-editing-s0", "ask-lora-official-s0", "ask-prompting-s0", "ask-signal-s0"]
    names += ["evaluate", "sweep", "teach-s0", "train-lora-official-s0"]
    assert sorted(path.stem for path in runs.iterdir()) == names
    records = {name: read_json(runs / f"{name}.json") for name in names}
    asked = records["ask-prompting-s0"]
    assert asked["tokens_per_second"] > 0 and asked["questions"] == 4 * 20 + 4 * 16 + 12
    assert set(records["ask-editing-s0"]["inputs"]) == {"data", "taught", "base"}
    assert len(records["evaluate"]["inputs"]) == 6  # data, four variants, the sweep


def test_figures_are_there(results):
    for name in ("figure2", "figure3", "main", "sweep"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000
