"""Ids of a text where it stands, with a tokenizer that treats the beginning of a text apart."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from shared.models.tokens import continuation

WORDS = ["<unk>", "▁", "▁a", "▁b", ".", "b", "▁ab"]


@pytest.fixture(scope="module")
def tokenizer():
    """As LLaMA's: a space before whatever it is given."""
    model = models.Unigram([(word, -float(len(word) == 1)) for word in WORDS], unk_id=0)
    made = Tokenizer(model)
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


def words(tokenizer, ids):
    return [WORDS[i] for i in ids]


def test_a_text_goes_on_without_a_space(tokenizer):
    alone = tokenizer(".", add_special_tokens=False)["input_ids"]
    assert words(tokenizer, alone) == ["▁", "."]
    assert words(tokenizer, continuation(tokenizer, "a", ". b")) == [".", "▁b"]


def test_nothing_before_is_the_text_itself(tokenizer):
    assert words(tokenizer, continuation(tokenizer, "", "a b")) == ["▁a", "▁b"]


def test_no_token_straddles_the_border(tokenizer):
    """Together they are the one token "▁ab"."""
    assert words(tokenizer, continuation(tokenizer, "a", "b")) == ["▁b"]
