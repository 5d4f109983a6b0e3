import itertools

import numpy as np

from shared.models.batching import common_prefix, pack, shared_beginnings


def saved(sequences, groups):
    return sum((len(g) - 1) * common_prefix([sequences[i] for i in g]) for g in groups)


def test_a_sentence_with_its_questions_is_a_group():
    """Saved: 2 x 3 tokens of the first group and 1 x 4 of the second; the lone row saves none."""
    first, second = [1, 2, 3], [1, 5, 6, 7]
    sequences = [[*first, 8], [*second, 8], [*first, 9, 9], [2, 2], [*first, 10], [*second, 9]]
    groups = shared_beginnings(sequences, 10)
    assert sorted(map(sorted, groups)) == [[0, 2, 4], [1, 5], [3]]
    assert saved(sequences, groups) == 2 * 3 + 4


def test_no_way_of_cutting_saves_more():
    """Against all 2^(n-1) ways to cut the sorted sequences into groups of at most three."""
    generator = np.random.default_rng(0)
    for _ in range(30):
        sequences = [[*generator.integers(2, size=6).tolist(), i] for i in range(7)]
        order = sorted(range(7), key=lambda i: sequences[i])
        best = 0
        for cuts in itertools.product([False, True], repeat=6):
            edges = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), 7]
            groups = [order[a:b] for a, b in itertools.pairwise(edges)]
            if max(map(len, groups)) <= 3:
                best = max(best, saved(sequences, groups))
        groups = shared_beginnings(sequences, 3)
        assert sorted(i for g in groups for i in g) == list(range(7))
        assert max(map(len, groups)) <= 3
        assert saved(sequences, groups) == best


def test_groups_are_packed_whole_longest_first():
    """Rows 2 + 1 fit into 3; 3 rows of length 5 are 15 tokens; the group of 4 is alone."""
    assert pack([9, 5, 5, 5], [4, 2, 1, 1], 3, 15) == [[0], [1, 2], [3]]
    assert pack([9, 5, 5, 5], [1, 1, 1, 1], 3, 10) == [[0], [1, 2], [3]]
