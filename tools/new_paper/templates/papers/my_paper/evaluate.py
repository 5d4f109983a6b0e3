"""Which of two answers a model finds likelier: a row a question, `correct` if the right one."""

from pathlib import Path

from shared.comparison.scores import as_frame, write_scores
from shared.files import read_jsonl
from shared.generation.score import text_nll
from shared.models.loading import load
from shared.runner.step import Run, step

READS = ("model", "prompt", "precision")


def evaluate(run: Run, data: Path, trained: Path | None = None) -> dict:
    """Ask one model all test questions. trained: its folder; none: before training."""
    rows, prompt = read_jsonl(data / "test.jsonl", filled=True), run.settings.prompt
    model, tokenizer = load(run.settings.model, trained=trained, precision=run.settings.precision)
    texts = [f"{prompt.format(**row)} {row[one]}" for row in rows for one in ("answer", "wrong")]
    nats = [n for n, _ in text_nll(model, tokenizer(texts, add_special_tokens=False)["input_ids"])]
    pairs = zip(rows, nats[::2], nats[1::2], strict=True)
    scores = [{"id": row["id"], "correct": right < wrong} for row, right, wrong in pairs]
    write_scores(as_frame(scores), run.out)
    return {"questions": len(rows)}


if __name__ == "__main__":
    step(evaluate)
