"""Let one model answer questions about pictures, in Transformers or in vLLM."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from papers.safe_eraser.benchmark import Question
from papers.safe_eraser.settings import Settings
from shared.chat.loading import end, open_chat, opening
from shared.chat.pictures import about_picture
from shared.chat.replies import Drawing
from shared.chat.settings import Asked
from shared.generation.prompts import in_order
from shared.generation.vision_language import decode_with_pictures
from shared.models.images import OnDemand, looking
from shared.models.loading import load, load_processor
from shared.models.spec import ModelSpec
from shared.training.vision_language import prompted

# (questions, seed, temperature and top_p where answers are drawn) -> the answers, and the tokens
# that were read and written
Say = Callable[..., tuple[list[str], int]]
Opened = Callable[[Path | None], AbstractContextManager[Say]]


def speakers(settings: Settings, base: ModelSpec) -> Opened:
    """What opens a model: `base` with the weights of a folder that was trained from it, or as it
    is. An answer that is drawn has random numbers of its own, from the seed and its number."""
    return (_in_vllm if settings.engine == "vllm" else _in_transformers)(settings, base)


def _in_transformers(settings: Settings, base: ModelSpec) -> Opened:
    processor = load_processor(base)
    tokenizer, look = processor.tokenizer, looking(processor)

    @contextmanager
    def opened(trained: Path | None) -> Iterator[Say]:
        precision = settings.precision
        model, _ = load(base, trained=trained, precision=precision, tokenizer=tokenizer)

        def say(
            questions: Sequence[Question], seed: int, **drawing: float
        ) -> tuple[list[str], int]:
            prompts = [prompted(processor, each.question, look(each.path)) for each in questions]
            decoded = decode_with_pictures(
                model,
                prompts,
                settings.answer_tokens,
                {tokenizer.eos_token_id},
                batch_size=settings.batch_size,
                batch_tokens=settings.batch_tokens,
                seed=(seed,),
                **drawing,
            )
            written = in_order((batch, made.ids) for batch, made in decoded)
            tokens = sum(map(len, written)) + sum(len(each["input_ids"]) for each in prompts)
            texts = tokenizer.batch_decode(written, skip_special_tokens=True)
            return [text.strip() for text in texts], tokens

        yield say

    return opened


def _in_vllm(settings: Settings, base: ModelSpec) -> Opened:
    @contextmanager
    def opened(trained: Path | None) -> Iterator[Say]:
        chat = open_chat(Asked(model=base, engine="vllm"), trained=trained, **opening(settings))

        def say(
            questions: Sequence[Question], seed: int, **drawing: float
        ) -> tuple[list[str], int]:
            asked = OnDemand(questions, _about)
            seeds = [(seed, number) for number in range(len(questions))]
            how = Drawing(seeds=seeds, **drawing) if drawing else None
            found = dict(chat.answers(asked, settings.answer_tokens, drawing=how))
            replies = [found[number] for number in range(len(questions))]
            tokens = sum(reply.prompt_tokens + reply.reply_tokens for reply in replies)
            return [(reply.text or "").strip() for reply in replies], tokens

        try:
            yield say
        finally:
            end(chat)

    return opened


def _about(question: Question) -> list[dict]:
    return [about_picture(Path(question.path).read_bytes(), question.question)]
