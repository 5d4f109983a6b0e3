"""Cells from scores written by hand, and reported numbers that speak of cells that exist."""

import pandas as pd

from papers.my_paper.analyze import ITEMS, METRICS, groups
from shared.comparison.cells import cells
from shared.comparison.reported import read_reported
from shared.comparison.scores import write_scores
from shared.settings import load_settings

SMOKE = load_settings("my_paper", "smoke")


def test_accuracy_is_the_mean_over_seeds(tmp_path):
    """Tuned: 3 of 4 and 2 of 4 right, (75 + 50) / 2 = 62.5. Untuned: 1 of 4, 25."""
    scores = {"base-s0": "1000", "tuned-s0": "1110", "tuned-s1": "0011"}
    for name, marks in scores.items():
        correct = [mark == "1" for mark in marks]
        rows = pd.DataFrame({"id": list("abcd"), "correct": correct})
        write_scores(rows, tmp_path / f"{name}.parquet")
    found = cells(groups(tmp_path, SMOKE), ITEMS, METRICS).set_index("method")
    assert found["value"].to_dict() == {"Untuned": 25.0, "Tuned": 62.5}
    assert found["seeds"].to_dict() == {"Untuned": 1, "Tuned": 2}


def test_reported_numbers_speak_of_cells_that_exist():
    reported = read_reported("my_paper")
    items = {(item.item, method) for item in ITEMS for method in item.methods}
    assert {(row.item, row.method) for row in reported.itertuples()} <= items
    assert set(reported["metric"]) <= set(METRICS)
