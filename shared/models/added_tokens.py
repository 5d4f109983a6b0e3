"""Tokens that a model did not have: one token in its tokenizer, one row in its embeddings.

`shared.training.supervised.fine_tune` trains the rows, also beside adapters;
`shared.models.loading` saves the tokenizer with the weights and finds it there again.
"""

from collections.abc import Sequence

import torch
from transformers import AddedToken, PreTrainedModel, PreTrainedTokenizerBase

from shared.errors import UserError


def add_tokens(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> list[int]:
    """Add each text as a token of its own; gives the ids, in this order.

    A new row starts as the mean of the rows of its words, brackets and spaces aside, in the
    input and in the output embeddings: a mean of words has the length and the direction of words,
    where a random row would be likelier or less likely than any word, and tokens that mean
    different things start apart. Decoding with `skip_special_tokens` leaves the tokens out.

    Raises `UserError` if a text is given twice or is a token already.
    """
    if twice := [text for text in texts if list(texts).count(text) > 1]:
        raise UserError(f"token '{twice[0]}' is to be added twice; expected different tokens")
    if old := [text for text in texts if text in tokenizer.get_vocab()]:
        raise UserError(f"token '{old[0]}' is in the vocabulary already; expected a new one")
    words = [tokenizer(text.strip(" []"), add_special_tokens=False)["input_ids"] for text in texts]
    tokenizer.add_tokens([AddedToken(text, special=True, normalized=False) for text in texts])
    ids = token_ids(tokenizer, texts)
    make_room(model, tokenizer)
    with torch.no_grad():
        for embeddings in (model.get_input_embeddings(), model.get_output_embeddings()):
            for token, pieces in zip(ids, words, strict=True):
                embeddings.weight[token] = embeddings.weight[pieces].mean(dim=0)
    return ids


def token_ids(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], of: str = "the tokenizer"
) -> list[int]:
    """The id of each text, which must be one token. `of` names the vocabulary in the error."""
    pieces = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    for text, ids in zip(texts, pieces, strict=True):
        if len(ids) != 1:
            raise UserError(f"{of} has no token '{text}', it splits it into {len(ids)}")
    return [ids[0] for ids in pieces]


def make_room(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """A row of the embeddings for every token of the tokenizer."""
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
