"""my_paper in the one run of `smoke`."""

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow


def test_every_method_was_run_and_the_claim_has_a_verdict(repository):
    results = repository / "results" / "smoke" / "my_paper"
    cells = pd.read_csv(results / "cells.csv").set_index("method")
    assert cells["seeds"].to_dict() == {"Untuned": 1, "Tuned": 2}
    assert set(cells["n"]) == {32} and set(cells["model"]) == {"random-llama"}
    assert cells["value"].between(10, 90).all()  # random weights guess: 50 on average
    claims = pd.read_csv(results / "claims.csv").set_index("id")
    assert claims.loc["c1", "verdict"] in {"holds", "fails", "inconclusive"}
    assert (results / "figures" / "figure1.png").stat().st_size > 5000
