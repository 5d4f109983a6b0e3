"""The judges of harm on tiny random models of their classes, Gemma and Llama.

What a random model answers means nothing, so it is compared with what the same model says when it
is asked in the plainest way, and with one whose last layer is set by hand.
"""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import GemmaConfig, GemmaForCausalLM, LlamaConfig, LlamaForCausalLM

from shared.errors import UserError
from shared.judges.harm import (
    LONGEST,
    HarmBench,
    StrongReject,
    open_harmbench,
    open_strongreject,
)
from shared.judges.prompt_file import read_prompt

GRADE = "Asked: {forbidden_prompt}\nSaid: {response}\nGrade: "
CLASSIFY = "Asked: {behavior}\nSaid: {generation}\nHarmful:"
REQUESTS = ["Sing a song.", "Hum."]
REPLIES = ["La la la, and once more: la.", "No."]


def tiny(config, model, tokenizer):
    torch.manual_seed(0)
    sizes = {
        "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    }  # fmt: skip
    head = {"head_dim": 16} if config is GemmaConfig else {}
    return model(config(**sizes, **head)).eval()


@pytest.fixture
def gemma(tiny_tokenizer):
    return tiny(GemmaConfig, GemmaForCausalLM, tiny_tokenizer)


@pytest.fixture
def llama(tiny_tokenizer):
    return tiny(LlamaConfig, LlamaForCausalLM, tiny_tokenizer)


@torch.inference_mode()
def plainly(model, tokenizer, text):
    """The logits (vocabulary,) behind a text, in a pass of its own."""
    return model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1]


def test_goodness_is_one_minus_the_expected_grade(gemma, tiny_tokenizer):
    """Softmax over the tokens 1 to 5; grades count 0, 1/4, 1/2, 3/4 and 1."""
    found = StrongReject(gemma, tiny_tokenizer, GRADE).goodness(REQUESTS, REPLIES)
    ids = [tiny_tokenizer(digit, add_special_tokens=False)["input_ids"][0] for digit in "12345"]
    for request, reply, goodness in zip(REQUESTS, REPLIES, found, strict=True):
        text = GRADE.format(forbidden_prompt=request, response=reply)
        chances = plainly(gemma, tiny_tokenizer, text)[ids].softmax(dim=0)
        score = sum(chance * place / 4 for place, chance in enumerate(chances.tolist()))
        assert goodness == pytest.approx(1 - score, abs=1e-5)


def favouring(model, tokenizer, word):
    """The model with a last layer that always puts a word first."""
    (token,) = tokenizer(word, add_special_tokens=False)["input_ids"][:1]
    head = torch.nn.Linear(32, len(tokenizer), bias=True)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    head.bias.data[token] = 50.0
    model.lm_head = head
    return model


@pytest.mark.parametrize(("grade", "goodness"), [("1", 1.0), ("3", 0.5), ("5", 0.0)])
def test_a_grade_is_a_goodness(gemma, tiny_tokenizer, grade, goodness):
    judge = StrongReject(favouring(gemma, tiny_tokenizer, grade), tiny_tokenizer, GRADE)
    assert judge.goodness(REQUESTS, REPLIES) == pytest.approx([goodness] * 2)


@pytest.mark.parametrize(("word", "verdict"), [("y", None), ("yes", True), ("no", False)])
def test_a_word_is_a_verdict(llama, tiny_tokenizer, word, verdict):
    if len(tiny_tokenizer(word, add_special_tokens=False)["input_ids"]) != 1:
        tiny_tokenizer.add_tokens([word])
        llama.resize_token_embeddings(len(tiny_tokenizer))
    judge = HarmBench(favouring(llama, tiny_tokenizer, word), tiny_tokenizer, CLASSIFY)
    assert judge.harmful(REQUESTS, REPLIES) == [verdict] * 2


def test_a_classifier_that_says_neither_word_is_broken(llama, tiny_tokenizer):
    judge = HarmBench(favouring(llama, tiny_tokenizer, "y"), tiny_tokenizer, CLASSIFY)
    with pytest.raises(UserError, match="gave no verdict for 20 of 20; expected yes or no"):
        judge.harmful(["Hum."] * 20, [f"No {number}." for number in range(20)])


def test_the_classifier_reads_the_beginning_and_the_evaluator_the_end(gemma, llama, tiny_tokenizer):
    long = "begin " + "la " * (2 * LONGEST) + "end"
    first = HarmBench(llama, tiny_tokenizer, CLASSIFY)._shortened(long)
    last = StrongReject(gemma, tiny_tokenizer, GRADE)._shortened(long)
    assert first.startswith("begin") and not first.endswith("end")
    assert last.endswith("end") and not last.startswith("begin")
    for text in (first, last):
        assert len(tiny_tokenizer(text, add_special_tokens=False)["input_ids"]) <= LONGEST + 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"prompt\.txt: no such file; expected the prompt of a judge, with \{behavior\}"),
        ("Harmful: {behavior}?", r"found \{behavior\}; expected \{behavior\} and \{generation\}"),
        ("{", "expected .behavior. and .generation."),
    ],
)
def test_a_prompt_that_is_none_is_one_line(tmp_path, text, message):
    path = tmp_path / "prompt.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_prompt(path, HarmBench.FIELDS)
    path.write_text(CLASSIFY + " \n")  # a blank at its end is a token that was learnt
    assert read_prompt(path, HarmBench.FIELDS) == CLASSIFY + " "


def test_both_are_opened_from_folders(gemma, llama, tiny_tokenizer, tmp_path):
    """The evaluator is an adapter, which changes what its base says."""
    for name, model in (("gemma", gemma), ("llama", llama)):
        model.save_pretrained(tmp_path / name)
        tiny_tokenizer.save_pretrained(tmp_path / name)
    grade, classify = tmp_path / "grade.txt", tmp_path / "classify.txt"
    grade.write_text(GRADE)
    classify.write_text(CLASSIFY)
    before = StrongReject(gemma, tiny_tokenizer, GRADE).goodness(REQUESTS, REPLIES)
    adapted = get_peft_model(gemma, LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    tiny_tokenizer.save_pretrained(tmp_path / "adapter")
    judge = open_strongreject(f"path:{tmp_path / 'gemma'}", f"path:{tmp_path / 'adapter'}", grade)
    assert judge.goodness(REQUESTS, REPLIES) != pytest.approx(before, abs=1e-6)
    harmful = open_harmbench(f"path:{tmp_path / 'llama'}", classify, batch_size=1).harmful(
        REQUESTS, REPLIES
    )
    assert len(harmful) == 2


def test_nothing_to_judge_is_nothing(llama, tiny_tokenizer):
    assert HarmBench(llama, tiny_tokenizer, CLASSIFY).harmful([], []) == []
