"""Added tokens: one token, one row, trained alone, saved and found again."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from shared.errors import UserError
from shared.models.added_tokens import add_tokens, token_ids
from shared.models.loading import load, save
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune

TOKENS = [" [ab]", " [a b]"]
SETTINGS = Training(
    epochs=3,
    learning_rate=2e-2,
    effective_batch_size=2,
    max_length=64,
    lora=Lora(rank=2, alpha=4, first_layer=1),
    checkpoint_seconds=1e9,
)


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def base(request, tiny_tokenizer, tmp_path):
    """The spec of a model in a folder, with its input and output embeddings tied or not."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        tie_word_embeddings=request.param,
        pad_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path / "base")
    tiny_tokenizer.save_pretrained(tmp_path / "base")
    return f"path:{tmp_path / 'base'}"


def tables(model):
    return model.get_input_embeddings().weight, model.get_output_embeddings().weight


OUTPUT = SETTINGS.lora.model_copy(update={"new_rows": "output"})


def trained(base, tmp_path, lora=SETTINGS.lora):
    """A model that learnt to begin with one token or the other, its tokenizer, and its start."""
    model, tokenizer = load(base)
    ids = add_tokens(model, tokenizer, TOKENS)
    start = [table.detach().clone() for table in tables(model)]
    pairs = [("one", 0), ("two", 1), ("three", 0), ("four", 1)]
    examples = [
        from_segments(
            tokenizer, [Segment(text, False), Segment(TOKENS[which], True), Segment(" x", True)]
        )
        for text, which in pairs
    ]
    settings = SETTINGS.model_copy(update={"lora": lora})
    model, _ = fine_tune(
        model, examples, settings, seed=0, scratch=tmp_path / "scratch", new_tokens=ids
    )
    return model.eval(), tokenizer, ids, start


def test_a_new_token_is_one_token_and_starts_as_the_mean_of_its_words(base):
    """ " [ab]" starts between "a" and "b", two tokens of the byte tokenizer."""
    model, tokenizer = load(base)
    before = [table.detach().clone() for table in tables(model)]
    ids = add_tokens(model, tokenizer, TOKENS)
    assert ids == [len(before[0]), len(before[0]) + 1] == token_ids(tokenizer, TOKENS)
    assert tokenizer("x [ab] y", add_special_tokens=False)["input_ids"].count(ids[0]) == 1
    a, b, space = token_ids(tokenizer, ["a", "b", " "])
    for old, new in zip(before, tables(model), strict=True):
        torch.testing.assert_close(new[ids[0]], (old[a] + old[b]) / 2)
        torch.testing.assert_close(new[ids[1]], (old[a] + old[space] + old[b]) / 3)
        torch.testing.assert_close(new[: len(old)], old)


def test_only_the_new_rows_are_trained_beside_an_adapter(base, tmp_path):
    model, _, ids, start = trained(base, tmp_path)
    merged = model.merge_and_unload()
    for old, new in zip(start, tables(merged), strict=True):
        torch.testing.assert_close(new[: ids[0]], old[: ids[0]], atol=0, rtol=0)
        assert ((new[ids] - old[ids]).abs().amax(dim=1) > 1e-3).all()
    if merged.config.tie_word_embeddings:
        assert torch.equal(*tables(merged))


def test_rows_of_the_output_alone_leave_the_input_as_it_began(base, tmp_path):
    """Also where both were one table; the backward pass then ends at the first adapter."""
    model, _, ids, start = trained(base, tmp_path, OUTPUT)
    seen = []
    model.get_input_embeddings().register_forward_hook(lambda *passed: seen.append(passed[-1]))
    model(torch.tensor([[5, ids[0]]]))
    assert not seen[0].requires_grad
    read, written = tables(model.merge_and_unload())
    torch.testing.assert_close(read, start[0], atol=0, rtol=0)
    torch.testing.assert_close(written[: ids[0]], start[1][: ids[0]], atol=0, rtol=0)
    assert ((written[ids] - start[1][ids]).abs().amax(dim=1) > 1e-3).all()


@pytest.mark.parametrize("lora", [SETTINGS.lora, OUTPUT, None], ids=["adapter", "output", "full"])
def test_a_saved_model_gives_the_same_logits_and_its_tokenizer(base, tmp_path, lora):
    """While training, merged in place, and loaded again: the same numbers three times."""
    model, tokenizer, ids, _ = trained(base, tmp_path, lora)
    prompt = torch.tensor([[5, 9, ids[0], 20, ids[1]]])
    with torch.inference_mode():
        training = model(prompt).logits
        save(model, tmp_path / "tuned", tokenizer)
        again, reloaded = load(base, trained=tmp_path / "tuned")
        torch.testing.assert_close(again(prompt).logits, training, atol=1e-4, rtol=1e-4)
        if lora:
            merged = model.merge_and_unload()
            torch.testing.assert_close(merged(prompt).logits, training, atol=1e-4, rtol=1e-4)
    assert token_ids(reloaded, TOKENS) == ids
    assert reloaded.decode([ids[0], 20], skip_special_tokens=True) == reloaded.decode([20])
    assert len(again.get_input_embeddings().weight) == len(tokenizer)


def test_an_adapter_does_not_hold_all_embeddings(base, tmp_path):
    model, tokenizer, _, _ = trained(base, tmp_path)
    save(model, tmp_path / "tuned", tokenizer)
    from safetensors.torch import load_file

    held = load_file(tmp_path / "tuned" / "adapter_model.safetensors")
    rows = {name: len(value) for name, value in held.items() if "token" in name}
    assert set(rows.values()) == {2} and len(rows) == (1 if _tied(model) else 2)


def _tied(model):
    return model.config.tie_word_embeddings


def test_mistakes_are_named(base):
    model, tokenizer = load(base)
    with pytest.raises(UserError, match=r"has no token ' \[ab\]', it splits it into 5"):
        token_ids(tokenizer, TOKENS)
    with pytest.raises(UserError, match=r"tuned/x has no token"):
        token_ids(tokenizer, TOKENS, of="tuned/x")
    with pytest.raises(UserError, match="added twice"):
        add_tokens(model, tokenizer, [" [ab]", " [ab]"])
    add_tokens(model, tokenizer, TOKENS)
    with pytest.raises(UserError, match="in the vocabulary already"):
        add_tokens(model, tokenizer, TOKENS[:1])
