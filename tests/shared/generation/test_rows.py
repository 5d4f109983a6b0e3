"""A batch with a cache must say what each prompt says alone, run in full."""

import pytest
import torch
from transformers import GenerationConfig

from shared.generation.decode import (
    Decoded,
    as_configured,
    decode,
    decode_and_keep,
    sampler,
    tokens_with,
)
from shared.generation.rows import Prefix, Rows, left_padded
from shared.models.batching import common_prefix, length_batches

PROMPTS = ["one", "a rather longer prompt", "mid length", "x"]
NEVER = frozenset({-1})


@pytest.fixture
def prompts(tiny_tokenizer):
    return [tiny_tokenizer(text)["input_ids"] for text in PROMPTS]


@torch.inference_mode()
def alone(model, ids):
    """Next-token logits of one sequence, no batch, no cache."""
    return model(torch.tensor([ids])).logits[0, -1]


def test_batch_equals_single_runs(tiny_model, prompts):
    rows = Rows(tiny_model, prompts)
    for row, ids in enumerate(prompts):
        torch.testing.assert_close(rows.logits[row], alone(tiny_model, ids), atol=1e-4, rtol=1e-4)


def test_prefix_is_as_good_as_prepending(tiny_model, prompts, tiny_tokenizer):
    before = tiny_tokenizer("shared text, ")["input_ids"]
    rows = Rows(tiny_model, prompts, Prefix(tiny_model, before))
    for row, ids in enumerate(prompts):
        expected = alone(tiny_model, before + ids)
        torch.testing.assert_close(rows.logits[row], expected, atol=1e-4, rtol=1e-4)


def test_greedy_equals_the_slow_way(tiny_model, prompts):
    decoded = decode(Rows(tiny_model, prompts), 6, NEVER)
    for row, ids in enumerate(prompts):
        expected, chances = list(ids), []
        for _ in range(6):
            logits = alone(tiny_model, expected)
            expected.append(int(logits.argmax()))
            chances.append(float(logits.softmax(-1).max()))
        assert decoded.ids[row] == expected[len(ids) :]
        assert decoded.probabilities[row] == pytest.approx(chances, abs=1e-4)


def test_rows_that_stopped_do_not_disturb_the_others(tiny_model, prompts):
    """Stopping at what three of four rows say first drops them from the batch at once."""
    free = decode(Rows(tiny_model, prompts), 6, NEVER)
    stop = frozenset(ids[0] for ids in free.ids[:3]) - {free.ids[3][0]}
    stopped = decode(Rows(tiny_model, prompts), 6, stop)
    for row in range(4):
        cut = next((i for i, t in enumerate(free.ids[row]) if t in stop), 6)
        assert stopped.ids[row] == free.ids[row][:cut]
        assert stopped.stops[row] == free.ids[row][cut : cut + 1]
        assert len(stopped.probabilities[row]) == min(cut + 1, 6)
    assert any(not ids for ids in stopped.ids)


@pytest.mark.parametrize("limit", [1, 4])
def test_appended_text_continues_the_kept_answer(tiny_model, prompts, tiny_tokenizer, limit):
    free = decode(Rows(tiny_model, prompts), limit, NEVER)
    stop = frozenset({free.ids[0][-1]})
    rows = Rows(tiny_model, prompts)
    decoded = decode_and_keep(rows, limit, stop)
    tail = tiny_tokenizer(" sure?")["input_ids"]
    rows.append(torch.tensor([tail] * len(prompts)))
    for row, ids in enumerate(prompts):
        expected = alone(tiny_model, ids + decoded.ids[row] + tail)
        torch.testing.assert_close(rows.logits[row], expected, atol=1e-4, rtol=1e-4)


def test_a_sample_belongs_to_its_row_not_to_its_batch(tiny_model, prompts):
    seeds = [(7, row, 0) for row in range(4)]
    together = decode(Rows(tiny_model, prompts), 5, NEVER, sampler(0.7, seeds, 5))
    for row in range(4):
        single = Rows(tiny_model, [prompts[row]])
        assert decode(single, 5, NEVER, sampler(0.7, [seeds[row]], 5)).ids[0] == together.ids[row]


def test_sampler_draws_from_the_tempered_distribution():
    """Logits ln 1, ln 2, ln 5 at T = 1 are chances 1/8, 2/8, 5/8; at T = 0.5, squared: 1/30,
    4/30, 25/30."""
    logits = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(20_000, 3)
    seeds = [(0, row) for row in range(20_000)]
    numbers = torch.arange(20_000)
    for temperature, expected in ((1.0, [1 / 8, 2 / 8, 5 / 8]), (0.5, [1 / 30, 4 / 30, 25 / 30])):
        picked = sampler(temperature, seeds, 1)(logits, 0, numbers)
        shares = torch.bincount(picked, minlength=3) / 20_000
        torch.testing.assert_close(shares, torch.tensor(expected), atol=0.012, rtol=0)


