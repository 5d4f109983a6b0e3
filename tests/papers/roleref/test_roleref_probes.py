"""Probes on states that can or can't be told apart, and measures of where states lie."""

import numpy as np
import pytest

from papers.roleref import geometry, probes
from papers.roleref.metrics import capped_mean_of_strata, corpus_perplexity, mean_of_filled_strata


@pytest.fixture
def separable():
    """Two classes of 20 in 64 dimensions, apart in one of them by six standard deviations."""
    generator = np.random.default_rng(0)
    answerable = np.arange(40) % 2 == 0
    states = generator.standard_normal((40, 64)).astype(np.float32)
    states[:, 3] += np.where(answerable, 6, 0)
    return states, answerable


def test_the_linear_probe_tells_what_can_be_told(separable):
    states, answerable = separable
    said = probes.corrected(states[:30], answerable[:30], states[30:], folds=5)
    assert (said == answerable[30:]).mean() >= 0.9
    generator = np.random.default_rng(1)
    shuffled = generator.permutation(answerable[:30])
    chance = probes.corrected(states[:30], shuffled, states[30:], folds=5)
    assert (chance == answerable[30:]).mean() < 0.9


def test_the_linear_probe_is_the_same_after_a_rotation(separable):
    """Without the standardisation (all spreads 1) only distances matter to an L2 penalty."""
    states, answerable = separable
    states = (states - states[:30].mean(0)) / states[:30].std(0)
    direct = probes.LogisticRegressionCV(
        Cs=probes.STRENGTHS, cv=5, class_weight="balanced", scoring="balanced_accuracy",
        max_iter=500, l1_ratios=(0,), use_legacy_attributes=False,
    ).fit(states[:30], answerable[:30])  # fmt: skip
    said = probes.corrected(states[:30], answerable[:30], states[30:], folds=5)
    assert (said == direct.predict(states[30:])).all()


def test_where_nothing_varies_one_class_is_said_of_everything():
    states = np.ones((9, 4), np.float32)
    many = np.array([False] * 6 + [True] * 3)
    assert not probes.corrected(states, many, states[:5], folds=3).any()
    assert probes.corrected(states, ~many, states[:5], folds=3).all()


def test_the_official_probe_picks_its_epoch_on_the_test_set(separable, monkeypatch):
    """With labels of the test set turned round, another epoch is the best one: what it says of
    the same states depends on the labels that it should not know."""
    monkeypatch.setattr(probes, "LEARNING_RATE", 0.05)
    states, answerable = separable
    sets, all_of_them = (states[:30], answerable[:30], states[30:]), np.ones(10, bool)
    said = probes.official(*sets, answerable[30:], all_of_them, 0, 10)
    turned = probes.official(*sets, ~answerable[30:], all_of_them, 0, 10)
    assert (said == answerable[30:]).mean() >= 0.8
    assert (turned != said).any()
    assert (probes.official(*sets, answerable[30:], all_of_them, 0, 10) == said).all()


def test_the_epoch_is_picked_on_the_types_that_the_probe_learns(separable, monkeypatch):
    """Labels of the other types may be anything: the authors' script validates on the files of its
    `keys`, and only counts the others afterwards."""
    monkeypatch.setattr(probes, "LEARNING_RATE", 0.05)
    states, answerable = separable
    sets, tried = (states[:30], answerable[:30], states[30:]), np.arange(10) < 4
    said = probes.official(*sets, answerable[30:], tried, 0, 10)
    others_turned = np.where(tried, answerable[30:], ~answerable[30:])
    assert (probes.official(*sets, others_turned, tried, 0, 10) == said).all()


def test_the_official_probe_makes_few_steps(separable):
    """Batches of 512 and a rate of 5e-5: ten steps, after which it still says one thing."""
    states, answerable = separable
    low = (states[:30] * 0.01, answerable[:30], states[30:] * 0.01, answerable[30:])
    said = probes.official(*low, np.ones(10, bool), 0, 10)
    assert said.all() or not said.any()


def test_leaning_by_hand():
    """Centres at (0, 0) and (4, 0); a point at (1, 0) is 1 and 3 away: (3 - 1) / 4."""
    direct, rejection = np.array([[0, 1.0], [0, -1]]), np.array([[4.0, 0]])
    points = np.array([[0, 0], [1, 0], [2, 5], [4, 0]], float)
    assert geometry.lean(points, direct, rejection) == pytest.approx([1, 0.5, 0, -1])
    assert geometry.lean(points[:1], direct, direct) == pytest.approx([0])


def test_cosine_with_the_axis_by_hand():
    """Seen from (2, 0), the axis runs to (0, 0): (0, 0) has cosine 1, (4, 0) -1, (2, 3) 0."""
    direct, rejection = np.array([[[0, 0.0]]]), np.array([[[4, 0.0]]])
    points = np.array([[[0, 0]], [[4, 0]], [[2, 3]], [[1, 1]]], float)
    found = geometry.axis_cosine(points, direct, rejection)[:, 0]
    assert found == pytest.approx([1, -1, 0, np.sqrt(0.5)])
    same = np.ones((3, 1, 2))
    assert geometry.axis_cosine(same, same, same)[:, 0].tolist() == [0, 0, 0]


def test_maps():
    generator = np.random.default_rng(0)
    roles = np.repeat(["a", "b"], 20)
    states = generator.standard_normal((40, 6)).astype(np.float32)
    states[:, 0] += np.tile([0, 30], 20)  # what should be seen
    far = states + np.where(roles == "a", 1000, 0)[:, None]  # what should not
    first = geometry.pca_map(far, roles)[:, 0]
    assert abs(np.corrcoef(first, np.tile([0, 1], 20))[0, 1]) > 0.99
    assert geometry.tsne_map(states).shape == (40, 2)
    assert (geometry.tsne_map(states) == geometry.tsne_map(states)).all()


def test_roles_count_alike():
    """Role 0: 1 of 1 right; role 1: 1 of 4. Mean 62.5 %, times 2/3 for a role without any."""
    correct, stratum = np.array([1, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 1])
    weights = np.array([[1.0] * 5, [0, 1, 1, 0, 0], [0] * 5])
    found = mean_of_filled_strata(correct, stratum, weights)
    assert found[:2] == pytest.approx([0.625, 0.5]) and np.isnan(found[2])
    capped = capped_mean_of_strata(correct, stratum, np.full(5, 2 / 3), weights[0])
    assert capped == pytest.approx(0.625 * 2 / 3)


def test_perplexity_of_a_corpus():
    """Two texts of 2 and 6 tokens with 2 ln 2 and 6 ln 4 nats: exp of 14 ln 2 over 8."""
    nll, tokens = np.array([2 * np.log(2), 6 * np.log(4)]), np.array([2, 6])
    weights = np.array([[1.0, 1], [1, 0], [0, 0]])
    found = corpus_perplexity(nll, tokens, weights)
    assert found[:2] == pytest.approx([2 ** (14 / 8), 2]) and np.isnan(found[2])
