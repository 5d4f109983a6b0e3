"""A model opened for chat, as it is or as it was trained here."""

import importlib.util

import pytest
import torch

from shared.chat.asking import ask
from shared.chat.loading import open_chat
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.models.loading import save

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


def test_a_trained_model_answers_in_place_of_its_base(tmp_path, tiny_model, tiny_tokenizer):
    tiny_tokenizer.chat_template = TEMPLATE
    save(tiny_model, tmp_path / "base")
    tiny_tokenizer.save_pretrained(tmp_path / "base")
    asked = Asked(model=f"path:{tmp_path / 'base'}")
    conversation = [[{"role": "user", "content": "Is it?"}]]
    before = ask(open_chat(asked), conversation, 6)[0].text

    with torch.no_grad():  # a model that says "n" whatever it is asked
        for weight in tiny_model.model.embed_tokens.weight, tiny_model.model.norm.weight:
            weight.fill_(1.0)
        tiny_model.lm_head.weight.fill_(0.0)
        tiny_model.lm_head.weight[tiny_tokenizer("n")["input_ids"][0]] = 1.0
    save(tiny_model, tmp_path / "trained")
    chat = open_chat(asked, trained=tmp_path / "trained")
    after = ask(chat, conversation, 6)[0].text
    assert after == "nnnnnn" != before
    assert open_chat(Asked(model=asked.model, thinking=True, thinking_tokens=5)).extra_tokens == 5
    assert (
        chat.name == "base"
        and chat.extra_tokens == 0
        and chat.identity != open_chat(asked).identity
    )


def test_an_engine_that_is_not_installed_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None)
    with pytest.raises(UserError, match=r'engine: found vllm, .*pip install "\.\[vllm\]"') as found:
        open_chat(Asked(model=f"path:{tmp_path}", engine="vllm"))
    assert "\n" not in str(found.value)
