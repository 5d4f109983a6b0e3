import math

import pytest
import torch

from shared.errors import UserError
from shared.generation.score import among, first_tokens, text_nll


def test_text_nll_equals_one_text_at_a_time(tiny_model, tiny_tokenizer):
    texts = ["short", "a text of some length, with commas", "mid one"]
    ids = [tiny_tokenizer(text)["input_ids"] for text in texts]
    found = text_nll(tiny_model, ids, batch_size=2)
    for sequence, (nll, tokens) in zip(ids, found, strict=True):
        with torch.inference_mode():
            chances = tiny_model(torch.tensor([sequence])).logits[0].log_softmax(-1)
        expected = -sum(float(chances[i, t]) for i, t in enumerate(sequence[1:]))
        assert (nll, tokens) == (pytest.approx(expected, rel=1e-4), len(sequence) - 1)


def test_among_ignores_every_other_token():
    """Candidates with logits ln 1 and ln 3 share 1/4 and 3/4, however likely the rest is."""
    logits = torch.tensor([[math.log(1), 100.0, math.log(3)]])
    torch.testing.assert_close(among(logits, [0, 2]), torch.tensor([[0.25, 0.75]]))


def test_first_tokens_must_differ(tiny_tokenizer):
    assert len(first_tokens(tiny_tokenizer, ["sure", "unsure"])) == 2
    with pytest.raises(UserError, match="same first token"):
        first_tokens(tiny_tokenizer, ["sure", "sum"])
