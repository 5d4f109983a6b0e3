from dataclasses import replace

import numpy as np

from shared.comparison import estimates
from shared.comparison.estimates import estimate, seed_weights
from shared.metrics.intervals import bootstrap_weights
from shared.metrics.metric import Metric
from shared.metrics.rates import mean, rate, rate_among

RATE = Metric("accuracy", ("correct",), rate)
AMONG = Metric("accuracy", ("correct", "answered"), rate_among)


def test_the_value_is_the_mean_over_seeds(invented):
    """Seed 0: 3 of 4. Seed 1: 1 of 4. Mean 50 %."""
    group = invented.group("New", seeds=(0, 1), correct=[[1, 1, 1, 0], [0, 0, 0, 1]])
    found = estimate(group, RATE, 100)
    assert (found.value, found.n, found.coverage, found.seeds) == (50, 4, 1, 2)


def test_draws_equal_resampling_one_by_one(invented):
    """Each draw: repeat every example as often as it was drawn, average the drawn seeds."""
    generator = np.random.default_rng(0)
    group = invented.group(
        "New",
        seeds=(0, 1, 2),
        correct=generator.integers(0, 2, (3, 40)),
        answered=generator.integers(0, 2, (3, 40)),
    )
    found = estimate(group, AMONG, 50)
    weights = bootstrap_weights(40, 50, group.fingerprint).astype(int)
    drawn_seeds = seed_weights((0, 1, 2), 50)
    for draw in range(50):
        values = []
        for seed, times in enumerate(drawn_seeds[draw]):
            members = np.repeat(group.columns["answered"][seed], weights[draw]) == 1
            hits = np.repeat(group.columns["correct"][seed], weights[draw])[members]
            values += [100 * hits.mean()] * times
        np.testing.assert_allclose(found.draws[draw], np.mean(values), rtol=1e-5)


def test_pieces_change_nothing(invented, monkeypatch):
    group = invented.groups(n=30)[0]
    whole = estimate(group, invented.METRICS["ap"], 40).draws
    monkeypatch.setattr(estimates, "CHUNK", 100)
    in_pieces = estimate(invented.groups(n=30)[0], invented.METRICS["ap"], 40).draws
    np.testing.assert_allclose(in_pieces, whole, rtol=1e-6)


def test_empty_denominator_is_nan_with_n_0(invented):
    group = invented.group("New", correct=[1, 0], answered=[0, 0])
    found = estimate(group, AMONG, 10)
    assert np.isnan(found.value)
    assert np.isnan(found.draws).all()
    assert (found.n, found.coverage, found.seeds) == (0, 1, 0)


def test_a_group_without_examples_has_no_value(invented):
    found = estimate(invented.group("New", ids=[], correct=[[]]), RATE, 10)
    assert np.isnan(found.value)
    assert found.n == 0


def test_a_seed_without_a_value_is_left_out_and_not_counted(invented):
    """Seed 1 answered nothing. The value is seed 0's, and `seeds` says that it is one seed's."""
    group = invented.group("New", seeds=(0, 1), correct=[[1, 0], [1, 1]], answered=[[1, 1], [0, 0]])
    found = estimate(group, AMONG, 10)
    assert (found.value, found.n, found.seeds) == (50, 1, 1)


def test_unscored_examples_lower_coverage_and_not_the_value(invented):
    group = invented.group("New", correct=[1, 1, 0, np.nan])
    found = estimate(group, RATE, 10)
    assert (found.n, found.coverage) == (3, 0.75)
    np.testing.assert_allclose(found.value, 200 / 3)


def test_an_estimate_is_computed_once_a_group(invented):
    calls = []

    def counted(values, weights):
        calls.append(1)
        return mean(values, weights)

    metric, group = Metric("m", ("correct",), counted), invented.group("New", correct=[1, 0])
    assert estimate(group, metric, 10) is estimate(group, metric, 10)
    once = len(calls)
    estimate(group, metric, 10)
    assert len(calls) == once
    assert estimate(invented.group("New", correct=[0, 0]), metric, 10).value == 0


def test_seed_weights_depend_on_the_seeds_only():
    weights = seed_weights((0, 1, 2), 500)
    assert (weights.sum(axis=1) == 3).all()
    np.testing.assert_array_equal(weights, seed_weights((0, 1, 2), 500))
    assert (weights != seed_weights((3, 4, 5), 500)).any()
    assert (seed_weights((7,), 5) == 1).all()


def test_clusters_are_resampled_whole(invented):
    """Rows of one cluster get the same weight; as many clusters are drawn as there are."""
    generator = np.random.default_rng(1)
    correct = generator.integers(0, 2, 60)
    group = replace(
        invented.group("New", correct=correct),
        clusters=np.array([f"sentence {i // 4}" for i in range(60)]),
    )
    found = estimate(group, RATE, 40)
    weights = bootstrap_weights(15, 40, group.fingerprint).astype(int)
    by_unit = {unit: correct[group.clusters == unit] for unit in group.units}
    for draw, times in zip(found.draws, weights, strict=True):
        drawn = [
            by_unit[unit] for unit, t in zip(group.units, times, strict=True) for _ in range(t)
        ]
        np.testing.assert_allclose(draw, 100 * np.concatenate(drawn).mean(), rtol=1e-5)
    assert (found.n, found.value) == (60, 100 * correct.mean())


def test_clusters_widen_the_interval_where_their_rows_move_together(invented):
    """With 20 clusters of 10 equal rows, the standard error is that of 20 rows, not of 200."""
    correct = np.repeat(np.arange(20) % 2, 10)
    group = invented.group("New", correct=correct)
    clustered = replace(group, clusters=np.repeat(np.arange(20), 10).astype(str))
    ratio = estimate(clustered, RATE, 1000).draws.std() / estimate(group, RATE, 1000).draws.std()
    assert 0.9 * np.sqrt(10) < ratio < 1.1 * np.sqrt(10)
