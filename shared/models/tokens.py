"""Token ids of a text where it stands, not of the text alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def continuation(tokenizer: "PreTrainedTokenizerBase", before: str, text: str) -> list[int]:
    """Ids of `text` after `before`, so that both together are tokenised as one text.

    A SentencePiece tokenizer (LLaMA's) puts a space before whatever it is given: alone, ". Are"
    begins with "▁.", after an answer with ".". Where a token would straddle the border, `text` is
    tokenised alone.
    """
    ids, whole = (
        tokenizer(each, add_special_tokens=False)["input_ids"] for each in (before, before + text)
    )
    if whole[: len(ids)] == ids:
        return whole[len(ids) :]
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def begun(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Ids of a text, after the token that begins every text where the tokenizer has one."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [tokenizer.bos_token_id, *ids] if adds_bos(tokenizer) else ids


def adds_bos(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether a tokenizer puts a token before every text, as LLaMA's does."""
    return tokenizer("")["input_ids"] == [tokenizer.bos_token_id]
