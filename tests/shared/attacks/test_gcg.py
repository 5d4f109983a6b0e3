"""GCG on a tiny random model: its loss falls, and is the loss that it says it is."""

import pytest
import torch

from shared.attacks.gcg import _gradient, _loss, gcg

TEXTS = {"before": "Sing a song", "after": "\nReply: ", "target": "Sure"}


def ids(tokenizer, text):
    return torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_a_few_steps_lower_the_loss_of_the_target(tiny_model, tiny_tokenizer, tmp_path):
    sizes = {"steps": 12, "top_k": 32, "candidates": 32, "start": " ! ! ! !"}
    found = gcg(tiny_model, tiny_tokenizer, **TEXTS, **sizes, kept=tmp_path / "kept.json")
    assert len(found.losses) == 13 and found.losses == sorted(found.losses, reverse=True)
    assert found.losses[-1] < 0.9 * found.losses[0]
    assert found.suffix and not set(tiny_tokenizer.all_special_tokens) & set(found.suffix.split())


def test_the_loss_is_the_cross_entropy_of_the_target(tiny_model, tiny_tokenizer):
    """Against logits of the whole text, position by position."""
    pieces = [ids(tiny_tokenizer, text) for text in ("Sing", " !!", "\nR: ", "Sure")]
    whole = torch.cat(pieces)
    with torch.inference_mode():
        chances = tiny_model(whole[None]).logits[0].log_softmax(-1)
    first = len(whole) - len(pieces[3])
    expected = -sum(chances[p - 1, whole[p]] for p in range(first, len(whole))) / len(pieces[3])
    head, suffix, tail, wanted = pieces
    assert _loss(tiny_model, head, suffix[None], tail, wanted).item() == pytest.approx(
        expected.item(), rel=1e-4
    )


def test_the_gradient_is_that_of_the_one_hot_tokens(tiny_model, tiny_tokenizer):
    """Moving a little towards a token changes the loss as its slope says (central differences)."""
    head, suffix, tail, wanted = (ids(tiny_tokenizer, t) for t in ("Sing", "!!", "\nR: ", "Su"))
    slope = _gradient(tiny_model, head, suffix, tail, wanted)
    table = tiny_model.get_input_embeddings().weight
    token, step = 70, 1e-2

    def loss_at(distance):
        mixed = table[suffix].clone()
        mixed[1] += distance * table[token]
        embedded = torch.cat([table[head], mixed, table[tail], table[wanted]])[None]
        with torch.no_grad():
            logits = tiny_model(inputs_embeds=embedded).logits[0, -len(wanted) - 1 : -1]
        return torch.nn.functional.cross_entropy(logits, wanted).item()

    measured = (loss_at(step) - loss_at(-step)) / (2 * step)
    assert slope[1, token].item() == pytest.approx(measured, rel=0.02, abs=1e-3)
