"""Fine-tune the model on the training questions and their answers.

    python -m papers.my_paper.train --scale cpu --seed 0 \\
        --data results/cpu/my_paper/data \\
        --out results/cpu/my_paper/models/tuned-s0 \\
        --record results/cpu/my_paper/runs/train-tuned-s0.json
"""

import time
from pathlib import Path

from papers.my_paper.settings import Settings
from shared.errors import one_line_errors
from shared.files import read_jsonl, sha256
from shared.models.loading import load, save
from shared.settings import SCRATCH
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run


def example(tokenizer, row: dict, settings: Settings) -> dict[str, list[int]]:
    """The question, which is not learnt, and the answer, which is."""
    prompt = settings.prompt.format(question=row["question"])
    segments = [Segment(prompt, False), Segment(f" {row['answer']}", True)]
    return from_segments(tokenizer, segments, max_length=settings.training.max_length)


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("my_paper", arguments)
    data = arguments.data / "train.jsonl"

    model, tokenizer = load(settings.model)
    examples = [example(tokenizer, row, settings) for row in read_jsonl(data)]
    # Checkpoints of a killed training are found again by all that it depends on.
    code = code_hash("papers.my_paper.train")
    key = key_of(code, settings.model_dump_json(), arguments.seed, sha256(data))
    scratch = SCRATCH / f"my_paper-{key}"
    model, record = fine_tune(
        model, examples, settings.training, seed=arguments.seed, scratch=scratch
    )
    save(model, arguments.out)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[data],
        examples=len(examples),
        training=record,
    )


if __name__ == "__main__":
    one_line_errors(main)
