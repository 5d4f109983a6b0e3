"""Intervals by hand; how often they are right is in `test_simulations.py`."""

import numpy as np
import pytest
from scipy import stats

from shared.comparison.estimates import estimate
from shared.comparison.inference import gradient, infer
from shared.comparison.trainings import trainings
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate

RATE = Metric("accuracy", ("correct",), rate)
POINTS = Metric("points", ("x",), mean, unit="")


def lead(values):
    return values[0] - values[1]


def test_a_difference_of_means_is_the_paired_t_test(invented):
    generator = np.random.default_rng(0)
    one, other = generator.normal(5.0, 2, (2, 30))
    sides = [estimate(invented.group(name, x=x), POINTS) for name, x in (("a", one), ("b", other))]
    found = infer(lead, sides)
    theirs = stats.ttest_rel(one, other)
    np.testing.assert_allclose(found.interval, theirs.confidence_interval(), rtol=1e-6)
    assert 2 * min(found.p_above, found.p_below) == pytest.approx(theirs.pvalue, rel=1e-5)


def test_groups_of_other_units_are_the_unpaired_test(invented):
    """The standard error is that of Welch's test; the degrees of freedom are at most as many."""
    generator = np.random.default_rng(0)
    one, other = generator.normal(5.0, 2, (2, 30))
    ids = [f"other {i}" for i in range(30)]
    groups = invented.group("a", x=one), invented.group("b", x=other, ids=ids)
    found = infer(lead, [estimate(group, POINTS) for group in groups])
    error = np.sqrt(one.var(ddof=1) / 30 + other.var(ddof=1) / 30)
    half = (found.interval[1] - found.interval[0]) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 29) * error)


def test_the_interval_and_p_say_the_same(invented):
    """At a bound that is an end of the interval, the two-sided p is 5 %."""
    share = [estimate(invented.group("a", correct=np.arange(60) < 3), RATE)]
    low, high = infer(lambda v: v[0], share).interval
    assert 0 < low < 5 < high < 20
    assert 2 * infer(lambda v: v[0] - low, share).p_above == pytest.approx(0.05, abs=1e-4)
    assert 2 * infer(lambda v: v[0] - high, share).p_below == pytest.approx(0.05, abs=1e-4)


def test_all_against_none_is_newcombes_interval(invented):
    """7 of 7 against 0 of 7: limits 1 - l and u of Wilson's intervals with t of 6 degrees, 2.4469:
    u = z^2 / (n + z^2) = 0.461; the lower end is 100 - 100 sqrt(2 x 0.461^2) = 34.8."""
    sides = [
        estimate(invented.group(m, correct=np.full(7, x)), RATE) for m, x in (("a", 1), ("b", 0))
    ]
    found = infer(lead, sides)
    limit = 2.4469**2 / (7 + 2.4469**2)
    assert found.interval[0] == pytest.approx(100 - 100 * np.sqrt(2) * limit, abs=0.01)
    assert found.interval[1] == 100


def test_a_share_printed_of_200_ends_there(invented):
    of_200 = Metric("right", ("correct",), rate, unit="", of=200)
    for right in (28, 30):
        found = [estimate(invented.group("a", correct=np.arange(30) < right), of_200)]
        low, high = infer(lambda v: v[0], found).interval
        assert 150 < low < found[0].value <= high <= 200


def seeded(invented, *rows, method="New"):
    return estimate(invented.group(method, seeds=range(len(rows)), x=list(rows)), POINTS)


def test_seeds_add_the_variance_between_them(invented):
    """Every unit says 1, 2 or 3 by seed: no variance of units, 1 between seeds, so 1 / 3; t with 2
    degrees of freedom is 4.3027."""
    found = [seeded(invented, *(np.full(20, s) for s in (1.0, 2, 3)))]
    result = infer(lambda v: v[0], found, trainings(found, ["New"]))
    assert result.interval[1] - 2 == pytest.approx(4.3027 / np.sqrt(3), abs=1e-3)
    assert (result.seeds, result.one_run) == (3, False)


def test_other_trainings_share_their_degrees_of_freedom(invented):
    """Two trainings with variances 1 and 3 between seeds: pooled 2 with 4 degrees, t 2.7764."""
    own = [seeded(invented, *(np.full(20, s) for s in (1.0, 2, 3)))]
    other = [seeded(invented, *(np.full(20, np.sqrt(3) * s) for s in (1, 2, 3)), method="Old")]
    result = infer(lambda v: v[0], own, trainings(own, ["New"], lambda name, cells: [other]))
    assert result.interval[1] - 2 == pytest.approx(2.7764 * np.sqrt(2 / 3), abs=1e-3)


