import numpy as np
import pytest
from scipy.stats import t

from shared.errors import UserError
from shared.planning.power import least_difference


def test_a_worked_number():
    """200 units at one half, nothing trained: sqrt(2 * 0.25 / 200) = 0.05; (1.96 + 0.84) * 0.05."""
    assert least_difference(200, 0, 0.5) == pytest.approx(0.1401, abs=1e-4)


def test_the_least_difference_is_seen_in_four_of_five_repetitions():
    units, seeds, share, spread, repetitions = 150, 3, 0.4, 0.05, 4000
    lead = least_difference(units, seeds, share, spread=spread)
    rng = np.random.default_rng(0)
    ours, theirs = (
        np.clip(at + spread * rng.standard_normal((repetitions, seeds)), 0, 1)
        for at in (share + lead / 2, share - lead / 2)
    )
    # the same units under each seed: what they bring is shared by a side's seeds
    noise = np.sqrt(share * (1 - share) / units) * rng.standard_normal((2, repetitions))
    between = (ours.var(axis=1, ddof=1) + theirs.var(axis=1, ddof=1)) / seeds
    of_units = 2 * share * (1 - share) / units
    free = 2 * (seeds - 1) * ((of_units + between) / between) ** 2
    distance = ours.mean(axis=1) - theirs.mean(axis=1) + noise[0] - noise[1]
    seen = np.abs(distance) > t.ppf(0.975, free) * np.sqrt(of_units + between)
    assert 0.75 < seen.mean() < 0.85


def test_more_of_anything_shows_less():
    base = least_difference(100, 3, 0.5)
    assert least_difference(200, 3, 0.5) < base
    assert least_difference(100, 5, 0.5) < base
    assert least_difference(100, 3, 0.1) < base
    assert (
        least_difference(100, 3, 0.5, correlation=0.5)
        < base
        < least_difference(100, 3, 0.5, spread=0.1)
    )


@pytest.mark.parametrize("wrong", [(1, 3, 0.5), (100, 1, 0.5), (100, 3, 0.0), (100, 3, 50)])
def test_numbers_that_no_set_up_has_are_one_line(wrong):
    with pytest.raises(UserError, match="expected"):
        least_difference(*wrong)
