"""Greedy and sampled decoding of `Rows`, with the probability of every token it picks."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from shared.generation.rows import Rows

Pick = Callable[[torch.Tensor, int, torch.Tensor], torch.Tensor]
TOP_K = 50  # of sampling in transformers, where a configuration has none


@dataclass(frozen=True)
class Decoded:
    """What was decoded after each row's prompt, up to and without its stop token.

    ids: per row, the tokens before the stop.
    stops: per row, the stop token, or nothing where the limit came first.
    probabilities: per row, the probability of each token picked, the stop token's included.
    """

    ids: list[list[int]]
    stops: list[list[int]]
    probabilities: list[list[float]]

    def confidence(self, row: int) -> float:
        """Geometric mean of the tokens' probabilities (R-Tuning's answer confidence).

        The stop token counts only where nothing came before it.
        """
        kept = self.probabilities[row][: max(1, len(self.ids[row]))]
        return float(np.exp(np.mean(np.log(np.maximum(kept, 1e-30)))))


@torch.inference_mode()
def decode(
    rows: Rows, max_new_tokens: int, stop: Collection[int], pick: Pick | None = None
) -> Decoded:
    """Decode up to `max_new_tokens` tokens a row; a row ends at a token of `stop`.

    `pick(logits (rows, vocabulary), step, row numbers (rows,)) -> ids (rows,)` chooses; greedy
    by default. Rows that have ended are dropped from the batch once they are half of it, so
    `rows` can't be used afterwards: see `decode_and_keep`.
    """
    return _decode(rows, max_new_tokens, stop, pick or greedy, drop=True)


@torch.inference_mode()
def decode_and_keep(rows: Rows, max_new_tokens: int, stop: Collection[int]) -> Decoded:
    """Greedy decoding that leaves `rows` holding prompt + answer, each stop and rest hidden.

    A text appended afterwards continues each row's answer from the cache.
    """
    prompt_length = rows.visible.shape[1]
    decoded = _decode(rows, max_new_tokens, stop, greedy, drop=False)
    seen = torch.ones_like(rows.visible)
    for row, ids in enumerate(decoded.ids):
        seen[row, prompt_length + len(ids) :] = False
    rows.hide(seen)
    return decoded


def greedy(logits: torch.Tensor, step: int, numbers: torch.Tensor) -> torch.Tensor:
    return logits.argmax(dim=-1)


def sampler(
    temperature: float,
    seeds: Sequence[Sequence[int]],
    max_new_tokens: int,
    top_p: float = 1.0,
    top_k: int = 0,
) -> Pick:
    """Sampling at a temperature, with random numbers that belong to the row, not to the batch.

    `seeds` holds integers for each row (seed, example, sample): the same row draws the same
    tokens whatever else is in its batch. Above 0, `top_k` leaves only so many likeliest tokens.
    Below 1, `top_p` leaves only the likeliest tokens that together have at least this probability
    (nucleus sampling).
    """
    draws = np.stack([np.random.default_rng(list(s)).random(max_new_tokens) for s in seeds])

    def pick(logits: torch.Tensor, step: int, numbers: torch.Tensor) -> torch.Tensor:
        uniform = torch.from_numpy(draws[numbers.cpu().numpy(), step]).to(logits.device)
        scores = logits.float() / temperature
        if top_k:
            least = scores.topk(min(top_k, scores.shape[-1]), dim=-1).values[:, -1:]
            scores = scores.masked_fill(scores < least, -torch.inf)
        chances = scores.softmax(-1)
        if top_p < 1:
            falling, order = chances.sort(dim=-1, descending=True)
            beyond = falling.cumsum(-1) - falling >= top_p  # those before them have enough
            chances = chances.masked_fill(beyond.gather(1, order.argsort(dim=-1)), 0)
        cumulative = chances.cumsum(-1)
        target = uniform.float().unsqueeze(1) * cumulative[:, -1:]
        last = logits.shape[-1] - 1
        return torch.searchsorted(cumulative, target, right=True).squeeze(1).clamp(max=last)

    return pick


def as_configured(
    config: GenerationConfig, seeds: Sequence[Sequence[int]], max_new_tokens: int
) -> Pick:
    """As `model.generate` decodes without arguments: what the model's own `generation_config` says.

    Its length, its penalties and its stop strings are left aside.
    """
    if not config.do_sample:
        return greedy
    top_k = TOP_K if config.top_k is None else config.top_k
    return sampler(config.temperature or 1.0, seeds, max_new_tokens, config.top_p or 1.0, top_k)


@lru_cache(maxsize=32)
def tokens_with(tokenizer: PreTrainedTokenizerBase, text: str) -> frozenset[int]:
    """Every token that contains `text`, and the end of sequence: a stop set."""
    texts = tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
    return frozenset(i for i, t in enumerate(texts) if text in t) | {tokenizer.eos_token_id}


def _decode(rows: Rows, limit: int, stop: Collection[int], pick: Pick, drop: bool) -> Decoded:
    device = rows.logits.device
    stop_ids = torch.tensor(sorted(stop), device=device)
    count = len(rows)
    picked = torch.full((count, limit), -1, dtype=torch.long, device=device)
    chance = torch.ones(count, limit, device=device)
    numbers = torch.arange(count, device=device)  # which row each row of the batch is
    ended = torch.zeros(count, dtype=torch.bool, device=device)  # of the rows of the batch
    for step in range(limit):
        ids = pick(rows.logits, step, numbers)
        log_chance = rows.logits.float().gather(1, ids.unsqueeze(1)).squeeze(1)
        log_chance = log_chance - rows.logits.float().logsumexp(-1)
        going = numbers[~ended]
        picked[going, step] = ids[~ended]
        chance[going, step] = log_chance[~ended].exp()
        ended |= torch.isin(ids, stop_ids)
        if bool(ended.all()) or (drop and step + 1 == limit):
            break
        if drop and int(ended.sum()) * 2 >= len(ended):
            alive = (~ended).nonzero().squeeze(1)
            rows.select(alive)
            ids, numbers, ended = ids[alive], numbers[alive], ended[alive]
        rows.append(ids.unsqueeze(1))
    return _collect(picked.tolist(), chance.tolist(), set(stop))


def _collect(picked: list[list[int]], chance: list[list[float]], stop: set[int]) -> Decoded:
    """picked: -1 from where a row had ended."""
    ids, stops, probabilities = [], [], []
    for tokens, chances in zip(picked, chance, strict=True):
        made = [token for token in tokens if token >= 0]
        stopped = made[-1:] if made[-1] in stop else []
        ids.append(made[: len(made) - len(stopped)])
        stops.append(stopped)
        probabilities.append(chances[: len(made)])
    return Decoded(ids, stops, probabilities)
