"""Make vanilla unlearn in one way.

Writes a folder `step-NNNNN` for each snapshot, the last of which is the end of the training.
"""

import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from transformers import ProcessorMixin

from papers.safe_eraser import benchmark
from papers.safe_eraser.benchmark import Question, Record
from papers.safe_eraser.methods import RECIPES
from papers.safe_eraser.protocols import PROTOCOLS, Protocol
from shared.errors import UserError
from shared.files import atomic
from shared.models.devices import is_first
from shared.models.images import looking
from shared.models.loading import load_processor, save
from shared.runner.step import Run, step
from shared.training import unlearning
from shared.training.examples import Segment
from shared.training.settings import Training
from shared.training.supervised import load_to_train
from shared.training.vision_language import example, prompt

READS = ("model", "benchmark", "unlearning", "snapshots", "variant.method", "variant.protocol")


def unlearn(
    run: Run, data: Path, variant: str, seed: int, answers: Path, vanilla: Path | None = None
) -> dict:
    """Make vanilla unlearn in one way. vanilla: its folder, where it was trained here. answers: its
    scores, with what it says itself."""
    settings, how = run.settings, run.variant
    base = settings.base(vanilla)
    processor = load_processor(base)
    model, _ = load_to_train(base, settings.unlearning, tokenizer=processor.tokenizer)
    folder = settings.folder(data)
    made = items(
        [record for record in benchmark.read(folder) if record.split == "train"],
        benchmark.refusals(folder),
        benchmark.said_by(answers),
        processor,
        PROTOCOLS[how.protocol],
        seed,
        settings.unlearning.max_length,
    )
    steps, kept_in = run.scratch / "steps", {"precision": settings.unlearning.precision}
    run.loaded()
    _, record = unlearning.unlearn(
        model,
        made,
        RECIPES[how.protocol][how.method],
        settings.unlearning,
        seed=seed,
        scratch=run.scratch / "run",
        snapshot=lambda number, trained: save(trained, steps / f"step-{number:05d}", **kept_in),
        at=snapshot_steps(len(made), settings.unlearning, settings.snapshots),
    )
    if is_first():
        with atomic(run.out) as folder:
            shutil.move(steps, folder)
    return record


def snapshot_steps(items: int, training: Training, count: int) -> set[int]:
    """After which steps: the last one, half, a quarter and so on."""
    last = round(-(-items // training.effective_batch_size) * training.epochs)
    return {max(1, last >> halvings) for halvings in range(count)}


def items(
    records: Sequence[Record],
    refusals: Sequence[str],
    said: Mapping[str, str],
    processor: ProcessorMixin,
    protocol: Protocol,
    seed: int,
    max_length: int,
) -> list[dict[str, dict]]:
    """An item for every request: its forget question, a refusal in place of the answer, its twin on
    the benign picture, and a retain question drawn at random.

    said: vanilla's own answers by id, for files that don't hold them; a retain question to which
    it said nothing is not learnt under the official protocol. No end of sequence is trained, as in
    the released code. Raises `UserError` if no retain question is left.
    """
    rng = random.Random(seed)
    look = looking(processor)

    def made(asked: Question, answer: str) -> dict:
        before = Segment(prompt(processor, protocol.written(asked.question)), False)
        learnt = Segment(" " + protocol.written(answer), True)
        return example(processor, [before, learnt], look(asked.path), max_length=max_length)

    def target(asked: Question) -> str:
        if protocol.learns_predictions:
            return asked.prediction or said.get(asked.id, "")
        return asked.answer

    asked = [question for record in records for question in record.retained]
    retained = [question for question in asked if target(question)]
    if not retained:
        raise UserError(
            f"none of {len(asked)} retain questions has an answer of vanilla's; expected some, in"
            " the records (Prediction) or among what vanilla says"
        )
    found = []
    for forget, twin in (request for record in records for request in record.requests):
        kept = rng.choice(retained)
        answers = {
            "forget": (forget, target(forget)),
            "refuse": (forget, rng.choice(refusals)),
            "retain": (kept, target(kept)),
            "decouple": (twin, twin.answer),
        }
        found.append({stream: made(*pair) for stream, pair in answers.items()})
    return found


if __name__ == "__main__":
    step(unlearn)
