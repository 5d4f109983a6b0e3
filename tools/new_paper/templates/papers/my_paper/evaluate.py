"""Which of two answers one model finds likelier, question by question.

    python -m papers.my_paper.evaluate --scale cpu \\
        --data results/cpu/my_paper/data \\
        --trained results/cpu/my_paper/models/tuned-s0 \\
        --out results/cpu/my_paper/scores/tuned-s0.parquet \\
        --record results/cpu/my_paper/runs/evaluate-tuned-s0.json

Without `--trained`: the model as it comes. A row of the result is one question:

    id, dataset    which question
    correct        the right answer is likelier than the wrong one
"""

import time
from pathlib import Path

import pandas as pd

from papers.my_paper.settings import Settings
from shared.comparison.scores import write_scores
from shared.errors import one_line_errors
from shared.files import read_jsonl
from shared.generation.score import text_nll
from shared.models.loading import load
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run


def prefers_right(model, tokenizer, rows: list[dict], settings: Settings) -> list[bool]:
    """Whether the right answer is likelier than the wrong one, for each row."""

    def surprise(answer: str) -> list[float]:
        """Negative log-likelihood of each question with one of its answers, in nats."""
        texts = [f"{settings.prompt.format(**row)} {row[answer]}" for row in rows]
        ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [nll for nll, _ in text_nll(model, ids, settings.batch_size)]

    pairs = zip(surprise("answer"), surprise("wrong"), strict=True)
    return [right < wrong for right, wrong in pairs]


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trained", type=Path, help="folder of the tuned model")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("my_paper", arguments)
    data = arguments.data / "test.jsonl"
    rows = read_jsonl(data)

    model, tokenizer = load(settings.model, trained=arguments.trained)
    scores = pd.DataFrame(rows, columns=["id", "dataset"])
    scores["correct"] = prefers_right(model, tokenizer, rows, settings)
    write_scores(scores, arguments.out)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[data, *([arguments.trained] if arguments.trained else [])],
        questions=len(rows),
    )


if __name__ == "__main__":
    one_line_errors(main)
