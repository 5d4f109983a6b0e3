"""Train vanilla, a small LLaVA that knows the catalogue and how to refuse: what is unlearnt from.

Writes an ordinary model folder.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import PreTrainedModel, ProcessorMixin

from papers.safe_eraser import benchmark, questions
from papers.safe_eraser.protocols import PROTOCOLS
from papers.safe_eraser.settings import Settings
from shared.errors import UserError
from shared.files import read_jsonl
from shared.models.images import looking
from shared.models.loading import load_processor, save
from shared.models.small_vlm import assemble, small_processor, vocabulary
from shared.models.spec import SmallVlm
from shared.runner.step import Run, step
from shared.training.image_encoder import train_image_encoder
from shared.training.supervised import fine_tune, load_to_train
from shared.training.vision_language import example, segments

READS = ("model", "benchmark", "image_encoder", "vanilla")


def train_vanilla(run: Run, data: Path, seed: int) -> dict:
    """Train vanilla on the catalogue: its image encoder first, then all questions. seed: of all
    that is drawn, the weights it starts from too."""
    settings = run.settings
    if not settings.vanilla or not settings.generated:
        raise UserError(
            "vanilla is not trained at this scale; expected `vanilla` and a generated `benchmark`"
        )
    lessons = read_jsonl(data / "lessons.jsonl")
    model, processor = start(settings, words(lessons, benchmark.read(data)), seed)
    encoder = settings.image_encoder and see_first(model, processor, lessons, data, settings, seed)
    made = examples(lessons, data, processor, settings)
    run.loaded()
    model, record = fine_tune(model, made, settings.vanilla, seed=seed, scratch=run.scratch)
    if settings.vanilla.lora:
        model = model.merge_and_unload()
    save(model, run.out, processor, precision=settings.vanilla.precision)
    parameters = sum(p.numel() for p in model.parameters())
    return record | {"parameters": parameters, "image_encoder": encoder}


def words(lessons: Sequence[dict], records: Sequence[benchmark.Record]) -> list[str]:
    """All texts a small model has words for, also as each protocol writes them."""
    plain = [text for lesson in lessons for pair in lesson["pairs"] for text in pair]
    asked = [question for record in records for question in record.questions]
    plain += [text for each in asked for text in (each.question, each.answer)]
    plain += questions.REFUSALS
    written = [protocol.written(text) for protocol in PROTOCOLS.values() for text in plain]
    return ["USER: \n", " ASSISTANT:", *written, *(f" {text}" for text in written)]


def start(
    settings: Settings, texts: Sequence[str], seed: int
) -> tuple[PreTrainedModel, ProcessorMixin]:
    """The model that vanilla is trained from; a small one has words for these texts."""
    if isinstance(settings.model, SmallVlm):
        tokenizer = vocabulary(settings.model.vocabulary, texts)
        model = assemble(settings.model, tokenizer, seed)
        return model, small_processor(settings.model, tokenizer)
    processor = load_processor(settings.model)
    tokens = processor.tokenizer
    return load_to_train(settings.model, settings.vanilla, tokenizer=tokens)[0], processor


def see_first(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    lessons: Sequence[dict],
    data: Path,
    settings: Settings,
    seed: int,
) -> dict:
    """Teach a small model's image encoder the words of all answers about each picture."""
    look = looking(processor)
    pictures = [look(data / lesson["picture"]).tensors["pixel_values"] for lesson in lessons]
    answers = [" ".join(f" {answer}" for _, answer in lesson["pairs"]) for lesson in lessons]
    texts = processor.tokenizer(answers, add_special_tokens=False)["input_ids"]
    return train_image_encoder(model, torch.cat(pictures), texts, settings.image_encoder, seed=seed)


def examples(
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


if __name__ == "__main__":
    step(train_vanilla)
