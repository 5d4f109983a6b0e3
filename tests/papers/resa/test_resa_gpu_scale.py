"""ReSA's scale `gpu` on the real XSTest and OKTest, cut down to what a CPU does in a minute: few
rows, a random model, one seed, no harness. Its own settings otherwise."""

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.mirror]


@pytest.fixture(scope="module")
def results(gpu_on_few_rows):
    def cut_down(gpu, smoke):
        gpu["queries"], gpu["facts"] = smoke["queries"], smoke["facts"]
        gpu["tests"].update(harmful=7, benign=7, adversarial_benign=7)
        gpu["tests"]["benchmarks"] = {"xstest": 12, "oktest": 9}
        gpu["tests"]["abilities"] = {"MMLU": 57, "MATH500": 3, "HumanEval": 2}
        kept = ("resa-sft", "deliberative", "resa-rl")
        gpu["variants"] = {name: {**gpu["variants"][name], "seeds": [0]} for name in kept}
        gpu["training"].update(precision="fp32", epochs=1)
        gpu["reinforcement"].update(smoke["reinforcement"], precision="fp32")
        gpu.update(reply_tokens=12, whole_tokens=12, opening_tokens=6, batch_size=64)

    return gpu_on_few_rows("resa", cut_down)


def test_xstest_and_oktest_are_the_papers_own_data_sets(results):
    cells = pd.read_csv(results / "cells.csv", keep_default_na=False)
    table3 = cells[(cells["item"] == "table3") & (cells["method"] == "Base")]
    counts = table3.set_index("dataset")["n"].astype(int)
    assert counts[["XSTest", "OKTest"]].tolist() == [12, 9]
    assert counts[["MMLU", "MATH500", "HumanEval"]].tolist() == [57, 3, 2]
    comparison = pd.read_csv(results / "comparison.csv", keep_default_na=False)
    beside = comparison[(comparison["item"] == "table3") & (comparison["our_dataset"] == "XSTest")]
    assert set(beside["verdict"]) == {"stand-in"}  # of the model alone
    assert set(beside["reason"]) == {"random-llama for Llama3.1-8B-Instruct"}


def test_full_weights_go_from_step_to_step(results):
    """At gpu nothing is an adapter: reinforcement goes on from whole weights."""
    for name in ("resa-sft-s0", "resa-rl-s0"):
        files = {path.name for path in (results / "models" / "random-llama" / name).iterdir()}
        assert "model.safetensors" in files and "adapter_config.json" not in files


def test_no_benchmark_text_is_in_what_would_be_committed(results):
    paths = [*(results / "scores").rglob("*.parquet")]
    assert paths
    for path in paths:
        columns = set(pd.read_parquet(path).columns)
        assert columns.isdisjoint({"prompt", "asks", "reply", "answer", "summary", "analysis"})
