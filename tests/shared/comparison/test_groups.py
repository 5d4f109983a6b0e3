import numpy as np
import pandas as pd
import pytest

from shared.comparison.groups import group_from_frames
from shared.errors import UserError

NAMES = {"model": "Big", "method": "New", "dataset": "Set A", "protocol": "official"}


def test_seeds_are_aligned_by_id():
    frames = {
        1: pd.DataFrame({"id": ["b", "a"], "correct": [True, False], "score": [0.2, 0.1]}),
        0: pd.DataFrame({"id": ["a", "b"], "correct": [True, True], "score": [0.5, None]}),
    }
    group = group_from_frames(frames, ["correct", "score"], **NAMES)
    assert group.seeds == (0, 1)
    assert list(group.ids) == ["a", "b"]
    np.testing.assert_array_equal(group.columns["correct"], [[True, True], [False, True]])
    np.testing.assert_array_equal(group.columns["score"], [[0.5, np.nan], [0.1, 0.2]])
    assert group.of_seed(1)["score"][1] == 0.2


def test_flags_with_none_become_numbers_with_nan():
    frames = {0: pd.DataFrame({"id": ["a", "b"], "correct": [True, None]})}
    group = group_from_frames(frames, ["correct"], **NAMES)
    np.testing.assert_array_equal(group.columns["correct"], [[1.0, np.nan]])


def test_seeds_with_other_examples_are_a_mistake():
    frames = {
        0: pd.DataFrame({"id": ["a", "b"], "x": [1, 2]}),
        3: pd.DataFrame({"id": ["a", "c"], "x": [1, 2]}),
    }
    with pytest.raises(
        UserError, match=r"New on Set A: seeds 0 and 3 differ in 2 ids, such as 'b'"
    ):
        group_from_frames(frames, ["x"], **NAMES)


def test_an_id_twice_is_a_mistake():
    frames = {0: pd.DataFrame({"id": ["a", "a"], "x": [1, 2]})}
    with pytest.raises(UserError, match="seed 0: id 'a' twice"):
        group_from_frames(frames, ["x"], **NAMES)


def test_a_unit_has_the_same_number_in_every_group(invented):
    first = invented.group("New", correct=[1, 0])
    other = invented.group("Old", "Set B", ids=["e00001", "e00002"], correct=[0, 0])
    assert first.unit_codes[1] == other.unit_codes[0] != first.unit_codes[0]
