"""Fine-tune one variant of Refusal Tokens.

A reply is learnt as it is, or with a control token before it: [respond], or a refusal token. The
control tokens are added to the vocabulary; their embeddings are trained and saved.
"""

from pathlib import Path

from papers.refusal_tokens.methods import METHODS, Method
from papers.refusal_tokens.settings import Settings
from shared.files import read_jsonl
from shared.models.added_tokens import add_tokens
from shared.models.loading import save
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train

READS = ("model", "asking", "training")


def train(run: Run, data: Path, variant: str, seed: int) -> dict:
    """Fine-tune one variant on its parts of the training set."""
    settings, method = run.settings, METHODS[variant]
    every = read_jsonl(data / "train.jsonl", filled=True)
    rows = [row for row in every if row["part"] in method.learns]
    model, tokenizer = load_to_train(settings.model, settings.training)
    ids = add_tokens(model, tokenizer, method.tokens)
    length = settings.training.max_length
    made = [
        from_segments(tokenizer, segments(row, method, settings), max_length=length) for row in rows
    ]
    model, record = fine_tune(
        model, made, settings.training, seed=seed, scratch=run.scratch, new_tokens=ids
    )
    save(model, run.out, tokenizer, precision=settings.training.precision)
    return {
        "examples": len(made),
        "refusals": sum(row["refuse"] for row in rows),
        "control_tokens": dict(zip(method.tokens, ids, strict=True)),
        "training": record,
    }


def segments(row: dict, method: Method, settings: Settings) -> list[Segment]:
    """The prompt, then what is learnt: the control token, the reply and its end."""
    token = method.token(row)
    return [
        Segment(settings.asking.prompt.format(instruction=row["instruction"]), False),
        *([Segment(token, True)] if token else []),
        Segment(row["reply"] + settings.asking.end, True),
    ]


if __name__ == "__main__":
    step(train)
