"""Tests marked `mirror` run where a mirror folder is found and are left out elsewhere."""

from pathlib import Path

import pytest

from shared.data.sources import VARIABLE, mirror_folder
from shared.errors import UserError


@pytest.fixture
def mirror() -> Path:
    """The mirror folder; only for tests marked `mirror`."""
    return mirror_folder()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        if mirror_folder():
            return
    except UserError as error:
        raise pytest.UsageError(str(error)) from None
    left_out = [item for item in items if item.get_closest_marker("mirror")]
    config.left_out = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if count := getattr(config, "left_out", 0):
        terminalreporter.write_line(
            f"no mirror folder: {count} tests on real benchmark rows left out; set {VARIABLE}"
        )


@pytest.fixture(scope="session")
def tiny_tokenizer():
    """A byte-level tokenizer made here: every byte a token, after three special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(special + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
    )


@pytest.fixture
def tiny_model(tiny_tokenizer):
    """A two-layer Llama with random weights, the same in every test, large enough in its
    weights to have opinions: initial weights of 0.02 would make every token about as likely."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        pad_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
    )
    return LlamaForCausalLM(config).eval()
