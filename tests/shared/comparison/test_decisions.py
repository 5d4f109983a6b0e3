import math

import numpy as np
import pytest

from shared.comparison.decisions import outcome, settling, threshold, word
from shared.comparison.inference import Inference


def part(p_above, lead=1.0, **more):
    return Inference(lead, (lead - 1, lead + 1), p_above, 1 - p_above, 1.0, 0.0, 50, **more)


def test_each_means_each_so_the_largest_p_counts():
    found = outcome([part(0.001), part(0.01), part(0.0001)])
    assert (found.weakest, found.p, found.fails) == (1, 0.02, False)
    assert word(found, 0.02) == "holds" and word(found, 0.06) == "inconclusive"


def test_one_part_that_is_surely_the_other_way_fails_after_holm():
    """One-sided 0.001 of three parts: two-sided 0.002, times 3."""
    found = outcome([part(0.001), part(0.999, -3.0), part(0.0001)])
    assert (found.weakest, found.fails) == (1, True)
    assert found.p == pytest.approx(0.006)
    assert word(found, found.p) == "fails"
    many = outcome([part(0.001)] * 30 + [part(0.999, -3.0)])
    assert many.p == pytest.approx(0.062) and word(many, many.p) == "inconclusive"


def test_one_run_never_holds_but_another_part_may_fail():
    assert word(outcome([part(1e-9, one_run=True)]), 1e-9) == "one run"
    found = outcome([part(1e-9, one_run=True), part(1 - 1e-9, -3.0)])
    assert (found.weakest, word(found, found.p)) == (1, "fails")
    opposed = outcome([part(1 - 1e-9, -3.0, one_run=True)])
    assert word(opposed, 1e-9) == "one run"
    assert math.isnan(opposed.p)  # it takes no part in the correction


def test_what_can_not_be_tested_is_left_out_or_alone_not_testable():
    nothing = Inference(0.0, (np.nan,) * 2, np.nan, np.nan, no_test="both sides stand at 0")
    assert outcome([part(0.001), nothing]).p == 0.002
    alone = outcome([nothing])
    assert word(alone, np.nan) == "not testable" and alone.reason == "both sides stand at 0"
    assert word(outcome([]), np.nan) == "blocked"


def test_counts_are_what_they_are():
    true = Inference(0.0, (np.nan,) * 2, 0.0, 1.0, exact=True)
    false = Inference(-1.0, (np.nan,) * 2, 1.0, 0.0, exact=True)
    assert word(outcome([true]), np.nan) == "holds"
    assert word(outcome([true, false]), np.nan) == "fails"
    assert outcome([true, false]).weakest == 1


@pytest.mark.parametrize("place", range(4))
def test_the_threshold_is_where_the_verdict_turns(place):
    """Just below it the test is rejected, just above it is not, the others as they are."""
    from shared.metrics.significance import benjamini_hochberg

    p = [0.004, 0.3, 0.02, np.nan, 0.2]
    place += place == 3
    limit = threshold(p, place)
    for moved, rejected in ((limit * 0.999, True), (limit * 1.001, False)):
        changed = [*p[:place], moved, *p[place + 1 :]]
        assert (benjamini_hochberg(changed)[place] < 0.05) == rejected


def test_the_units_that_would_settle_it():
    """Lead 1, variance 1 of 50 units. 1.96 + 0.84 = 2.8 standard errors are wanted: a variance of
    1 / 7.84, so 7.84 times the units, 392; in two digits 400."""
    assert settling(part(0.2), 0.05) == (
        "about 400 units would settle an effect of this size (here 50 units)"
    )
    assert "460 units" in settling(part(0.2), 0.03)  # a stricter threshold asks for more


def test_seeds_are_asked_for_where_their_noise_is_too_large():
    """Half of 1 / 7.84 may come from seeds: 0.0638, not 1, takes 15.7 times as many, 48.
    The rest, 0.065, is left for units: 50 x 0.1 / 0.065 = 77."""
    found = Inference(1.0, (-1, 3), 0.2, 0.8, 0.1, 1.0, 50, 3)
    assert settling(found, 0.05) == (
        "about 77 units and 48 seeds would settle an effect of this size (here 50 units, 3 seeds)"
    )


def test_no_number_settles_nothing():
    assert settling(part(0.5, 0.0), 0.05) == "no number of units can be named"
    assert "more than 1,000,000 units" in settling(part(0.5, 0.001), 0.05)


def test_what_is_not_whole_can_only_be_refuted_whatever_the_sign_of_its_leads():
    """Tested one way, two-sided: 2 x (1 - 0.4), at most 1; 2 x 0.1; 2 x 0.001."""
    for p_above, p, verdict in (
        (0.4, 1.0, "blocked"),
        (0.9, 0.2, "blocked"),
        (0.999, 0.002, "fails"),
    ):
        found = outcome([part(p_above, 1.0 if p_above < 0.5 else -1.0)], whole=False)
        assert (found.p, word(found, found.p)) == (pytest.approx(p), verdict)
    true = Inference(0.0, (np.nan,) * 2, 0.0, 1.0, exact=True)
    assert word(outcome([true], whole=False), np.nan) == "blocked"
    nothing = Inference(0.0, (np.nan,) * 2, np.nan, np.nan, no_test="one unit")
    assert word(outcome([nothing], whole=False), np.nan) == "blocked"
