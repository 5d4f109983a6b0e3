"""The converted bundled model is the model it should be. Converted here if it is not there yet."""

import math
import subprocess
import sys

import pytest

from shared.generation.decode import decode, tokens_with
from shared.generation.rows import Rows
from shared.generation.score import text_nll
from shared.models.loading import load
from shared.models.spec import bundled_folder
from shared.settings import ROOT

NAME = "smollm2-135m-instruct-q4_1"
PARAGRAPH = (
    "The sun rises in the east and sets in the west. Every morning, people wake up, eat"
    " breakfast, and go to work or school. In the evening, they come home, have dinner with their"
    " families, and go to bed."
)

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def bundled():
    folder = bundled_folder(NAME)
    if not folder.is_dir():
        command = [sys.executable, "-m", "shared.models.bundled", "--out", folder]
        subprocess.run(command, cwd=ROOT, check=True)
    return load(f"bundled:{NAME}")


def nll(bundled, text):
    model, tokenizer = bundled
    return text_nll(model, [tokenizer(text)["input_ids"]])[0]


def test_size_and_ties(bundled):
    model, _ = bundled
    assert sum(p.numel() for p in model.parameters()) == 134_515_008
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_every_digit_is_a_token(bundled):
    _, tokenizer = bundled
    assert tokenizer.tokenize("In 1987,") == ["In", "Ġ", "1", "9", "8", "7", ","]


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.",
        "  two spaces, a tab\tand a\nline ",
        "1,234.56 + 7 = ?",
        "Zürich, 東京, naïve café — “quoted” 🙂",
        "def f(x):\n    return x ** 2\n",
    ],
)
def test_text_survives_the_tokenizer(bundled, text):
    _, tokenizer = bundled
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_chat_template_and_special_tokens(bundled):
    _, tokenizer = bundled
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    ids = tokenizer(text)["input_ids"]
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 3
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 2)
    assert tokenizer("plain")["input_ids"][0] != tokenizer.bos_token_id


def test_perplexity_of_a_plain_paragraph(bundled):
    """Fluent text is likely; the same words in alphabetical order are not. A wrong rotary order
    or a wrong dequantisation shows here first."""
    total, tokens = nll(bundled, PARAGRAPH)
    shuffled, shuffled_tokens = nll(bundled, " ".join(sorted(PARAGRAPH.split())))
    assert math.exp(total / tokens) < 8
    assert math.exp(shuffled / shuffled_tokens) > 100


def test_numbers_are_read_as_in_training(bundled):
    """Counting on is far easier than a jump, if digits are the tokens that it was trained on."""
    counting, _ = nll(bundled, "17, 18, 19, 20, 21, 22")
    jumping, _ = nll(bundled, "17, 18, 19, 20, 21, 57")
    assert jumping - counting > 3


def test_it_knows_a_few_facts(bundled):
    model, tokenizer = bundled
    facts = {
        "What is the capital of France?": "Paris",
        "What is the capital of Japan?": "Tokyo",
        "What is the capital of Italy?": "Rome",
        "How many days are in a week?": "seven 7",
        "What color is the sky on a clear day?": "blue",
        "What is the opposite of hot?": "cold",
    }
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        for question in facts
    ]
    rows = Rows(model, [tokenizer(prompt)["input_ids"] for prompt in prompts])
    decoded = decode(rows, 24, tokens_with(tokenizer, "\n"))
    replies = [tokenizer.decode(ids).lower() for ids in decoded.ids]
    known = [
        any(word.lower() in reply for word in gold.split())
        for reply, gold in zip(replies, facts.values(), strict=True)
    ]
    assert sum(known) >= 5, replies
