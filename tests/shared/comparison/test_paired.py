from dataclasses import replace

import numpy as np

from shared.comparison.estimates import estimate
from shared.comparison.groups import fingerprint
from shared.comparison.paired import Pair, difference, examples, mcnemar
from shared.metrics.intervals import bootstrap_weights
from shared.metrics.metric import Metric
from shared.metrics.rates import mean
from shared.metrics.significance import mcnemar_exact

MEAN = Metric("x", ("x",), mean, unit="")


def test_a_constant_gain_has_no_spread(invented):
    """New is Old plus 0.25 on every example: each paired draw of the difference is 0.25."""
    old = np.random.default_rng(0).random((2, 50))
    pair = Pair(
        invented.group("New", seeds=(0, 1), x=old + 0.25),
        invented.group("Old", seeds=(0, 1), x=old),
    )
    effect, draws = difference(pair, MEAN, 100)
    np.testing.assert_allclose(effect, 0.25)
    np.testing.assert_allclose(draws, 0.25, atol=1e-6)
    assert estimate(pair.than, MEAN, 100).draws.std() > 0.01


def test_equal_seed_sets_are_drawn_together_and_others_apart(invented):
    """Both sides are seed 0: 0, seed 1: 1. Drawn together, their difference is always 0."""
    values = [[0.0] * 20, [1.0] * 20]
    new = invented.group("New", seeds=(0, 1), x=values)
    _, together = difference(Pair(new, invented.group("Old", seeds=(0, 1), x=values)), MEAN, 400)
    assert (together == 0).all()
    _, apart = difference(Pair(new, invented.group("Old", seeds=(2, 3), x=values)), MEAN, 400)
    assert apart.std() > 0.3  # two independent means of 2 coins: sqrt(2 * 1/8) = 0.5
    _, against_one = difference(Pair(new, invented.group("Old", x=[0.5] * 20)), MEAN, 400)
    np.testing.assert_allclose(against_one, estimate(new, MEAN, 400).draws - 0.5)


def test_other_examples_are_resampled_from_the_union(invented):
    """Old holds a subset of New's examples: each draw gives an example one weight on both sides."""
    generator = np.random.default_rng(1)
    ids = [f"e{i}" for i in range(30)]
    kept = sorted(generator.choice(ids, 12, replace=False))
    x = dict(zip(ids, generator.random(30), strict=True))
    ids = sorted(ids)
    new = invented.group("New", ids=ids, x=[x[i] for i in ids])
    old = invented.group("Old", ids=kept, x=[x[i] for i in kept])
    effect, draws = difference(Pair(new, old), MEAN, 60)
    np.testing.assert_allclose(effect, np.mean(list(x.values())) - np.mean([x[i] for i in kept]))
    for draw, weights in enumerate(bootstrap_weights(30, 60, fingerprint(ids))):
        weight = dict(zip(ids, weights, strict=True))
        sides = [
            sum(weight[i] * x[i] for i in side) / sum(weight[i] for i in side)
            for side in (ids, kept)
        ]
        np.testing.assert_allclose(draws[draw], sides[0] - sides[1], atol=1e-5)


def test_examples_of_several_models_count_once(invented):
    pairs = [
        Pair(
            invented.group("New", dataset, model=model, x=[1, 2, 3]),
            invented.group("Old", dataset, model=model, x=[1, 2, 3]),
        )
        for model in ("Big", "Small")
        for dataset in ("Set A", "Set B")
    ]
    assert examples(pairs) == 6


def pair(invented, new, old, seeds=(0,), old_seeds=None, than="Old", model="Big"):
    return Pair(
        invented.group("New", seeds=seeds, model=model, correct=new),
        invented.group(than, seeds=old_seeds or seeds, model=model, correct=old),
    )


def test_one_seed_is_mcnemar(invented):
    """Only New right: 5; only Old right: 1; both or none: 4. p of (5, 1) = 0.21875."""
    new, old = [1, 1, 1, 1, 1, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    assert mcnemar([pair(invented, new, old)], "correct") == mcnemar_exact(5, 1)


def test_seeds_and_models_that_repeat_an_answer_add_no_evidence(invented):
    new, old = [1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1]
    once = mcnemar([pair(invented, new, old)], "correct")
    thrice = pair(invented, [new] * 3, [old] * 3, seeds=(0, 1, 2))
    assert mcnemar([thrice], "correct") == once
    models = [pair(invented, new, old, model=name) for name in ("Big", "Small")]
    assert mcnemar(models, "correct") == once


def test_each_example_votes_with_the_sum_over_its_seeds(invented):
    """Example 0: +1 +1 -1 -> New. Example 1: +1 -1 0 -> no vote. Example 2: -1 0 0 -> Old."""
    new = [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    old = [[0, 0, 1], [0, 1, 1], [1, 1, 1]]
    seeds = (0, 1, 2)
    assert mcnemar([pair(invented, new, old, seeds)], "correct") == mcnemar_exact(1, 1)


def test_different_data_sets_add_their_examples(invented):
    pairs = [
        Pair(
            invented.group("New", dataset, correct=[1, 1, 1, 1]),
            invented.group("Old", dataset, correct=[0, 0, 0, 0]),
        )
        for dataset in ("Set A", "Set B")
    ]
    assert mcnemar(pairs, "correct") == mcnemar_exact(8, 0)


def test_only_seeds_in_common_vote(invented):
    """Old ran once. New's seed 1 alone would vote for Old on both examples."""
    new, old = [[1, 1], [0, 0]], [0, 0]
    common = pair(invented, new, old, seeds=(0, 1), old_seeds=(0,))
    assert mcnemar([common], "correct") == mcnemar_exact(2, 0)


def test_an_unscored_answer_does_not_vote(invented):
    new, old = [1.0, np.nan, 1.0], [0.0, 0.0, np.nan]
    assert mcnemar([pair(invented, new, old)], "correct") == mcnemar_exact(1, 0)


def test_the_largest_p_of_several_methods_counts(invented):
    strong = pair(invented, [1] * 10, [0] * 10)
    weak = pair(invented, [1] * 10, [1] * 9 + [0], than="Other")
    assert mcnemar([strong, weak], "correct") == mcnemar_exact(1, 0)


def test_p_is_below_5_percent_in_at_most_5_percent_without_a_difference(invented):
    """400 experiments: 60 examples of their own difficulty, 3 seeds, 2 models, equal methods.

    A seed gives an example's usual answer in 4 of 5 cases, so seeds are far from independent.
    """
    generator = np.random.default_rng(2)
    rejected = 0
    for _ in range(400):
        pairs = []
        for model in ("Big", "Small"):
            usual = generator.random((2, 1, 60)) < 0.5
            flipped = generator.random((2, 3, 60)) < 0.2
            new, old = usual ^ flipped
            pairs.append(pair(invented, new, old, seeds=(0, 1, 2), model=model))
        rejected += mcnemar(pairs, "correct") < 0.05
    assert rejected / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_clusters_of_two_sides_are_resampled_together(invented):
    """The same clusters with other rows: equal values on both sides differ by nothing."""
    sides = []
    for rows in (2, 5):
        value = np.repeat(np.arange(12) % 2, rows)
        group = invented.group(
            "New", ids=[f"{rows}/{i:03}" for i in range(12 * rows)], correct=value
        )
        clusters = np.repeat([f"c{i:02}" for i in range(12)], rows)
        sides.append(replace(group, clusters=clusters))
    effect, draws = difference(Pair(*sides), invented.METRICS["accuracy"], 50)
    assert effect == 0
    np.testing.assert_allclose(draws, 0, atol=1e-4)
