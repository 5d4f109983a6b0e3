"""The claims of RoleRef on made-up scores and on the paper's own numbers."""

import pytest

from papers.roleref.settings import TYPES
from shared.comparison.analysis import load_analysis
from shared.comparison.verdicts import verdicts
from tests.papers.roleref.conftest import PROBED, write_scores


@pytest.fixture(scope="module")
def judged(analysis):
    return verdicts(analysis).set_index(["id", "protocol"])


def judged_with(tmp_path, probed):
    write_scores(tmp_path, probed=probed)
    return verdicts(load_analysis("roleref", "cpu", tmp_path)).set_index(["id", "protocol"])


def test_claims_on_scores_that_are_as_the_paper_says(judged):
    corrected = judged.xs("corrected", level="protocol")
    assert set(corrected.index[corrected["verdict"] == "holds"]) >= {"c3", "c4", "c8"}
    of_one_run = {"c6b", "c6d", "c7a", "c7b"}  # LoRA and full fine-tuning with one seed
    assert of_one_run <= set(corrected.index[corrected["verdict"] == "one run"])
    # conflicts: 50 and 25 % of contextual ones, 12.5 and 12.5 % of parametric ones
    assert corrected.loc["c1", "effect"] == 12.5  # the weakest pair, 25 over 12.5
    assert corrected.loc["c2", "effect"] == 25  # each step is two of eight questions
    assert corrected.loc["c4", "effect"] == 37.5
    assert corrected.loc["c9", "verdict"] == "blocked"  # one model
    assert corrected.loc["c8", "test"] == "exact"


@pytest.mark.parametrize("says", ["conflict", "answerable"])
def test_a_constant_probe_upholds_no_claim(tmp_path, says):
    """One that calls all a conflict is right on all of them, and the cap of 7/8 alone puts absent
    ones last; one that calls all answerable is right on under 50 % of the parametric ones."""
    right = {t: 8 * ((t == "answerable") == (says == "answerable")) for t in TYPES}
    found = judged_with(tmp_path, right)
    for id in ("c2", "c3", "c4"):
        for protocol in ("official", "corrected"):
            row = found.loc[id, protocol]
            assert row["verdict"] == "not testable", (id, protocol)
            assert row["note"].startswith("says something only if probe_accuracy")


def test_methods_are_not_compared_by_a_probe_that_says_one_thing(tmp_path):
    """After editing all is called a conflict, which is right on more conflicts than FT's probe."""
    found = judged_with(tmp_path, PROBED | {"answerable": 0, "fake": 8})
    for id in ("c7a", "c7b"):
        assert found.loc[(id, "corrected"), "verdict"] == "not testable"


def test_an_order_that_only_the_cap_makes_is_no_finding(tmp_path):
    """False and absent conflicts are told equally well, 6 of 8; officially, with one of eight roles
    counted as wrong, absent ones seem to come last."""
    found = judged_with(tmp_path, PROBED | {"fake": 6, "absent": 6, "context_conflict": 7})
    official, corrected = (found.loc["c2", protocol] for protocol in ("official", "corrected"))
    assert official["verdict"] == "not testable" and "uncapped_accuracy" in official["note"]
    assert corrected["verdict"] != "holds"


def test_claims_on_the_papers_own_numbers(judged):
    """As the fact sheet counts them: the order and the gap in 4 of 4 models, editing over FT in 11
    of 12 cells, over LoRA in 6 of 12."""
    own = judged.xs("corrected", level="protocol")[["reported_in_direction", "reported_pairs"]]
    counts = {id: tuple(row) for id, row in own.iterrows()}
    for id in ("c2", "c3", "c4", "c9"):
        assert counts[id] == (4, 4)
    assert counts["c7a"] == (11, 12)
    assert counts["c7b"][1] == 12 and 0 < counts["c7b"][0] < 12
    for id in ("c1", "c5a", "c6a", "c8"):
        assert counts[id] == (0, 0)
