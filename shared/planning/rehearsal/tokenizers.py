"""Small tokenizers of the kinds that the papers' models have, learnt from this project's own texts.

A sentencepiece model (LLaMA, Mistral, Gemma) is what some repositories have and nothing else; one
of bytes (LLaMA 3, Qwen) is a `tokenizer.json`.
"""

import io
from functools import cache
from pathlib import Path
from string import ascii_letters
from typing import Literal

from pydantic import Field
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from shared.files import write_json
from shared.settings import ROOT, Strict

WORDS = 800  # in a vocabulary: a token is a few letters, so that limits of tokens mean something
TEMPLATES = {
    "llama-3": (
        "{{ bos_token }}{% for m in messages %}"
        "<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>"
        "{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "chatml": (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "deepseek-r1": (
        "{{ bos_token }}{% for m in messages %}"
        "{% if m['role'] == 'system' %}{{ m['content'] }}"
        "{% elif m['role'] == 'user' %}<｜User｜>{{ m['content'] }}"
        "{% else %}<｜Assistant｜>{{ m['content'] }}{{ eos_token }}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}<｜Assistant｜>{% endif %}"
    ),
    # a system message is said at the head of the first request
    "mistral": (
        "{{ bos_token }}{% set first = namespace(text='') %}{% for m in messages %}"
        "{% if m['role'] == 'system' %}{% set first.text = m['content'] + '\n\n' %}"
        "{% elif m['role'] == 'user' %}[INST] {{ first.text + m['content'] }}[/INST]"
        "{% set first.text = '' %}{% else %} {{ m['content'] }}{{ eos_token }}{% endif %}"
        "{% endfor %}"
    ),
    "gemma": (
        "{{ bos_token }}{% set first = namespace(text='') %}{% for m in messages %}"
        "{% if m['role'] == 'system' %}{% set first.text = m['content'] + '\n\n' %}{% else %}"
        "<start_of_turn>{{ 'model' if m['role'] == 'assistant' else 'user' }}\n"
        "{{ first.text + m['content'] | trim }}<end_of_turn>\n{% set first.text = '' %}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    ),
}


class Tokens(Strict):
    """Special tokens by their use; "" where a model has none."""

    bos: str = ""
    eos: str = "</s>"
    pad: str = ""
    other: list[str] = []


class TokenizerKind(Strict):
    kind: Literal["sentencepiece", "bytes"]
    files: Literal["tokenizer.model", "both"] = "both"  # where there is a sentencepiece model
    tokens: Tokens = Field(default_factory=Tokens)
    template: str | None = None  # of TEMPLATES; None: of a base model, or of a processor


def write_tokenizer(kind: TokenizerKind, folder: Path) -> PreTrainedTokenizerBase:
    """Write the files of such a repository into a folder; also gives what they are read as."""
    if kind.kind == "bytes":
        made = _of_bytes(kind)
        made.save_pretrained(folder)
        return made
    (folder / "tokenizer.model").write_bytes(_sentencepiece())
    tokens = kind.tokens
    named = {
        "unk_token": "<unk>",
        "bos_token": tokens.bos or "<s>",
        "eos_token": tokens.eos,
        "pad_token": tokens.pad or None,
        "additional_special_tokens": tokens.other,
    }
    said = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "legacy": False, **named}
    if kind.template:
        said["chat_template"] = TEMPLATES[kind.template]
    write_json(folder / "tokenizer_config.json", said)
    made = LlamaTokenizer.from_pretrained(folder)
    if kind.files == "both":
        made.save_pretrained(folder)
    return made


def _of_bytes(kind: TokenizerKind) -> PreTrainedTokenizerFast:
    """Byte-pair encoding of bytes; a text begins with `bos` where there is one."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    tokens = kind.tokens
    if tokens.bos:
        tokenizer.add_special_tokens([tokens.bos])
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{tokens.bos} $A",
            special_tokens=[(tokens.bos, tokenizer.token_to_id(tokens.bos))],
        )
    named = {"bos_token": tokens.bos, "eos_token": tokens.eos, "pad_token": tokens.pad}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        additional_special_tokens=tokens.other,
        chat_template=TEMPLATES.get(kind.template or ""),
        **{name: token for name, token in named.items() if token},
    )


@cache
def _sentencepiece() -> bytes:
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_texts()),
        model_writer=model,
        model_type="bpe",
        vocab_size=WORDS,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        minloglevel=2,
    )
    return model.getvalue()


@cache
def _texts() -> list[str]:
    """Lines of English that never change, as the vocabulary would with them; and each letter behind
    a space often enough to be one token: those that answer a question of several options are told
    apart by it."""
    lines = (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()
    return [*filter(None, lines), *(" ".join(letter * 500) for letter in ascii_letters)]
