"""Conversations about pictures as training examples and as prompts."""

from collections.abc import Sequence

from transformers import ProcessorMixin

from shared.errors import UserError
from shared.models.images import Seen, with_pictures
from shared.models.tokens import adds_bos
from shared.training.examples import IGNORED, Segment, from_segments

Turn = tuple[str, str]  # a question and its answer


def segments(processor: ProcessorMixin, turns: Sequence[Turn]) -> list[Segment]:
    """A conversation about one picture in the model's own chat format.

    Answers are learnt, with what the format puts behind them.
    """
    messages, text, made = [], "", []
    for question, answer in turns:
        messages.append(_user(question, with_picture=not messages))
        asked = _format(processor, messages, reply=True)
        messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
        answered = _format(processor, messages, reply=False)
        made += [Segment(asked[len(text) :], False), Segment(answered[len(asked) :], True)]
        text = answered
    return made


def prompt(processor: ProcessorMixin, question: str) -> str:
    """A question about a picture, up to where the answer begins."""
    return _format(processor, [_user(question, with_picture=True)], reply=True)


def example(
    processor: ProcessorMixin,
    pieces: Sequence[Segment],
    seen: Seen,
    *,
    max_length: int | None = None,
) -> dict:
    """Segments around one picture, tokenised.

    A text over `max_length` tokens, of which the picture counts as one, loses its end, since the
    picture stands at the beginning. Raises `UserError` if nothing is left to be learnt.
    """
    tokenizer, cut = processor.tokenizer, {"max_length": max_length, "keep": "beginning"}
    made = from_segments(tokenizer, pieces, bos=adds_bos(tokenizer), **cut)
    if any(piece.learnt for piece in pieces) and set(made["labels"]) == {IGNORED}:
        raise UserError(
            f"max_length {max_length}: no token of the answer is left; expected more than this"
            f" question has: {pieces[0].text[:80]!r}"
        )
    return with_pictures(made, [seen], processor.image_token_id)


def _user(question: str, with_picture: bool) -> dict:
    words = {"type": "text", "text": question}
    return {"role": "user", "content": [{"type": "image"}, words] if with_picture else [words]}


def _format(processor: ProcessorMixin, messages: list[dict], reply: bool) -> str:
    return processor.apply_chat_template(messages, add_generation_prompt=reply, tokenize=False)
