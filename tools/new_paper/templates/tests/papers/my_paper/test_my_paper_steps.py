"""Each step called as a function, with a tiny model in a folder."""

import pandas as pd
import pytest
import torch

from papers.my_paper.evaluate import evaluate
from papers.my_paper.train import train
from shared.files import write_jsonl
from shared.runner.step import Run
from shared.settings import load_settings

ROWS = [
    {"id": "1", "question": "Which?", "answer": "this", "wrong": "that one"},
    {"id": "2", "question": "Which of them?", "answer": "that one", "wrong": "this"},
]


@pytest.fixture
def settings(tiny_model, tiny_tokenizer, tmp_path):
    tiny_model.save_pretrained(tmp_path / "model")
    tiny_tokenizer.save_pretrained(tmp_path / "model")
    for part in ("train", "test"):
        write_jsonl(tmp_path / "data" / f"{part}.jsonl", ROWS)
    smoke = load_settings("my_paper", "smoke")
    return smoke.model_copy(update={"model": f"path:{tmp_path / 'model'}"})


def test_the_likelier_answer_is_the_one_chosen(settings, tiny_model, tiny_tokenizer, tmp_path):
    """Against the model's own loss, one text at a time."""

    def loss(row, answer):
        text = f"{settings.prompt.format(**row)} {row[answer]}"
        ids = torch.tensor([tiny_tokenizer(text, add_special_tokens=False)["input_ids"]])
        return tiny_model(ids, labels=ids).loss * (ids.shape[1] - 1)

    evaluate(Run(settings, tmp_path / "scores.parquet"), tmp_path / "data")
    found = pd.read_parquet(tmp_path / "scores.parquet").set_index("id")["correct"]
    assert found.to_dict() == {r["id"]: bool(loss(r, "answer") < loss(r, "wrong")) for r in ROWS}


def test_a_trained_model_is_read_again(settings, tmp_path):
    run = Run(settings, tmp_path / "tuned", key="test", paper="my_paper")
    assert train(run, tmp_path / "data", seed=0)["examples"] == len(ROWS)
    asked = Run(settings, tmp_path / "scores.parquet")
    assert evaluate(asked, tmp_path / "data", tmp_path / "tuned") == {"questions": len(ROWS)}