def test_two_readings_of_one_training_move_together(invented):
    """Seeds that move both cells alike leave their difference alone."""
    noise = np.random.default_rng(0).normal(size=20)
    one = seeded(invented, *(noise + s for s in (10.0, 20, 30)))
    other = seeded(invented, *(noise**2 + s for s in (10.0, 20, 30)), method="New, t = 1")
    together = infer(lead, [one, other], trainings([one, other], ["New", "New"]))
    apart = infer(lead, [one, other], trainings([one, other], ["New", "Newer"]))
    assert together.of_seeds == pytest.approx(0, abs=1e-9) and apart.of_seeds > 60


def test_what_units_alone_make_seeds_differ_by_is_not_counted_twice(invented):
    """Seeds that only toss coins anew for each unit: the whole variance is that of the units."""
    generator = np.random.default_rng(0)
    extra = []
    for _ in range(50):
        found = [seeded(invented, *generator.normal(size=(5, 100)))]
        result = infer(lambda v: v[0], found, trainings(found, ["New"]))
        extra.append(result.of_seeds / result.of_units)
    assert np.mean(extra) < 0.4  # 1 if it were


def test_one_seed_of_a_training_is_one_run_and_of_none_is_not(invented):
    found = [seeded(invented, np.arange(5.0))]
    assert infer(lambda v: v[0], found, trainings(found, ["New"])).one_run
    assert not infer(lambda v: v[0], found, trainings(found, [""])).one_run


def test_nothing_varies_or_nothing_is_there(invented):
    same = [seeded(invented, np.full(5, 2.0))]
    assert infer(lambda v: v[0], same).no_test == "every unit says the same"
    assert infer(lambda v: v[0], [seeded(invented, [3.0])]).no_test == "one unit"
    empty = estimate(invented.group("a", correct=[np.nan, np.nan]), RATE)
    assert infer(lambda v: v[0], [empty]).no_test == "no value"


def test_gradients():
    slopes = gradient(lambda v: v[0] / v[1] - 2 * v[2], np.array([6.0, 3, 1]))
    np.testing.assert_allclose(slopes, [1 / 3, -2 / 3, -2], atol=1e-6)


def test_equal_columns_are_not_far_apart(invented):
    """Two methods that are right on the same 100 of 200: with Wilson's limit of none in 200, z^2 /
    (200 + z^2) and t of 199 degrees, 1.972, they differ in at most 1.91 points. In 20 it is 18."""
    for n, half, judged in ((200, 1.907, True), (20, 17.97, False)):
        right = np.arange(n) % 2
        sides = [estimate(invented.group(method, correct=right), RATE) for method in "ab"]
        found = infer(lambda v: 5 - (v[0] - v[1]), sides)
        assert found.interval[0] == pytest.approx(5 - half, abs=0.01)
        assert (2 * found.p_above < 0.05) == judged and not found.no_test
    for same in (lead, lambda v: 5 - abs(v[0] - v[1])):  # a distance turns round at equality
        assert infer(same, sides).no_test == "every unit says the same"


def test_seeds_of_a_share_near_an_end_lie_closer(invented):
    """A training near 50 % whose seeds vary by 4 points says of one near 2 % that they vary by
    4 (0.0298 x 0.9702) / (0.5 x 0.5) = 0.463, on the scale of log odds, shares drawn to 1/2 by two
    of each (1,000 examples: (20 + 2) / 1,004 = 0.0219, so 0.0219 x 0.9781 / 0.25 x 4 = 0.343)."""
    seeds = [[*np.ones(hits), *np.zeros(1000 - hits)] for hits in (460, 500, 540)]
    middle = estimate(invented.group("Old", seeds=(0, 1, 2), correct=seeds), RATE)
    low = estimate(invented.group("New", correct=[*np.ones(20), *np.zeros(980)]), RATE)
    (found,) = trainings([low], ["New"], lambda name, cells: [[middle]])
    assert (found.freedom, found.one_run) == (2, True)
    assert found.between[0, 0] == pytest.approx(0.343**2, rel=0.01)
