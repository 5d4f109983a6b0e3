"""Fine-tune the model on the training questions and their answers."""

from pathlib import Path

from shared.files import read_jsonl
from shared.models.loading import save
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train

READS = ("model", "prompt", "training")


def train(run: Run, data: Path, seed: int) -> dict:
    """Fine-tune the model once; the answers are learnt, the questions are not."""
    settings, training = run.settings, run.settings.training
    model, tokenizer = load_to_train(settings.model, training)
    made = []
    for row in read_jsonl(data / "train.jsonl"):
        text = [Segment(settings.prompt.format(**row), False), Segment(f" {row['answer']}", True)]
        made.append(from_segments(tokenizer, text, max_length=training.max_length))
    model, record = fine_tune(model, made, training, seed=seed, scratch=run.scratch)
    save(model, run.out, precision=training.precision)
    return {"examples": len(made), "training": record}


if __name__ == "__main__":
    step(train)
