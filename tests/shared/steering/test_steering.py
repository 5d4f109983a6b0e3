"""Reading and steering of hidden states, on models whose states can be computed by hand."""

import numpy as np
import pytest
import torch

from shared.chat.local import LocalChat
from shared.errors import UserError
from shared.generation.decode import decode
from shared.generation.rows import Prefix, Rows
from shared.models.blocks import decoder_blocks
from shared.steering.states import last_token_states, read_states, save_states
from shared.steering.steered import steered
from shared.steering.vectors import mean_difference

PROMPTS = [[5, 6, 7, 8, 20], [5, 6, 7, 9], [5, 6, 30, 31, 32, 33]]


@pytest.fixture
def silent_model(tiny_model):
    """Blocks that add nothing to the residual stream: what comes out is what went in."""
    for block in decoder_blocks(tiny_model):
        torch.nn.init.zeros_(block.self_attn.o_proj.weight)
        torch.nn.init.zeros_(block.mlp.down_proj.weight)
    return tiny_model


def vector(*numbers, size=32):
    return torch.tensor([*numbers, *[0.0] * (size - len(numbers))])


def test_an_edit_by_hand(silent_model):
    """With silent blocks the state after block 0 is the embedding e, after block 1 as well.

    Adding 2 v to the output of block 0 and 2 w to that of block 1 gives e + 2 v and
    e + 2 v + 2 w, at every token.
    """
    v, w = vector(1.0, -3.0), vector(0.0, 0.5, 4.0)
    ids = torch.tensor([[5, 6, 7]])
    e = silent_model.get_input_embeddings()(ids)
    with steered(silent_model, {0: v, 1: w}, strength=2.0):
        states = silent_model(ids, output_hidden_states=True).hidden_states
        last = silent_model.model.norm(e + 2 * v + 2 * w)
    torch.testing.assert_close(states[1], e + 2 * v)
    torch.testing.assert_close(states[2], last)
    after = silent_model(ids, output_hidden_states=True).hidden_states
    torch.testing.assert_close(after[1], e)  # nothing is left behind


def test_blocks_inside_blocks_add_up_and_end_also_after_an_error(silent_model):
    v = vector(1.0)
    ids = torch.tensor([[5]])
    plain = silent_model(ids).logits
    with pytest.raises(ZeroDivisionError), steered(silent_model, {0: v}):
        with steered(silent_model, {0: v}, strength=-1.0):
            torch.testing.assert_close(silent_model(ids).logits, plain)
        raise ZeroDivisionError
    torch.testing.assert_close(silent_model(ids).logits, plain)


def test_steered_decoding_with_a_cache_is_as_without_one(tiny_model):
    """Batched, left-padded and after a shared prefix, against full passes one by one."""
    torch.manual_seed(1)
    vectors = {0: torch.randn(32), 1: torch.randn(32)}
    with steered(tiny_model, vectors, strength=0.7):
        rows = Rows(tiny_model, [p[2:] for p in PROMPTS], Prefix(tiny_model, PROMPTS[0][:2]))
        made = decode(rows, 6, stop=[1]).ids
        for prompt, ids in zip(PROMPTS, made, strict=True):
            sequence = list(prompt)
            for token in ids:
                logits = tiny_model(torch.tensor([sequence])).logits[0, -1]
                assert int(logits.argmax()) == token
                sequence.append(token)
    rows = Rows(tiny_model, PROMPTS)
    assert decode(rows, 6, stop=[1]).ids != made  # the edit changes what is said


def test_a_steered_chat_says_something_else_and_returns(tiny_model, tiny_tokenizer):
    tiny_tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}>"
    chat = LocalChat(tiny_model, tiny_tokenizer, name="tiny", identity="tiny")
    asked = [[{"role": "user", "content": text}] for text in ("abc", "abd", "xyz")]

    def replies():
        return [reply.text for _, reply in sorted(chat.answers(asked, 8), key=lambda a: a[0])]

    before = replies()
    torch.manual_seed(3)
    with steered(tiny_model, {0: 3 * torch.randn(32)}):
        assert replies() != before
    assert replies() == before


def test_it_composes_with_an_adapter(tiny_model):
    """On a silent first block, LoRA's own change stays and the vector comes on top."""
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny_model, LoraConfig(r=2, target_modules=["q_proj"]))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    ids = torch.tensor([[5, 6, 7]])
    model.eval()
    tuned = model(ids, output_hidden_states=True).hidden_states[1]
    v = vector(0.0, 9.0)
    with steered(model, {0: v}):
        both = model(ids, output_hidden_states=True).hidden_states[1]
    torch.testing.assert_close(both, tuned + v)


