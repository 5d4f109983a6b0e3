from string import ascii_letters

import pytest

from shared.generation.score import first_tokens
from shared.planning.rehearsal import tokenizers
from shared.planning.rehearsal.tokenizers import TokenizerKind, write_tokenizer


@pytest.mark.parametrize("kind", ["sentencepiece", "bytes"])
def test_options_have_tokens_of_their_own_whatever_the_texts_say(kind, tmp_path, monkeypatch):
    texts = tokenizers._texts()
    monkeypatch.setattr(tokenizers, "_texts", lambda: ["no option here"] * 500 + texts[-52:])
    tokenizers._sentencepiece.cache_clear()
    monkeypatch.setattr(tokenizers, "WORDS", 380)
    made = write_tokenizer(TokenizerKind(kind=kind), tmp_path)
    tokenizers._sentencepiece.cache_clear()
    letters = [f" {letter}" for letter in ascii_letters]
    assert len(set(first_tokens(made, letters, "Answer:"))) == len(letters)
