"""What the model learns, and how its answers are scored, on a tiny model."""

import torch

from papers.my_paper.evaluate import prefers_right
from papers.my_paper.train import example
from shared.settings import load_settings
from shared.training.examples import IGNORED

SMOKE = load_settings("my_paper", "smoke")
ROWS = [
    {"question": "Which?", "answer": "this", "wrong": "that one"},
    {"question": "Which of them?", "answer": "that one", "wrong": "this"},
]


def test_only_the_answer_is_learnt(tiny_tokenizer):
    made = example(tiny_tokenizer, ROWS[0], SMOKE)
    learnt = [label for label in made["labels"] if label != IGNORED]
    assert tiny_tokenizer.decode(learnt) == " this"


def test_the_likelier_answer_is_the_one_chosen(tiny_model, tiny_tokenizer):
    """Against the model's own loss, one text at a time."""

    def loss(row, answer):
        text = f"{SMOKE.prompt.format(**row)} {row[answer]}"
        ids = torch.tensor([tiny_tokenizer(text, add_special_tokens=False)["input_ids"]])
        return tiny_model(ids, labels=ids).loss * (ids.shape[1] - 1)

    expected = [bool(loss(row, "answer") < loss(row, "wrong")) for row in ROWS]
    assert prefers_right(tiny_model, tiny_tokenizer, ROWS, SMOKE) == expected
