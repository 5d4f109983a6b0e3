"""Train vanilla on the catalogue, or make it unlearn in one way.

    python -m papers.safe_eraser.train --scale cpu --variant po-pd --seed 0 \\
        --data results/cpu/safe_eraser/data --vanilla results/cpu/safe_eraser/models/vanilla-s0 \\
        --answers results/cpu/safe_eraser/scores/vanilla-s0.parquet \\
        --out results/cpu/safe_eraser/models/po-pd-s0 \\
        --record results/cpu/safe_eraser/runs/train-po-pd-s0.json

Writes vanilla as an ordinary model folder; of a variant, a folder `step-NNNNN` for each snapshot,
the last of which is the end of the training.
"""

import random
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from transformers import PreTrainedModel, ProcessorMixin

from papers.safe_eraser import benchmark, questions
from papers.safe_eraser.methods import RECIPES
from papers.safe_eraser.settings import VANILLA, Settings, Variant
from shared.errors import UserError, one_line_errors
from shared.files import atomic, read_jsonl, sha256
from shared.models.images import looking
from shared.models.loading import load, load_processor, save
from shared.models.small_vlm import assemble, small_processor, vocabulary
from shared.models.spec import SmallVlm
from shared.settings import SCRATCH
from shared.training.examples import Segment
from shared.training.image_encoder import train_image_encoder
from shared.training.supervised import fine_tune
from shared.training.unlearning import unlearn
from shared.training.vision_language import example, prompt, segments
from shared.workflow.code import code_hash
from shared.workflow.programs import key_of, named, step_parser, step_settings
from shared.workflow.records import write_run


def as_trained(text: str, protocol: str) -> str:
    """The released code passes questions and answers through `str.capitalize`, which lowers all
    letters but the first."""
    return text.capitalize() if protocol == "official" else text


def words(lessons: Sequence[dict], rows: Sequence[dict]) -> list[str]:
    """All texts a small model has words for, also as the official protocol writes them."""
    plain = [text for lesson in lessons for pair in lesson["pairs"] for text in pair]
    plain += [row[key] for row in rows for key in ("question", "answer")] + [*questions.REFUSALS]
    written = [as_trained(text, "official") for text in plain]
    return ["USER: \n", " ASSISTANT:", *plain, *(f" {text}" for text in plain + written), *written]


def start(
    settings: Settings, lessons: Sequence[dict], rows: Sequence[dict]
) -> tuple[PreTrainedModel, ProcessorMixin]:
    """The model that vanilla is trained from."""
    if isinstance(settings.model, SmallVlm):
        tokenizer = vocabulary(settings.model.vocabulary, words(lessons, rows))
        model = assemble(settings.model, tokenizer, settings.data_seed)
        return model, small_processor(settings.model, tokenizer)
    return load(settings.model)[0], load_processor(settings.model)


def lesson_examples(
    lessons: Sequence[dict], data: Path, processor: ProcessorMixin, settings: Settings
) -> list[dict]:
    """Each question by itself: in a conversation, all answers but the first could be told from
    those before, and the picture would hardly be looked at."""
    look = looking(processor)
    return [
        example(
            processor,
            segments(processor, [pair]),
            look(data / lesson["picture"]),
            max_length=settings.vanilla.max_length,
        )
        for lesson in lessons
        for pair in lesson["pairs"][: settings.generated.asked]
    ]


def see_first(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    lessons: Sequence[dict],
    data: Path,
    settings: Settings,
) -> dict:
    """Teach a small model's image encoder the words of all answers about each picture."""
    look = looking(processor)
    pictures = [look(data / lesson["picture"]).tensors["pixel_values"] for lesson in lessons]
    answers = [" ".join(f" {answer}" for _, answer in lesson["pairs"]) for lesson in lessons]
    texts = processor.tokenizer(answers, add_special_tokens=False)["input_ids"]
    return train_image_encoder(
        model, torch.cat(pictures), texts, settings.seeing, seed=settings.data_seed
    )


