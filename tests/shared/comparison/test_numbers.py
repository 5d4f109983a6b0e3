import numpy as np
import pandas as pd
import pytest

from shared.comparison.findings import Finding
from shared.comparison.numbers import examples, numbers

REPORTED = pd.DataFrame(
    [("A", "", "easy", "rate", 60.0), ("B", "", "easy", "rate", 45.0), ("B", "", "easy", "n", 9.0)],
    columns=["model", "method", "dataset", "metric", "value"],
)
OURS = REPORTED.assign(
    n=[40, 50, 50], draws=[np.array([59, 61.0]), np.array([50, 40.0]), np.array([9, 9.0])]
)


def test_a_number_is_a_value_and_its_draws():
    found = numbers(OURS, "rate")
    assert [key for key, _ in found.items()] == [("A", "", "easy"), ("B", "", "easy")]
    lead = found["A", "", "easy"] - found["B", "", "easy"]
    assert lead.tolist() == [15, 9, 21]  # 60 - 45, then 59 - 50 and 61 - 40
    finding = Finding.of_number(1, 1, lead, "a note", 50)
    assert (finding.effect, finding.n, finding.note) == (15, 50, "a note")
    # percentiles 2.5 and 97.5 of two draws that are 12 apart
    assert finding.interval == pytest.approx((9 + 0.025 * 12, 21 - 0.025 * 12))


def test_numbers_of_the_paper_have_no_draws_and_count_alone():
    found = numbers(REPORTED, "rate")
    assert [number.tolist() for number in found] == [[60], [45]]
    finding = Finding.of_number(1, 1, found.iloc[0] - found.iloc[1], "a note", 50)
    assert (finding.in_direction, finding.total, finding.test) == (1, 1, "count")
    assert np.isnan(finding.effect) and finding.n == 0


def test_no_cells_no_numbers():
    assert len(numbers(OURS, "other")) == 0
    assert examples(OURS, "other", "easy") == 0


def test_examples_are_those_of_the_cell_with_most():
    assert examples(OURS, "rate", "easy") == 50
    assert examples(REPORTED, "rate", "easy") == 0
