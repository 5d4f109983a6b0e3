"""GCG (Zou et al. 2023, arXiv 2307.15043): a suffix found by the gradient of the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy, one_hot
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.files import read_json, write_json


class Found(NamedTuple):
    """A suffix, and the loss of the target at the start and after every step (the best so far)."""

    suffix: str
    losses: list[float]


def gcg(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    before: str,
    after: str,
    target: str,
    *,
    steps: int,
    top_k: int,
    candidates: int,
    kept: Path,
    start: str = " ! ! ! ! ! ! ! ! ! !",
    seed: int = 0,
) -> Found:
    """A suffix between `before` (the request) and `after` (the end of the turn and what the reply
    begins with) that makes `target` likely as the text that follows.

    Each step takes, at every place of the suffix, the `top_k` tokens whose one-hot entry has the
    most negative gradient, tries `candidates` random single swaps among them, and keeps the best.

    kept: a file of this search alone, written after every step: one that was cut off goes on there.
    """
    draw = torch.Generator().manual_seed(seed)
    pieces = [_ids(tokenizer, text) for text in (before, start, after, target)]
    head, suffix, tail, wanted = (piece.to(model.device) for piece in pieces)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    if kept.is_file():
        known = read_json(kept)
        suffix, losses = torch.tensor(known["suffix"]).to(model.device), known["losses"]
    else:
        losses = [_loss(model, head, suffix[None], tail, wanted).item()]
        _keep(kept, suffix, losses)
    forbidden = list(set(tokenizer.all_special_ids))
    for step in range(steps):
        places = torch.randint(len(suffix), (candidates,), generator=draw).to(model.device)
        picks = torch.randint(top_k, (candidates,), generator=draw).to(model.device)
        if step + 1 < len(losses):
            continue  # done before
        slope = _gradient(model, head, suffix, tail, wanted)
        slope[:, forbidden] = torch.inf
        among = (-slope).topk(top_k, dim=1).indices  # (places, top_k)
        tried = suffix.repeat(candidates, 1)
        tried[torch.arange(candidates), places] = among[places, picks]
        found = _loss(model, head, tried, tail, wanted)
        if found.min() < losses[-1]:
            suffix = tried[found.argmin()]
        losses.append(min(losses[-1], found.min().item()))
        _keep(kept, suffix, losses)
    return Found(tokenizer.decode(suffix), losses)


def _keep(kept: Path, suffix: torch.Tensor, losses: list[float]) -> None:
    write_json(kept, {"suffix": suffix.tolist(), "losses": losses})


@torch.no_grad()
def _loss(
    model: PreTrainedModel,
    head: torch.Tensor,
    suffixes: torch.Tensor,
    tail: torch.Tensor,
    wanted: torch.Tensor,
) -> torch.Tensor:
    """Mean cross-entropy of the target behind each suffix (rows, places): (rows,)."""
    rows = len(suffixes)
    fixed = [piece.repeat(rows, 1) for piece in (head, tail, wanted)]
    ids = torch.cat([fixed[0], suffixes, fixed[1], fixed[2]], dim=1)
    logits = model(ids, use_cache=False, logits_to_keep=len(wanted) + 1).logits[:, :-1]
    nll = cross_entropy(logits.flatten(0, 1).float(), fixed[2].flatten(), reduction="none")
    return nll.view(rows, -1).mean(dim=1)


def _gradient(
    model: PreTrainedModel,
    head: torch.Tensor,
    suffix: torch.Tensor,
    tail: torch.Tensor,
    wanted: torch.Tensor,
) -> torch.Tensor:
    """Gradient of the loss by the one-hot tokens of the suffix: (places, vocabulary)."""
    table = model.get_input_embeddings().weight
    chosen = one_hot(suffix, len(table)).to(table.dtype).requires_grad_()
    pieces = [table[head], chosen @ table, table[tail], table[wanted]]
    embedded = torch.cat(pieces)[None]
    logits = model(inputs_embeds=embedded, use_cache=False, logits_to_keep=len(wanted) + 1).logits[
        0, :-1
    ]
    (slope,) = torch.autograd.grad(cross_entropy(logits.float(), wanted), chosen)
    return slope


def _ids(tokenizer: PreTrainedTokenizerBase, text: str | Sequence[int]) -> torch.Tensor:
    return torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"], dtype=torch.long)
