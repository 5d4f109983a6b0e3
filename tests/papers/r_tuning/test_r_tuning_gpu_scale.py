"""The scale `gpu` on real benchmark rows, cut down to what a CPU does in a minute: few rows, a
random model, one seed. Its own settings otherwise: five-shot MMLU, both protocols, Vanilla-U."""

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.mirror]


@pytest.fixture(scope="module")
def results(gpu_on_few_rows):
    def cut_down(gpu, _smoke):
        for task in gpu["tasks"].values():
            task.update(train=24, id_test=30, ood_test=58)
        gpu["unanswerable"] = dict.fromkeys(gpu["unanswerable"], 6)
        kept = ("vanilla", "r-tuning", "r-tuning-official", "r-tuning-u")
        gpu["variants"] = {name: {**gpu["variants"][name], "seeds": [0]} for name in kept}
        gpu["variants"]["vanilla"]["sampled"] = [0]
        gpu["training"].update(precision="fp32", max_length=400, effective_batch_size=8)
        gpu.update(samples=2, batch_size=32)

    return gpu_on_few_rows("r_tuning", cut_down)


def test_both_tasks_fill_table_1_and_2(results):
    cells = pd.read_csv(results / "cells.csv")
    sets = {f"{task} {domain}" for task in ("ParaRel", "MMLU") for domain in ("ID", "OOD")}
    table2 = cells[(cells["item"] == "table2") & (cells["metric"] == "ap")]
    assert set(table2["dataset"]) == sets
    assert set(table2["method"]) == {"R-Tuning", "R-Tuning-U", "Vanilla-C", "Vanilla-U"}
    counts = table2.groupby("dataset")["n"].max()
    assert (counts["MMLU ID"], counts["MMLU OOD"]) == (30, 58)
    table15 = cells[cells["item"] == "table15"]
    assert set(table15["method"]) == {"R-Tuning-U", "Vanilla-C"}


def test_a_random_model_picks_letters_by_chance(results):
    """Accuracy on MMLU near one in four: below 60 % of 88 questions by any luck."""
    scores = pd.read_parquet(results / "scores" / "random-llama" / "mmlu" / "vanilla-s0.parquet")
    assert set(scores["prediction"]) <= set("ABCD")
    assert scores["correct"].mean() < 0.6
    assert (scores["answer_confidence"] >= 0.25 - 1e-6).all()


def test_refusals_are_asked_on_both_halves(results):
    cells = pd.read_csv(results / "cells.csv")
    table3 = cells[(cells["item"] == "table3") & (cells["method"] == "R-Tuning")]
    halves = {
        f"{name}{half}" for name in ("FalseQA", "NEC", "SelfAware") for half in ("", " answerable")
    }
    assert set(table3["dataset"]) == halves


def test_no_benchmark_text_is_in_what_would_be_committed(results):
    """Scores carry ids, flags and what the model said, not the rows they are about."""
    columns = set(
        pd.read_parquet(results / "scores" / "random-llama" / "pararel" / "base.parquet").columns
    )
    assert columns.isdisjoint({"question", "answers", "options", "gold"})
