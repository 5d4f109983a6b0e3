"""The scale `gpu` of Refusal Tokens on real rows, cut down to what a CPU does in a minute."""

import json

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.mirror]


@pytest.fixture(scope="module")
def results(gpu_on_few_rows):
    def cut_down(gpu, _smoke):
        gpu["train"] = {"original": 3, "contrast": 3, "ordinary": 8, "temporal": 4, "dated": 4}
        gpu["test"] = {"original": 4, "contrast": 4, "ordinary": 8, "temporal": 6, "dated": 5}
        gpu["test"] |= {"leak": 5, "benchmark": 3}
        kept = ("one-contrast", "categories-contrast", "temporal")
        gpu["variants"] = {name: {"seeds": [0]} for name in kept}
        gpu["training"].update(precision="fp32", effective_batch_size=8)
        gpu["harness"] = dict.fromkeys(gpu["harness"], 0)  # its questions lie on the Hub alone
        gpu.update(batch_size=64, reply_tokens=4, further_judges=["strings:xstest"])

    return gpu_on_few_rows("refusal_tokens", cut_down)


def test_the_test_sets_are_the_papers_own(results):
    cells = pd.read_csv(results / "cells.csv")
    names = {
        "CoCoNot",
        "CoCoNot original",
        "CoCoNot contrast",
        "Temporal",
        "CoCoNot original, safety",
    }
    assert names <= set(cells["dataset"])
    own = cells[(cells["item"] == "independent") & (cells["method"] == "One token")]
    counts = own.drop_duplicates("dataset").set_index("dataset")["n"]
    assert (counts["CoCoNot original"], counts["CoCoNot contrast"]) == (20, 12)
    temporal = cells[(cells["item"] == "temporal") & (cells["method"] == "Temporal")]
    assert set(temporal.loc[temporal["dataset"] == "Other refusals", "n"]) == {5}


def test_benchmarks_are_asked_and_those_without_a_copy_left_out(results):
    """Only XSTest is in the mirror; of the others the user has no copy."""
    cells = pd.read_csv(results / "cells.csv")
    own = cells[(cells["item"] == "independent") & (cells["method"] == "One token")]
    counts = own.drop_duplicates("dataset").set_index("dataset")["n"]
    assert (counts["XSTest safe"], counts["XSTest unsafe"]) == (3, 3)
    assert "AdvBench" not in counts and "Mean refusal" not in set(cells["dataset"])
    sources = json.loads((results / "data" / "sources.json").read_text())
    absent = {each["id"] for each in sources if each["route"] is None}
    assert {"wildguard", "advbench", "do_not_answer"} <= absent


def test_a_further_judge_sees_the_same_replies(results):
    cells = pd.read_csv(results / "cells.csv")
    judged = cells[(cells["item"] == "judges") & (cells["dataset"] == "CoCoNot original")]
    names = {f"One token, judged by {judge}" for judge in ("Phrase rule", "XSTest prefixes")}
    assert names <= set(judged["method"]) and set(judged["n"]) == {20}


def test_no_row_of_the_mirror_is_kept(results):
    paths = [*(results / "scores").glob("*/*.parquet")]
    assert paths
    for path in paths:
        assert set(pd.read_parquet(path).columns).isdisjoint({"instruction", "reply", "prompt"})