def test_the_nucleus_leaves_the_likeliest_tokens():
    """Chances 1/8, 2/8, 5/8: for 0.8 the last two are needed (7/8), so 2/7 and 5/7; for 0.6 one."""
    logits = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(20_000, 3)
    seeds = [(0, row) for row in range(20_000)]
    for top_p, expected in ((0.8, [0, 2 / 7, 5 / 7]), (0.6, [0, 0, 1])):
        picked = sampler(1.0, seeds, 1, top_p)(logits, 0, torch.arange(20_000))
        shares = torch.bincount(picked, minlength=3) / 20_000
        torch.testing.assert_close(shares, torch.tensor(expected).float(), atol=0.012, rtol=0)


def test_repeat_gives_neighbouring_copies(tiny_model, prompts):
    rows = Rows(tiny_model, prompts)
    once = rows.logits.clone()
    rows.repeat(3)
    torch.testing.assert_close(rows.logits, once.repeat_interleave(3, dim=0))
    rows.append(torch.full((12, 1), 10))
    torch.testing.assert_close(
        rows.logits[5], alone(tiny_model, [*prompts[1], 10]), atol=1e-4, rtol=1e-4
    )


def test_confidence_is_the_geometric_mean():
    """(0.9 * 0.4)^(1/2) = 0.6; the stop token's 0.1 does not count, unless it stands alone."""
    decoded = Decoded(ids=[[5, 6], []], stops=[[7], [7]], probabilities=[[0.9, 0.4, 0.1], [0.1]])
    assert decoded.confidence(0) == pytest.approx(0.6)
    assert decoded.confidence(1) == pytest.approx(0.1)


def test_stop_set_has_the_text_and_the_end(tiny_tokenizer):
    stop = tokens_with(tiny_tokenizer, ".")
    assert stop == {tiny_tokenizer(".")["input_ids"][0], tiny_tokenizer.eos_token_id}


def test_length_batches_cover_everything_within_bounds():
    lengths = [3, 50, 7, 7, 20, 1, 33, 120]
    batches = length_batches(lengths, batch_size=3, max_tokens=60)
    assert sorted(i for batch in batches for i in batch) == list(range(8))
    for batch in batches:
        widest = max(lengths[i] for i in batch)
        assert len(batch) <= 3
        assert len(batch) == 1 or widest * len(batch) <= 60
    assert batches[0] == [7]  # longest first, alone though over the bound


def test_common_prefix_leaves_each_its_own_token():
    assert common_prefix([[1, 2, 3, 4], [1, 2, 5]]) == 2
    assert common_prefix([[1, 2], [1, 2, 3]]) == 1
    assert common_prefix([[4], [4]]) == 0


def test_several_continuations_of_one_beginning(tiny_model, prompts, tiny_tokenizer):
    """Beginnings are run once, then copied for continuations of unequal length."""
    rows = Rows(tiny_model, prompts[:2])
    rows.select(torch.tensor([0, 0, 1]))
    tails = [tiny_tokenizer(text)["input_ids"] for text in (" more", "!", " and then")]
    rows.append(*left_padded(tails, rows.logits.device))
    for row, (begin, tail) in enumerate(zip((0, 0, 1), tails, strict=True)):
        expected = alone(tiny_model, prompts[begin] + tail)
        torch.testing.assert_close(rows.logits[row], expected, atol=1e-4, rtol=1e-4)


def test_a_line_break_is_found_in_byte_level_tokens(tiny_tokenizer):
    assert tokens_with(tiny_tokenizer, "\n") == {
        tiny_tokenizer("\n")["input_ids"][0],
        tiny_tokenizer.eos_token_id,
    }


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"do_sample": True}, 3),  # transformers' own 50 is more than there are
        ({"do_sample": True, "top_k": 2}, 2),
        ({"do_sample": True, "top_p": 0.5}, 1),
        ({"do_sample": False, "temperature": 9.0}, 1),
    ],
)
def test_decoding_as_a_model_is_configured(config, kept):
    """Chances .6, .3 and .1."""
    logits = torch.tensor([[0.6, 0.3, 0.1]]).log().repeat(500, 1)
    seeds = [(row,) for row in range(500)]
    pick = as_configured(GenerationConfig(**config), seeds, 1)
    picked = pick(logits, 0, torch.arange(500))
    assert sorted(set(picked.tolist())) == list(range(kept))
