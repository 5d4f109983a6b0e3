"""Balanced samples, and splits that share no subject."""

import random
from collections import Counter

import pytest

from shared.data.questions import Question
from shared.data.splits import assert_disjoint, first_of_each, random_part, sample, split
from shared.errors import UserError


def rows(**counts):
    """`counts` rows of each relation, every one about a subject of its own."""
    return [
        Question(relation, f"{relation} {n}?", ("x",), "", subject=f"{relation} {n}")
        for relation, count in counts.items()
        for n in range(count)
    ]


def crossed(subjects, relations, rng):
    """Rows in which a subject has a random part of the relations, as countries have."""
    return [
        Question(f"r{r}", f"r{r} of {s}?", ("x",), "", subject=f"s{s}")
        for r in range(relations)
        for s in range(subjects)
        if rng.random() < 0.8
    ]


def test_the_first_of_each_kind_keep_their_order():
    words = ["ant", "bee", "asp", "bat", "ape", "cow"]
    kind = lambda word: word[0]  # noqa: E731
    assert first_of_each(words, 2, kind) == ["ant", "bee", "asp", "bat", "cow"]
    assert first_of_each(words, 0, kind) == [] and first_of_each(words, None, kind) == words


def test_a_smaller_random_part_begins_a_larger_one():
    numbers = list(range(40))
    small, large = (random_part(numbers, size, 0, "size") for size in (5, 20))
    assert small == large[:5] and small != numbers[:5]
    assert small != random_part(numbers, 5, 1, "size") and len(set(large)) == 20
    with pytest.raises(UserError, match="size: found 41, expected at most 40, all there are"):
        random_part(numbers, 41, 0, "size")


def test_sample_takes_turns_and_passes_over_what_has_run_out():
    """12 of a 2, b 4, c 20: a gives its 2, b its 4, c the other 6."""
    population = rows(a=2, b=4, c=20)
    chosen = [population[p].relation for p in sample(population, 12, 0, "set")]
    assert Counter(chosen) == {"a": 2, "b": 4, "c": 6}


@pytest.mark.parametrize("size", [1, 7, 29, 30])
def test_sample_counts_of_equal_relations_differ_by_one_at_most(size):
    population = rows(a=10, b=10, c=10)
    positions = sample(population, size, 0, "set")
    count = Counter(population[p].relation for p in positions)
    assert len(set(positions)) == size
    assert max(count.values()) - min(count[r] for r in "abc") <= 1


def test_sample_is_in_order_repeatable_and_moved_by_the_seed():
    population = rows(a=50, b=50)
    first = sample(population, 20, 0, "set")
    assert first == sorted(first) == sample(population, 20, 0, "set")
    assert first != sample(population, 20, 1, "set")


def test_sample_none_is_everything_and_too_much_is_an_error():
    population = rows(a=3)
    assert sample(population, None, 0, "set") == [0, 1, 2]
    with pytest.raises(UserError, match=r"task\.train: found 4, expected at most 3"):
        sample(population, 4, 0, "task.train")


@pytest.mark.parametrize("seed", range(5))
def test_split_shares_no_subject_and_has_its_sizes(seed):
    population = crossed(90, 5, random.Random(seed))
    parts = split(population, {"train": 120, "test": 60}, seed)
    subjects = {name: {population[p].subject for p in part} for name, part in parts.items()}
    assert not subjects["train"] & subjects["test"]
    assert {name: len(part) for name, part in parts.items()} == {"train": 120, "test": 60}
    for name, each in {"train": 24, "test": 12}.items():
        count = Counter(population[p].relation for p in parts[name])
        assert all(abs(count[f"r{r}"] - each) <= 1 for r in range(5)), count
    assert parts == split(population, {"train": 120, "test": 60}, seed)


def test_split_none_shares_what_the_numbers_leave():
    """Of 100 rows, 20 for c: a and b get 40 each, and all hundred are used."""
    population = rows(x=60, y=40)
    parts = split(population, {"a": None, "b": None, "c": 20}, 0)
    assert {name: len(part) for name, part in parts.items()} == {"a": 40, "b": 40, "c": 20}
    assert sorted(p for part in parts.values() for p in part) == list(range(100))


def test_split_divides_every_relation_in_the_same_proportion():
    population = rows(x=60, y=30)
    parts = split(population, {"a": None, "b": None}, 0)
    for part in parts.values():
        assert Counter(population[p].relation for p in part) == {"x": 30, "y": 15}


def test_split_larger_than_the_set_is_an_error():
    with pytest.raises(UserError, match="train: found 90, expected at most"):
        split(rows(a=60), {"train": 90, "test": 10}, 0)


def test_assert_disjoint():
    one, two = rows(a=2)
    assert_disjoint({"train": [one, one], "test": [two]})
    same_text = Question("b", one.question, ("y",), "", subject="other")
    same_subject = Question("a", "Another?", ("y",), "", subject=one.subject)
    other_relation = Question("b", "Another?", ("y",), "", subject=one.subject)
    assert_disjoint({"train": [one], "test": [other_relation]})
    with pytest.raises(UserError, match=r"test: 'a 0\?' is also in train"):
        assert_disjoint({"train": [one], "test": [same_text]})
    with pytest.raises(UserError, match="test: 'a / a 0' is also in train"):
        assert_disjoint({"train": [one], "test": [same_subject]})
