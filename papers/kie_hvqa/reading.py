"""The vision-language model of KIE-HVQA, its processor, and what it is asked."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from transformers import PreTrainedModel, ProcessorMixin

from papers.kie_hvqa.notation import PIECES
from papers.kie_hvqa.settings import OCRBENCH, Settings
from shared.errors import UserError
from shared.models.line_processor import LineProcessor
from shared.models.loading import load, load_processor
from shared.models.small_vlm import assemble, vocabulary

# The small model has one task: its prompt is the picture, and the question if a scale asks it.
BARE_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)


def new_model(
    settings: Settings, texts: Sequence[str], seed: int
) -> tuple[PreTrainedModel, ProcessorMixin]:
    """The small model with random weights. It spells: its tokens are the characters of `texts`,
    and the parts of every answer that are always the same."""
    tokenizer = vocabulary("characters", texts)
    tokenizer.add_tokens(list(PIECES))
    tokenizer.chat_template = BARE_TEMPLATE
    return assemble(settings.model, tokenizer, seed), LineProcessor(tokenizer)


def open_model(
    settings: Settings, folder: Path | None, read: Callable = load
) -> tuple[PreTrainedModel, ProcessorMixin]:
    """The model as training left it in `folder`, or None: as it was before any training.

    read: `shared.models.loading.load`, or what a training has for it."""
    if settings.small:
        model, tokenizer = read(f"path:{folder}")
        return model, LineProcessor(tokenizer)
    processor = load_processor(settings.model)
    if not isinstance(processor, ProcessorMixin):  # a text model has a tokenizer only
        raise UserError(f"model {settings.model}: expected one that sees pictures")
    model, _ = read(settings.model, trained=folder, tokenizer=processor.tokenizer)
    return model, processor


def asked(row: Mapping, settings: Settings) -> str:
    """What is asked of a row, beside its picture; OCRBench's questions as they are."""
    if row["dataset"] in OCRBENCH.values():
        return row["question"]
    return settings.prompt.format(question=row["question"])
