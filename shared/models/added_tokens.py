"""Tokens that a model did not have: one token in its tokenizer, one row in its embeddings.

`shared.training.supervised.fine_tune` trains the rows, also beside adapters;
`shared.models.loading` saves the tokenizer with the weights and finds it there again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import torch
from peft.tuners.trainable_tokens import TrainableTokensLayer
from torch import nn
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
    tokenizer.add_tokens([AddedToken(text, special=True, normalized=False) for text in texts])
    make_room(model, tokenizer)
    ids = token_ids(tokenizer, texts)
    _begin(model, tokenizer, ids)
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


@torch.no_grad()
def _begin(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]
) -> None:
    for token in tokens:
        text = tokenizer.convert_ids_to_tokens(token).strip(" []")
        words = tokenizer(text, add_special_tokens=False)["input_ids"]
        for embeddings in (model.get_input_embeddings(), model.get_output_embeddings()):
            embeddings.weight[token] = embeddings.weight[words].mean(dim=0)


def make_room_for(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    trained: Mapping[str, Sequence[int]],
) -> None:
    """Make room for an adapter with trained rows, by embeddings as `rows_of` names them. Where the
    output's alone are, those of the input begin as they did before training."""
    make_room(model, tokenizer)
    if trained and set(trained) == set(rows_of(model, output_alone=True)):
        _begin(model, tokenizer, *trained.values())
    untie_for(model, trained)


def rows_of(model: PreTrainedModel, *, output_alone: bool = False) -> list[str]:
    """The names of the embeddings in which new tokens have a row: input and output, or output."""
    tables = [model.get_output_embeddings()]
    if not output_alone:
        tables.append(model.get_input_embeddings())
    return [name for name, module in model.named_modules() if any(module is t for t in tables)]


def untie_for(model: PreTrainedModel, trained: Iterable[str]) -> None:
    """Give the output embeddings a table of their own where rows of these embeddings (as `rows_of`
    names them) are trained and the input's, in the same table, are not."""
    output = model.get_output_embeddings()
    one = output is not None and output.weight is model.get_input_embeddings().weight
    if one and set(trained) == set(rows_of(model, output_alone=True)):
        output.weight = nn.Parameter(output.weight.detach().clone(), output.weight.requires_grad)
        model.config.tie_word_embeddings = False


def train_rows_apart(model: nn.Module) -> None:
    """Compute the trained rows beside the table. peft copies all of it in every step, and its
    gradient is as large."""
    for layer in model.modules():
        if isinstance(layer, TrainableTokensLayer):
            layer.forward = partial(_forward, layer)


def _forward(layer: TrainableTokensLayer, given: torch.Tensor) -> torch.Tensor:
    """given: tokens (...,) of an input table, states (..., hidden) of an output one."""
    (adapter,) = layer.active_adapters
    rows = layer.trainable_tokens_delta[adapter]
    ids = torch.tensor(layer.token_indices[adapter], device=given.device)
    frozen = layer.base_layer(given)
    if isinstance(layer.base_layer, nn.Linear):
        return frozen.index_copy(-1, ids, nn.functional.linear(given, rows).to(frozen.dtype))
    scale = layer._get_embed_scale()
    own = (given.unsqueeze(-1) == ids).to(rows.dtype)  # (..., new tokens)
    embedded = (own @ rows * (1 if scale is None else scale)).to(frozen.dtype)
    return torch.where(own.any(dim=-1, keepdim=True), embedded, frozen)
