"""Training examples: token ids, and a label where a token is to be learnt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from shared.models.tokens import continuation

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label of a token that is not learnt, as in PyTorch's cross-entropy


class Segment(NamedTuple):
    """A piece of a training text; only the tokens of learnt segments enter the loss."""

    text: str
    learnt: bool


def from_segments(
    tokenizer: "PreTrainedTokenizerBase",
    segments: Sequence[Segment],
    *,
    bos: bool = False,
    eos: bool = False,
    max_length: int | None = None,
    keep: Literal["end", "beginning"] = "end",
) -> dict[str, list[int]]:
    """`input_ids` and `labels` of a text given in segments.

    Segments are tokenised as they follow one another, and no token straddles a border of the loss.
    An `eos` is learnt, a `bos` is not. A text over `max_length` loses its beginning, as what is
    learnt stands at the end; or its end, where `keep` is the beginning.
    """
    ids: list[int] = [tokenizer.bos_token_id] if bos else []
    labels: list[int] = [IGNORED] if bos else []
    before = ""
    for text, learnt in segments:
        piece = continuation(tokenizer, before, text)
        before += text
        ids += piece
        labels += piece if learnt else [IGNORED] * len(piece)
    if eos:
        ids.append(tokenizer.eos_token_id)
        labels.append(tokenizer.eos_token_id)
    if max_length:
        kept = slice(-max_length, None) if keep == "end" else slice(max_length)
        ids, labels = ids[kept], labels[kept]
    return {"input_ids": ids, "labels": [IGNORED, *labels[1:]]}  # nothing predicts the first


def pack(examples: Sequence[dict[str, list[int]]], block: int) -> list[dict[str, list[int]]]:
    """All tokens of all examples end to end, cut into blocks, every token learnt.

    This is what LMFlow's `text_only` data do (R-Tuning's released code): questions are learnt
    too, texts straddle blocks, and what does not fill the last block is dropped.
    """
    ids = [token for example in examples for token in example["input_ids"]]
    blocks = [ids[i : i + block] for i in range(0, len(ids) - block + 1, block)]
    return [{"input_ids": b, "labels": [IGNORED, *b[1:]]} for b in blocks]