def items(
    rows: Sequence[dict],
    predictions: Mapping[str, str],
    processor: ProcessorMixin,
    protocol: str,
    seed: int,
    max_length: int,
) -> list[dict[str, dict]]:
    """An item for every forget row: the row, a refusal in place of its answer, its benign twin, and
    a retain row drawn at random.

    Under `official`, what is forgotten and kept are vanilla's own answers; under `corrected`, the
    gold ones. No end of sequence is trained, as in the released code.
    """
    rng = random.Random(seed)
    look = looking(processor)
    sets = {name: [row for row in rows if row["set"] == name] for name in ("forget", "retain")}
    twins = {row["id"]: row for row in rows if row["set"] == "decouple"}

    def made(row: dict, answer: str) -> dict:
        asked = prompt(processor, as_trained(row["question"], protocol))
        pieces = [Segment(asked, False), Segment(" " + as_trained(answer, protocol), True)]
        return example(processor, pieces, look(row["picture"]), max_length=max_length)

    def target(row: dict) -> str:
        if protocol == "corrected":
            return row["answer"]
        return row["prediction"] or predictions[row["id"]]

    found = []
    for row in sets["forget"]:
        kept = rng.choice(sets["retain"])
        twin = twins[row["id"].replace("/forget", "/decouple")]
        found.append(
            {
                "forget": made(row, target(row)),
                "refuse": made(row, rng.choice(questions.REFUSALS)),
                "retain": made(kept, target(kept)),
                "decouple": made(twin, twin["answer"]),
            }
        )
    return found


def train_vanilla(settings: Settings, arguments, scratch: Path) -> dict:
    if not settings.vanilla or not settings.generated:
        raise UserError("vanilla is not trained at this scale; expected `vanilla` and `generated`")
    lessons = read_jsonl(arguments.data / "lessons.jsonl")
    model, processor = start(settings, lessons, benchmark.read(arguments.data))
    seeing = settings.seeing and see_first(model, processor, lessons, arguments.data, settings)
    made = lesson_examples(lessons, arguments.data, processor, settings)
    model, record = fine_tune(
        model, made, settings.vanilla, seed=arguments.seed, scratch=scratch / "run"
    )
    if settings.vanilla.lora:
        model = model.merge_and_unload()
    save(model, arguments.out, processor)
    return record | {
        "parameters": sum(p.numel() for p in model.parameters()),
        "seeing": seeing,
    }


def train_variant(settings: Settings, variant: Variant, arguments, scratch: Path) -> dict:
    base = f"path:{arguments.vanilla}" if arguments.vanilla else settings.model
    model, processor = load(base)[0], load_processor(base)
    rows = [row for row in benchmark.rows(settings, arguments.data) if row["split"] == "train"]
    training = settings.unlearning
    made = items(
        rows,
        benchmark.said_by(arguments.answers),
        processor,
        variant.protocol,
        arguments.seed,
        training.max_length,
    )
    batches = -(-len(made) // training.effective_batch_size)
    last = round(batches * training.epochs)
    at = {max(1, last >> halvings) for halvings in range(settings.snapshots)}
    _, record = unlearn(
        model,
        made,
        RECIPES[variant.protocol][variant.method],
        training,
        seed=arguments.seed,
        scratch=scratch / "run",
        snapshot=lambda step, trained: save(trained, scratch / "steps" / f"step-{step:05d}"),
        at=at,
    )
    with atomic(arguments.out) as folder:
        shutil.move(scratch / "steps", folder)
    return record


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True, help=f"{VANILLA}, or a variant of the scale")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vanilla", type=Path, help="folder of the trained vanilla, if there is")
    parser.add_argument("--answers", type=Path, help="its scores, with what it says itself")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("safe_eraser", arguments)
    inputs = [arguments.data, *filter(None, [arguments.vanilla, arguments.answers])]
    key = key_of(
        code_hash("papers.safe_eraser.train"), settings.model_dump_json(), arguments.variant,
        arguments.seed, *map(sha256, inputs),
    )  # fmt: skip
    scratch = SCRATCH / f"safe_eraser-{arguments.variant}-{key}"
    if arguments.variant == VANILLA:
        record = train_vanilla(settings, arguments, scratch)
    else:
        variant = named(arguments, "variant", settings.variants)
        record = train_variant(settings, variant, arguments, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[arguments.data / "sources.json"],
        **record,
    )


if __name__ == "__main__":
    one_line_errors(main)