@pytest.mark.parametrize(
    ("architecture", "config"),
    [
        ("GPT2LMHeadModel", {"n_embd": 16, "n_layer": 3, "n_head": 2}),
        ("GPTNeoXForCausalLM", {"intermediate_size": 32}),
        ("Qwen2ForCausalLM", {"intermediate_size": 32, "num_key_value_heads": 1}),
        ("MistralForCausalLM", {"intermediate_size": 32, "num_key_value_heads": 1}),
        ("Gemma2ForCausalLM", {"intermediate_size": 32, "num_key_value_heads": 1, "head_dim": 8}),
    ],
)
def test_any_decoder(architecture, config):
    """States are those that Transformers gives; a vector arrives in the next layer's input."""
    import transformers

    names = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    names = {} if architecture == "GPT2LMHeadModel" else names
    model_class = getattr(transformers, architecture)
    torch.manual_seed(0)
    model = model_class(
        model_class.config_class(vocab_size=64, pad_token_id=0, **names, **config)
    ).eval()
    states = last_token_states(model, PROMPTS, batch_size=2)
    for prompt, found in zip(PROMPTS, states, strict=True):
        with torch.inference_mode():
            wanted = model(torch.tensor([prompt]), output_hidden_states=True).hidden_states
        for layer, state in enumerate(wanted):
            torch.testing.assert_close(found[layer], state[0, -1], rtol=1e-4, atol=1e-4)
    v = vector(1.0, size=16)
    with steered(model, {1: v}):
        edited = last_token_states(model, PROMPTS)
    torch.testing.assert_close(edited[:, 1], states[:, 1], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(edited[:, 2], states[:, 2] + v, rtol=1e-4, atol=1e-4)


def test_states_do_not_depend_on_batches_or_company(tiny_model):
    together = last_token_states(tiny_model, PROMPTS)
    for batch_size in (1, 2):
        torch.testing.assert_close(
            last_token_states(tiny_model, PROMPTS, batch_size=batch_size), together
        )
    alone = last_token_states(tiny_model, PROMPTS[1:2])
    torch.testing.assert_close(alone[0], together[1])
    assert last_token_states(tiny_model, []).shape == (0, 3, 32)


def test_prompts_are_answered_from_the_run_that_reads_them(tiny_model):
    """What is decoded after a batch is what its prompts are answered with, and leaves no states."""
    said = {}

    def answer(batch, rows):
        said.update(zip(batch, decode(rows, 4, {0}).ids, strict=True))

    states = last_token_states(tiny_model, PROMPTS, batch_size=2, new_tokens=4, then=answer)
    torch.testing.assert_close(states, last_token_states(tiny_model, PROMPTS))
    for number, prompt in enumerate(PROMPTS):
        alone = decode(Rows(tiny_model, [prompt]), 4, {0})
        assert said[number] == alone.ids[0]


def test_mean_difference_by_hand():
    """Pairs differ by (1, 4, 0) and (1, 8, 2): mean (1, 6, 1), variance (0, 4, 1).

    Two thirds of three dimensions are the first and the last, a tenth is at least one.
    """
    second = np.array([[0.0, 0, 0], [5, 5, 5]])
    first = second + np.array([[1, 4, 0], [1, 8, 2]])
    assert mean_difference(first, second).tolist() == [1, 6, 1]
    assert mean_difference(first, second, keep=2 / 3).tolist() == [1, 0, 1]
    assert mean_difference(first, second, keep=0.6).tolist() == [1, 0, 0]  # 1.8 rounded down
    assert mean_difference(first, second, keep=0.1).tolist() == [1, 0, 0]
    layers = np.stack([first, first[::-1]], axis=1), np.stack([second, second[::-1]], axis=1)
    assert mean_difference(*layers, keep=0.1).tolist() == [[1, 0, 0], [1, 0, 0]]


def test_files_belong_to_a_model(tmp_path):
    path = tmp_path / "holmes.safetensors"
    save_states({"a": torch.ones(2, 3)}, path, "small")
    assert torch.equal(read_states(path, "small")["a"], torch.ones(2, 3))
    with pytest.raises(UserError, match=r"holmes\.safetensors: found .*small; expected .*large"):
        read_states(path, "large")
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a safetensors file"):
        read_states(path, "small")


def test_mistakes_are_named(tiny_model):
    no_block = pytest.raises(UserError, match="found block 2; expected 0 to 1")
    with no_block, steered(tiny_model, {2: vector(1.0)}):
        pass
    narrow = pytest.raises(UserError, match=r"found \(16,\) numbers for block 0; expected \(32,\)")
    with narrow, steered(tiny_model, {0: torch.ones(16)}):
        pass
    with pytest.raises(UserError, match="expected pairs"):
        mean_difference(np.ones((2, 4)), np.ones((3, 4)))
    with pytest.raises(UserError, match=r"keep is 30; expected a share"):
        mean_difference(np.ones((2, 4)), np.ones((2, 4)), keep=30)
