"""Scores that need no decoding: chances of candidate tokens, likelihood of given texts."""

from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.errors import UserError
from shared.models.batching import length_batches
from shared.models.tokens import continuation


def first_tokens(
    tokenizer: PreTrainedTokenizerBase, words: Sequence[str], before: str = ""
) -> list[int]:
    """First token of each word where it stands after `before`. Raises `UserError` if two words
    can't be told apart by it."""
    ids = [continuation(tokenizer, before, word)[0] for word in words]
    if len(set(ids)) < len(ids):
        raise UserError(f"the tokenizer gives two of {list(words)} the same first token")
    return ids


def among(logits: torch.Tensor, candidates: Sequence[int]) -> torch.Tensor:
    """Probabilities (rows, candidates) when only the candidate tokens may follow.

    logits: (rows, vocabulary).
    """
    return logits[:, list(candidates)].float().softmax(dim=-1)


@torch.inference_mode()
def text_nll(
    model: PreTrainedModel,
    sequences: Sequence[Sequence[int]],
    batch_size: int = 64,
    max_tokens: int = 4096,
) -> list[tuple[float, int]]:
    """Negative log-likelihood in nats and number of predicted tokens of each token sequence.

    The first token of a sequence is context only. Logits are made for real tokens alone.
    """
    results: list[tuple[float, int]] = [(0.0, 0)] * len(sequences)
    head = model.get_output_embeddings()
    for batch in length_batches([len(s) for s in sequences], batch_size, max_tokens):
        rows = [torch.tensor(sequences[index]) for index in batch]
        tokens = pad_sequence(rows, True).to(model.device)  # on the right, where nothing looks back
        mask = pad_sequence([torch.ones_like(row) for row in rows], True).to(model.device)
        hidden = model.base_model(tokens, attention_mask=mask, use_cache=False)[0]
        real = mask[:, 1:].bool()
        nll = torch.nn.functional.cross_entropy(
            head(hidden[:, :-1][real]).float(), tokens[:, 1:][real], reduction="none"
        )
        row_of = real.nonzero()[:, 0]
        sums = torch.zeros(len(batch), device=nll.device).index_add(0, row_of, nll)
        for row, index in enumerate(batch):
            results[index] = (float(sums[row]), int(real[row].sum()))
    return results
