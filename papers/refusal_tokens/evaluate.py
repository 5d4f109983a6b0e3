"""Ask one model of Refusal Tokens its test instructions.

    python -m papers.refusal_tokens.evaluate --scale cpu --model SmolLM2-135M \\
        --variant one --seed 0 --data results/cpu/refusal_tokens/data \\
        --trained results/cpu/refusal_tokens/models/SmolLM2-135M/one-s0 \\
        --out results/cpu/refusal_tokens/scores/SmolLM2-135M/one-s0.parquet \\
        --record results/cpu/refusal_tokens/runs/SmolLM2-135M/evaluate-one-s0.json

`--variant base`, without `--trained`, is the model before training. A row of the result is one
instruction; no text of a reply is kept:

    id, part, category, refuse    which instruction, and whether it should be refused
    first                         the likeliest first token, if it is a control token, or ""
    p1_<token>, p2_<token>        probability of each control token, softmax temperature 1 and 2
    refused                       the model's own reply refuses
    refused_<token>               the reply after that token does; null where it was not forced
"""

from pathlib import Path

from papers.refusal_tokens.examiner import Examiner
from papers.refusal_tokens.methods import METHODS
from shared.comparison.scores import as_frame, write_scores
from shared.files import read_jsonl
from shared.judges.loading import open_judges
from shared.models.loading import load
from shared.workflow.step import Run, step

READS = (
    "model", "prompt", "end", "forced", "reply_tokens", "judge", "batch_size", "batch_tokens",
)  # fmt: skip
KEPT = ("id", "part", "category", "refuse")  # of an instruction


def evaluate(run: Run, data: Path, variant: str, seed: int, trained: Path | None = None) -> dict:
    """Ask one model its test instructions. trained: its folder; none: before training."""
    settings, method = run.settings, METHODS[variant]
    rows = [row for row in read_jsonl(data / "test.jsonl") if row["part"] in method.asked]
    model, tokenizer = load(settings.model, trained=trained)
    with open_judges([settings.judge], run.key) as (judge,):
        examiner = Examiner(model, tokenizer, settings, method.tokens, judge)
        run.loaded()
        scores = [
            {key: row[key] for key in KEPT} | score
            for row, score in zip(rows, examiner.examine(rows), strict=True)
        ]
        frame = as_frame(scores, names=["part", "category", "first"], flags=["refused*"])
        write_scores(frame, run.out)
    return {"instructions": len(rows), "tokens": examiner.tokens}


if __name__ == "__main__":
    step(evaluate)
