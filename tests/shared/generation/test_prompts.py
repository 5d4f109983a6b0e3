"""However prompts are batched, each gets what it gets alone, and no beginning is run twice."""

import pytest
import torch

from shared.generation.decode import decode, sampler
from shared.generation.prompts import batches, in_order, tokens_run
from shared.generation.rows import Prefix, Rows

SIZES = {"batch_size": 64, "batch_tokens": 4096}
PLAIN = [[7, 8, 20], [7, 8, 30, 31, 32], [7, 8, 20, 21], [7, 8, 40, 41]]
FORMS = [
    {},
    {"branching": True},
    {"groups": "abab"},
    {"groups": "aabb", "branching": True},
    {"ways": 3},
]


@torch.inference_mode()
def alone(model, ids):
    return model(torch.tensor([ids])).logits[0, -1]


@pytest.fixture
def fed(tiny_model):
    """How many tokens the model was given, padding included, call by call."""
    shapes = []
    tiny_model.register_forward_pre_hook(lambda _, args: shapes.append(args[0].numel()))
    return shapes


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("size", [1, 3, 64])
def test_each_prompt_gets_what_it_gets_alone(tiny_model, form, size):
    made = batches(tiny_model, PLAIN, batch_size=size, batch_tokens=4096, **form)
    logits = in_order((numbers, list(rows.logits)) for numbers, rows in made)
    assert len(logits) == len(PLAIN)
    for ids, found in zip(PLAIN, logits, strict=True):
        torch.testing.assert_close(found, alone(tiny_model, ids), atol=1e-4, rtol=1e-4)


def numbers_of(model, **options):
    return [numbers for numbers, _ in batches(model, PLAIN, **{**SIZES, **options})]


def test_the_longest_prompts_come_first_within_both_limits(tiny_model):
    """Lengths 3, 5, 4, 4: two of 5 padded tokens fit 10, a third does not."""
    assert numbers_of(tiny_model) == [[1, 2, 3, 0]]
    assert numbers_of(tiny_model, batch_size=3) == [[1, 2, 3], [0]]
    assert numbers_of(tiny_model, batch_tokens=10) == [[1, 2], [3, 0]]
    assert numbers_of(tiny_model, batch_tokens=1) == [[1], [2], [3], [0]]


def test_several_ways_to_go_on_make_the_batch_so_many_times_smaller(tiny_model):
    """64 rows are 21 in three ways; 30 tokens are 10; and never fewer than one prompt."""
    assert numbers_of(tiny_model, batch_tokens=30, ways=3) == [[1, 2], [3, 0]]
    assert numbers_of(tiny_model, batch_size=5, ways=2) == [[1, 2], [3, 0]]
    assert numbers_of(tiny_model, batch_size=2, ways=3) == [[1], [2], [3], [0]]


def test_replies_take_as_much_room_as_prompts_at_most(tiny_model):
    """40 tokens are room for four replies of 10, three of 11; in two ways for half as many. What is
    not written takes none, and a reply longer than all is written alone."""
    sizes = {"batch_tokens": 40, "batch_size": 64}
    assert numbers_of(tiny_model, **sizes) == [[1, 2, 3, 0]]
    assert numbers_of(tiny_model, **sizes, new_tokens=10) == [[1, 2, 3, 0]]
    assert numbers_of(tiny_model, **sizes, new_tokens=11) == [[1, 2, 3], [0]]
    assert numbers_of(tiny_model, **sizes, new_tokens=10, ways=2) == [[1, 2], [3, 0]]
    assert numbers_of(tiny_model, **sizes, new_tokens=41) == [[1], [2], [3], [0]]


def test_groups_are_run_one_after_another_as_they_occur(tiny_model):
    assert numbers_of(tiny_model, groups=["b", "a", "b", "a"]) == [[2, 0], [1, 3]]


def test_a_common_beginning_is_run_once(tiny_model, fed):
    """[7, 8] once, and then four prompts padded to the longest rest of three: 2 + 12."""
    list(batches(tiny_model, PLAIN, **SIZES))
    assert fed == [2, 12]


def test_a_group_has_a_beginning_of_its_own(tiny_model, fed):
    """0 and 2 begin with [7, 8] (a prompt keeps its last token), 1 and 3 with [7, 8] too."""
    list(batches(tiny_model, PLAIN, groups="abab", **SIZES))
    assert fed == [2, 4, 2, 6]


@pytest.mark.parametrize("branching", [False, True])
def test_a_prompt_alone_is_run_in_one_go(tiny_model, fed, branching):
    list(batches(tiny_model, PLAIN[:1], branching=branching, **SIZES))
    assert fed == [len(PLAIN[0])]


def test_branches_run_what_some_begin_with_once(tiny_model, fed):
    """Two texts with two questions each under one instruction [5]: the texts are run once."""
    prompts = [[5, *[10] * 9, 1], [5, *[11] * 9, 1], [5, *[10] * 9, 2], [5, *[11] * 9, 2]]
    list(batches(tiny_model, prompts, branching=True, **SIZES))
    assert fed == [1, 18, 4]


def test_rows_are_to_the_bit_those_of_the_batch_itself(tiny_model):
    ((numbers, rows),) = batches(tiny_model, PLAIN, **SIZES)
    prefix = Prefix(tiny_model, [7, 8])
    assert torch.equal(
        rows.logits, Rows(tiny_model, [PLAIN[i][2:] for i in numbers], prefix).logits
    )


def test_samples_belong_to_the_prompt_however_it_is_batched(tiny_model):
    def samples(**options):
        made = []
        for numbers, rows in batches(tiny_model, PLAIN, **{**SIZES, **options}):
            pick = sampler(1.0, [(3, number) for number in numbers], 6)
            made.append((numbers, decode(rows, 6, {2}, pick).ids))
        return in_order(made)

    together = samples()
    assert len(set(map(tuple, together))) > 1
    assert together == samples(batch_size=1) == samples(branching=True) == samples(groups="abcd")


def test_nothing_to_run(tiny_model):
    assert list(batches(tiny_model, [], **SIZES)) == [] == in_order([])
    assert tokens_run([]) == 0


def test_tokens_run_counts_a_beginning_once(tiny_model, fed):
    """16 tokens, of which the two that all share are counted once: 16 - 3 * 2 = 10. Batches of
    one have no padding, so the model is given just these."""
    assert tokens_run(PLAIN) == 10
    list(batches(tiny_model, PLAIN, batch_size=1, batch_tokens=4096))
    assert sum(fed) == 10
    fed.clear()
    list(batches(tiny_model, PLAIN, groups="abab", batch_size=1, batch_tokens=4096))
    assert sum(fed) == tokens_run(PLAIN, "abab") == 12


def test_the_bar_counts_in_its_unit_and_is_silent_in_a_log(tiny_model, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    list(batches(tiny_model, PLAIN, unit="question", **SIZES))
    assert "4/4" in (shown := capsys.readouterr().err) and "question" in shown
    list(batches(tiny_model, PLAIN, **SIZES))
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    list(batches(tiny_model, PLAIN, unit="question", **SIZES))
    assert capsys.readouterr().err == ""


def test_in_order_wants_a_value_for_each():
    assert in_order([([2, 0], "ca"), ([1], "b")]) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="zip"):
        in_order([([0, 1], "a")])
