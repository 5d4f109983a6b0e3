"""The parts of a comparison of two runs: identities, cells, paired tests."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from shared.checking.diff.identities import differences
from shared.checking.diff.numbers import compare_cells
from shared.checking.diff.paired import tests as paired_tests
from shared.comparison.results import our_cells

RECORD = {
    "commit": "a" * 40,
    "dirty": False,
    "seed": 0,
    "settings": {"model": "bundled:small", "training": {"epochs": 1}},
    "inputs": {"rows.jsonl": "ab" * 32},
    "packages": {"numpy": "2.1.0"},
    "hardware": {"cores": 2},
    "sources": [{"id": "facts", "route": ["package"], "sha256": {"rows": "cd" * 32}}],
    "seconds": 3.1,
}


def test_equal_records_have_no_differences_however_long_they_took():
    assert differences({"train": RECORD}, {"train": RECORD | {"seconds": 99}}) == []


def test_what_differs_is_told_by_kind_and_once_for_all_steps():
    other = RECORD | {
        "commit": "b" * 40,
        "dirty": True,
        "settings": {"model": "bundled:small", "training": {"epochs": 2, "warmup": 5}},
        "sources": [{"id": "facts", "route": ["mirror"], "sha256": {"rows": "ef" * 32}}],
        "hardware": {"cores": 2, "gpu": "H100"},
    }
    found = differences({"train": RECORD, "ask": RECORD}, {"train": other, "ask": other})
    assert [(each.what, each.first, each.second) for each in found] == [
        ("commit", "a" * 12, "b" * 12 + " with uncommitted changes"),
        ("settings training.epochs", "1", "2"),
        ("settings training.warmup", "absent", "5"),
        ("data facts: route", "['package']", "['mirror']"),
        ("data facts: sha256.rows", "cdcdcdcdcdcd", "efefefefefef"),
        ("hardware gpu", "absent", "H100"),
    ]
    assert all(each.steps == ["train", "ask"] for each in found)


def test_a_step_of_one_side_alone_is_not_compared():
    assert differences({"train": RECORD}, {"ask": RECORD | {"seed": 1}}) == []


def test_cells_are_the_same_to_the_last_written_decimal(invented):
    cells = our_cells(invented.analysis())
    moved = cells.assign(value=cells["value"] + 1e-4)
    assert compare_cells(cells, moved).all_same
    moved.loc[0, "value"] += 0.01
    compared = compare_cells(cells, moved.iloc[:-1])
    assert (compared.same, len(compared.differing)) == (len(cells) - 2, 1)
    assert len(compared.only_first) == 1 and compared.only_second == []
    assert not compared.all_same


def test_the_same_scores_need_no_test(invented):
    analysis = invented.analysis()
    found, same = paired_tests(analysis, invented.analysis())
    assert (found, same) == ([], len(our_cells(analysis)))


def test_the_effect_is_second_minus_first_on_common_examples(invented):
    """Ten of 50 examples, wrong in the first run, are right in the second, none the other way:
    +20 points, with the p of a paired t test."""
    wrong = np.arange(50) < 25
    before = invented.group("New", correct=~wrong)
    after = invented.group("New", correct=~wrong | (np.arange(50) < 10))
    (test,), same = paired_tests(
        invented.analysis(groups=[before]), invented.analysis(groups=[after])
    )
    assert same == 0
    assert test.what == ("Big", "New", "Set A", "official", "accuracy")
    assert (test.n, test.effect) == (50, pytest.approx(20))
    assert test.p == test.p_holm
    right = ~wrong | (np.arange(50) < 10)
    assert test.p == pytest.approx(ttest_rel(right.astype(float), ~wrong * 1.0).pvalue, rel=0.6)
    assert 0 < test.interval[0] < 20 < test.interval[1]


def test_examples_of_one_run_alone_are_left_out(invented):
    """The second run lacks the examples that the first got wrong: on the others they agree."""
    correct = np.arange(50) >= 25
    ids = np.array([f"e{i:05d}" for i in range(50)])
    before = invented.group("New", correct=correct)
    after = invented.group("New", correct=correct[25:], ids=ids[25:])
    analyses = (invented.analysis(groups=[group]) for group in (before, after))
    assert paired_tests(*analyses) == ([], 1)


def test_runs_without_a_common_example_have_no_tests(invented):
    groups = (invented.group("New", correct=[True], ids=[name]) for name in ("a", "b"))
    assert paired_tests(*(invented.analysis(groups=[group]) for group in groups)) == ([], 0)
