"""Values over seeds, and the effects of units, against leaving them out one by one."""

from dataclasses import replace

import numpy as np
import pytest

from shared.comparison import estimates
from shared.comparison.estimates import estimate
from shared.errors import UserError
from shared.metrics.metric import Metric
from shared.metrics.rates import count, mean, rate, rate_among, ratio_of_sums
from shared.metrics.traits import traits

RATE = Metric("accuracy", ("correct",), rate)
AMONG = Metric("accuracy", ("correct", "answered"), rate_among)
WORDS = Metric("words", ("words",), mean, unit="")


def test_the_value_is_the_mean_over_seeds(invented):
    """Seed 0: 3 of 4. Seed 1: 1 of 4. Mean 50 %."""
    group = invented.group("New", seeds=(0, 1), correct=[[1, 1, 1, 0], [0, 0, 0, 1]])
    found = estimate(group, RATE)
    assert (found.value, found.n, found.coverage, found.seeds) == (50, 4, 1, 2)
    assert found.by_seed.tolist() == [75, 25]


def test_the_squared_effects_of_a_rate_sum_to_its_variance(invented):
    """3 of 10: s^2 / n with s^2 = 10 / 9 x 0.3 x 0.7, so 0.21 / 9, in points 233.3."""
    group = invented.group("New", correct=np.arange(10) < 3)
    found = estimate(group, RATE)
    assert (found.effects**2).sum() == pytest.approx(1e4 * 0.21 / 9)


@pytest.mark.parametrize("name", ["accuracy", "accuracy_answered", "ap"])
def test_effects_equal_leaving_out_one_by_one(invented, name, monkeypatch):
    """Against groups that really lack the unit; what is left out in pieces changes nothing."""
    monkeypatch.setattr(estimates, "CHUNK", 100)
    metric, group = invented.METRICS[name], invented.groups(n=30, seeds=(0,))[0]
    without = []
    for unit in range(30):
        kept = np.arange(30) != unit
        columns = {key: values[:, kept] for key, values in group.columns.items()}
        smaller = replace(group, ids=group.ids[kept], columns=columns)
        without.append(estimate(smaller, metric).value)
    inside = metric.denominator(group.of_seed(0))
    without = np.where(inside, without, np.mean(np.array(without)[inside]))
    m = inside.sum()
    expected = np.sqrt((m - 1) / m) * (without[inside].mean() - without)
    np.testing.assert_allclose(estimate(group, metric).effects[0], expected, atol=1e-9)


def test_a_unit_of_several_examples_is_left_out_as_one(invented):
    """Units a (right, right) and b (wrong, wrong): without a 0 %, without b 100 %; the variance is
    (m - 1) / m times the sum of (50 - 0)^2 and (50 - 100)^2, so 2500."""
    group = invented.group("New", correct=[1, 1, 0, 0])
    group = replace(group, clusters=np.array(["a", "a", "b", "b"]))
    found = estimate(group, RATE)
    assert found.members == 2
    assert (found.effects**2).sum() == pytest.approx(2500)


def test_the_same_unit_has_the_same_number_in_other_groups(invented):
    one = invented.group("New", ids=["a", "b", "c"], correct=[1, 0, 1])
    other = invented.group("Old", "Set B", ids=["b", "d"], correct=[1, 0])
    shared = np.intersect1d(estimate(one, RATE).units, estimate(other, RATE).units)
    assert len(shared) == 1


def test_a_share_knows_its_top_and_its_edge(invented):
    assert estimate(invented.group("New", correct=[1, 1]), RATE).edge == 100
    assert estimate(invented.group("New", correct=[0, 0]), replace(RATE, unit="")).edge == 0
    assert estimate(invented.group("New", correct=[1, 0]), RATE).edge is None
    mixed = invented.group("New", seeds=(0, 1), correct=[[1, 1], [0, 0]])
    assert estimate(mixed, RATE).edge is None
    words = estimate(invented.group("New", words=[0.0, 12.0]), WORDS)
    assert words.top is None


def test_sums_over_sums(invented):
    """5 of 20 characters; without the first example 4 of 10, without the second 1 of 10."""
    metric = Metric("made_up", ("made", "hidden"), ratio_of_sums)
    found = estimate(invented.group("New", made=[1, 4], hidden=[10, 10]), metric)
    assert found.value == 25
    np.testing.assert_allclose(found.effects[0], np.sqrt(1 / 2) * np.array([-15, 15]))


def test_a_median_is_left_out_in_blocks(invented):
    """Leaving out one of an odd number of values makes the median jump between two: the variance of
    the median of n normal values is pi / 2 / n, which blocks find and single values need not."""

    @traits(jumps=True)
    def median(values, weights):
        order = np.argsort(values)
        sums = np.cumsum(weights[..., order], axis=-1)
        return values[order][(sums >= sums[..., -1:] / 2).argmax(axis=-1)]

    metric = Metric("median", ("x",), median, unit="")
    generator = np.random.default_rng(0)
    found = [
        (estimate(invented.group("New", x=generator.normal(size=301)), metric).effects ** 2).sum()
        for _ in range(40)
    ]
    assert np.mean(found) == pytest.approx(np.pi / 2 / 301, rel=0.3)


def test_empty_denominator_is_nan_with_n_0(invented):
    found = estimate(invented.group("New", correct=[1, 0], answered=[0, 0]), AMONG)
    assert np.isnan(found.value) and (found.effects == 0).all()
    assert (found.n, found.coverage, found.seeds, found.members) == (0, 1, 0, 0)


def test_a_group_without_examples_has_no_value(invented):
    found = estimate(invented.group("New", ids=[], correct=[[]]), RATE)
    assert np.isnan(found.value) and np.isnan(found.coverage)


def test_unscored_examples_lower_the_coverage(invented):
    """One of four could not be scored: 2 of 3 right, and it has no effect."""
    found = estimate(invented.group("New", correct=[1, 1, 0, np.nan]), RATE)
    assert found.value == pytest.approx(200 / 3)
    assert (found.coverage, found.members, found.effects[0, 3]) == (0.75, 3, 0)


def test_a_count_is_exact(invented):
    metric = Metric("questions", ("one",), count, unit="")
    found = estimate(invented.group("New", one=[1, 1, 1]), metric)
    assert found.exact and found.value == 3 and (found.effects == 0).all()


def test_what_is_no_share_has_no_highest_value(invented):
    """A mean of words has none, however low they are; what is said to be a share must be one."""
    assert estimate(invented.group("New", x=[0.2, 0.9]), Metric("words", ("x",), mean)).top is None
    assert estimate(invented.group("New", correct=[0.2, 0.9]), RATE).top == 100
    with pytest.raises(UserError, match="column correct holds 3; expected 0 to 1, as accuracy is"):
        estimate(invented.group("New", correct=[0, 3]), RATE)
