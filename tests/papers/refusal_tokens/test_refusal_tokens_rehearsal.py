"""What the rehearsal writes is read as what it stands for; test_refusal_tokens_data.py and
test_refusal_tokens_reach.py walk the rest of it."""

from collections import Counter

import pytest

from papers.refusal_tokens.benchmarks import BENCHMARKS
from papers.refusal_tokens.methods import METHODS, RELEASED
from papers.refusal_tokens.rehearsal import WRITERS
from papers.refusal_tokens.settings import RUBRIC
from shared.data import refusal_benchmarks as readers
from shared.data.catalogue import sources
from shared.models.added_tokens import token_ids
from shared.models.loading import load
from shared.settings import load_models


def test_coconot_has_the_defects_of_the_real_one(tmp_path):
    for source in ("coconot", "coconot_train", RUBRIC):
        WRITERS[source](tmp_path)
    folder = tmp_path / "coconot"
    tests = readers.read_coconot(folder / "coconot_eval.jsonl", "c", refuse=True)
    assert set(Counter(row.category for row in tests).values()) == {2}
    assert {row.category for row in tests} == set(readers.CATEGORIES)
    pairs = readers.read_coconot_pairs(folder / "coconot_pref.jsonl", "c")
    asked = [pair.request.text for pair in pairs]
    assert len(asked) - len(set(asked)) == 1  # one is there twice
    learnt = readers.read_coconot_refusals(folder / "coconot_train.jsonl", "c")
    assert len({row.text for row, _ in learnt} & {row.text for row in tests}) == 1
    rubric = readers.read_rubric(folder / "refusal_evaluation_rubric.json")
    assert {row.kind for row in tests} <= rubric.keys() and rubric["generic"] == ("", "")
    assert {pair.request.kind for pair in pairs} - rubric.keys() == {"false information"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_set_of_a_benchmark_has_requests_and_none_is_harmful(name, tmp_path):
    WRITERS[name](tmp_path)
    benchmark = BENCHMARKS[name]
    rows = [row for file in sources()[name].files for row in benchmark.read(tmp_path / file, name)]
    expected = {benchmark.benign, benchmark.harmful} - {""}
    assert {benchmark.set_of(row) for row in rows} == expected
    assert all("Mock-forbidden" in row.text for row in rows if row.refuse)


@pytest.mark.parametrize("name", RELEASED)
def test_a_checkpoint_has_the_control_tokens(name, tmp_path):
    WRITERS[name](tmp_path / name)
    WRITERS[name](tmp_path / name)  # a later rehearsal writes it anew
    _, tokenizer = load(f"path:{tmp_path / name}")
    assert token_ids(tokenizer, METHODS[name].tokens)


def test_counts_alone_are_smaller():
    """The harness is asked nothing, and a checkpoint is where the rehearsal puts it."""
    paper, rehearsed = (load_models("refusal_tokens", scale) for scale in ("paper", "rehearsal"))
    for whole, less in zip(paper, rehearsed, strict=True):
        assert (whole.asking, whole.benchmarks) == (less.asking, less.benchmarks)
        assert whole.variants.keys() == less.variants.keys()
        assert whole.harness.keys() == less.harness.keys() and not less.tasks
        for name in RELEASED:
            if name in less.variants:
                folder = f"path:resources/rehearsal/refusal_tokens/{name}"
                assert less.variants[name].weights == folder
