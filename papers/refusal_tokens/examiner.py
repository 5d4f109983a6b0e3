"""One model of Refusal Tokens and how it is questioned.

One forward pass over a prompt gives the probabilities of all control tokens, from which every rule
decides later; the model then goes on from the same cache under each forced token and under the
token of its own choice.
"""

import zlib
from collections.abc import Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from papers.refusal_tokens.methods import TEMPERATURE, short
from papers.refusal_tokens.settings import Asking, Settings
from shared.generation.decode import as_configured, decode
from shared.generation.prompts import batches, in_order, tokens_run
from shared.generation.rows import Rows
from shared.judges.judge import Judge
from shared.models.added_tokens import token_ids


class Examiner:
    """One model with what it takes to question it. `control`: its control tokens, or none."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: Settings,
        control: Sequence[str],
        judge: Judge,
        asking: Asking | None = None,
        seed: int = 0,
    ):
        """asking: in place of the settings'. seed: of decoding, where it draws."""
        self.model, self.tokenizer, self.settings, self.judge = model, tokenizer, settings, judge
        self.asking, self.seed = asking or settings.asking, seed
        self.names = [short(token) for token in control]
        self.ids = token_ids(tokenizer, control, of="the tokenizer of the trained model")
        self.stop = {tokenizer.eos_token_id, *self._ids(self.asking.end)[:1]}
        self.tokens = 0

    def examine(self, rows: list[dict], forced: bool = True) -> list[dict]:
        """What there is to know of each instruction, as columns of the scores, and under `reply`
        the text of the model's own choice. Not forced: no other is asked for."""
        prompts = [
            self._ids(self.asking.prompt.format(instruction=row["instruction"])) for row in rows
        ]
        self.tokens += tokens_run(prompts)
        # a prompt goes on in up to as many ways as it has tokens to begin with
        most = 2 if self.settings.forced == "likeliest" else len(self.ids)
        ways = 1 + forced * min(most, len(self.ids))
        asked = batches(
            self.model,
            prompts,
            batch_size=self.settings.batch_size,
            batch_tokens=self.settings.batch_tokens,
            new_tokens=self.settings.reply_tokens,
            ways=ways,
            unit="instruction",
        )
        return in_order(
            (numbers, self._scores(batch, [rows[i]["instruction"] for i in numbers], forced))
            for numbers, batch in asked
        )

    def _scores(self, asked: Rows, requests: Sequence[str], forced: bool) -> list[dict]:
        first = self._first_tokens(asked.logits)  # before the rows go on
        replies = self._verdicts(asked, requests, forced)
        return [one | other for one, other in zip(first, replies, strict=True)]

    def _first_tokens(self, logits: torch.Tensor) -> list[dict]:
        """What the first pass says of each row; logits (rows, vocabulary)."""
        names = dict(zip(self.ids, self.names, strict=True))
        scores = [{"first": names.get(token, "")} for token in logits.argmax(dim=1).tolist()]
        for temperature in TEMPERATURE.values() if self.ids else ():
            chances = (logits.float() / temperature).softmax(dim=1)[:, self.ids].tolist()
            for score, row in zip(scores, chances, strict=True):
                score |= {
                    f"p{temperature}_{name}": chance
                    for name, chance in zip(self.names, row, strict=True)
                }
        return scores

    def _verdicts(self, asked: Rows, requests: Sequence[str], force: bool) -> list[dict]:
        """By row, whether the reply of the model's own choice and each forced one refuse."""
        own = asked.logits.argmax(dim=1).tolist()
        forced = self._forced(asked.logits) if force else []
        begun = [
            (row, token)
            for row, tokens in enumerate(zip(own, *forced, strict=True))
            for token in dict.fromkeys(tokens)
        ]
        asks = [requests[row] for row, _ in begun]
        texts = self._replies(asked, begun, asks)
        replies = dict(zip(begun, texts, strict=True))
        refused = dict(zip(begun, self.judge.refusals(asks, texts), strict=True))
        return [
            {"refused": refused[row, token], "reply": replies[row, token]}
            | {
                f"refused_{name}": refused.get((row, control))
                for control, name in zip(self.ids, self.names, strict=True)
            }
            for row, token in enumerate(own)
        ]

    def _forced(self, logits: torch.Tensor) -> list[list[int]]:
        """Lists of tokens (rows,), one to be forced before each reply of the batch."""
        if not self.ids:
            return []
        respond, *refusing = self.ids
        if self.settings.forced == "every":
            return [[token] * len(logits) for token in self.ids]
        likeliest = logits[:, refusing].argmax(dim=1).tolist()
        return [[respond] * len(logits), [refusing[place] for place in likeliest]]

    def _replies(
        self, asked: Rows, begun: Sequence[tuple[int, int]], requests: Sequence[str]
    ) -> list[str]:
        """What the model writes after each (row, first token), the token among it. Where it draws,
        a request and its first token have random numbers of their own, whatever the batch."""
        limit, pick = self.settings.reply_tokens, None
        if self.asking.decoding == "own":
            seeds = [
                (self.seed, zlib.crc32(request.encode()), token)
                for request, (_, token) in zip(requests, begun, strict=True)
            ]
            pick = as_configured(self.model.generation_config, seeds, limit)
        rows, tokens = (torch.tensor(column) for column in zip(*begun, strict=True))
        device = asked.logits.device
        asked.select(rows.to(device))
        asked.append(tokens.to(device).unsqueeze(1))
        decoded = decode(asked, limit, self.stop, pick)
        self.tokens += len(begun) + sum(map(len, decoded.ids))
        whole = [
            [] if token in self.stop else [token, *ids]
            for (_, token), ids in zip(begun, decoded.ids, strict=True)
        ]
        return self.tokenizer.batch_decode(whole, skip_special_tokens=True)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]
