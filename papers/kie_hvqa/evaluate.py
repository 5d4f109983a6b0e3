"""Ask one variant of the model about every test row, and score what it says.

    python -m papers.kie_hvqa.evaluate --scale cpu --variant sft --seed 0 \\
        --data results/cpu/kie_hvqa/data --features results/cpu/kie_hvqa/features/clean.npz \\
        --trained results/cpu/kie_hvqa/models/sft-s0 \\
        --out results/cpu/kie_hvqa/scores/sft-s0.parquet \\
        --record results/cpu/kie_hvqa/runs/evaluate-sft-s0.json

Writes a row a test row:

    id, dataset         which row, and its subset's name
    reply               what was written
    valid, in_form      whether an answer could be read, and whether the reply has the taught form
    clear, not_clear, final, avg    similarities of eval.py, 0 if there was no answer
    right               whether the final text is exactly the true one, without spaces
    hidden, made_up     hidden characters, and how many got an output
    legible, refused    clear characters, and how many got none

The last four are null where the truth does not say which characters were hidden.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from papers.kie_hvqa.notation import has_form, parse_answer, parse_tags, parse_truth
from papers.kie_hvqa.reading import open_model, picture, prompt_text
from papers.kie_hvqa.scoring import counts, score, similarity
from papers.kie_hvqa.settings import Settings
from shared.errors import one_line_errors
from shared.files import atomic
from shared.generation.vision_language import decode_with_pictures
from shared.models.images import see, with_pictures
from shared.workflow.programs import named, step_parser, step_settings
from shared.workflow.records import write_run

TESTS = ("test", "undegraded")


def scores(rows: Iterable[dict], replies: Iterable[str]) -> pd.DataFrame:
    made = []
    for row, reply in zip(rows, replies, strict=True):
        truth, answer = parse_truth(row["answer"], row["id"]), parse_answer(reply)
        characters = parse_tags(row["tags"])
        counted = counts(answer, characters)
        made.append(
            {
                "id": row["id"],
                "dataset": row["dataset"],
                "reply": reply,
                "valid": answer is not None,
                "in_form": has_form(reply),
                **score(answer, truth),
                "right": bool(answer) and similarity(answer.final, truth.final) == 1,
                **{name: n if characters else np.nan for name, n in counted.items()},
            }
        )
    return pd.DataFrame(made)


def ask(
    rows: Sequence[dict], settings: Settings, trained: Path | None, features: Path | None
) -> list[str]:
    """The greedy reply to each row."""
    model, processor = open_model(settings, trained)
    if features:
        processor.tower.remember(features)
    tokenizer, prompts = processor.tokenizer, []
    for row in rows:
        text = prompt_text(processor, row["question"], settings)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        seen = see(processor, picture(row))
        prompts.append(with_pictures({"input_ids": ids}, [seen], processor.image_token_id))
    replies = [""] * len(rows)
    sizes = {"batch_size": settings.batch_size, "batch_tokens": settings.batch_tokens}
    stops = {tokenizer.eos_token_id}
    for batch, decoded in decode_with_pictures(
        model, prompts, settings.answer_tokens, stops, **sizes
    ):
        for row, ids in zip(batch, decoded.ids, strict=True):
            replies[row] = tokenizer.decode(ids, skip_special_tokens=True)
    return replies


def read_tests(data: Path) -> list[dict]:
    return [
        row
        for name in TESTS
        for row in pd.read_parquet(data / f"{name}.parquet").to_dict("records")
    ]


def write_scores(found: pd.DataFrame, path: Path) -> None:
    with atomic(path) as temporary:
        found.to_parquet(temporary, compression="zstd", index=False)


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path, help="of the lines, where a scale reads lines")
    parser.add_argument("--trained", type=Path)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("kie_hvqa", arguments)
    named(arguments, "variant", settings.methods)
    rows = read_tests(arguments.data)
    found = scores(rows, ask(rows, settings, arguments.trained, arguments.features))
    write_scores(found, arguments.out)
    unreadable = int((~found["valid"]).sum())
    print(f"{unreadable} of {len(found)} replies hold no answer", file=sys.stderr)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[arguments.data / f"{name}.parquet" for name in TESTS],
        replies=len(found),
        unreadable=unreadable,
    )


if __name__ == "__main__":
    one_line_errors(main)
