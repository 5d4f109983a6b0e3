"""A chat model that Transformers runs: batched replies that run no shared text twice."""

from collections.abc import Collection, Iterator, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.chat.replies import Conversation, Drawing
from shared.chat.tokens import TokenChat, Written
from shared.generation.decode import decode, sampler
from shared.generation.prompts import batches, in_order
from shared.generation.score import among, text_nll


class LocalChat(TokenChat):
    """A model and its tokenizer, here in this process.

    What all prompts begin with (an instruction) is run once; what some begin with (a sentence
    with several questions) is run once for these.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        batch_tokens: int = 16_384,
        **named,
    ):
        """named: as of `TokenChat`."""
        super().__init__(tokenizer, **named)
        self.model, self.batch_tokens = model, batch_tokens

    def chances(self, prompts: Sequence[Sequence[int]], candidates: Sequence[int]) -> torch.Tensor:
        run = batches(self.model, prompts, **self._sizes)
        found = in_order((batch, among(rows.logits, candidates).cpu()) for batch, rows in run)
        return torch.stack(found)

    def nll(self, sequences: Sequence[Sequence[int]]) -> list[tuple[float, int]]:
        return text_nll(self.model, sequences, self.batch_size)

    def _written(
        self,
        conversations: Sequence[Conversation],
        start: str,
        limit: int,
        ends: Collection[int],
        drawing: Drawing | None,
    ) -> Iterator[Written]:
        prompts = [self.prompt_ids(conversation, start) for conversation in conversations]
        sizes = self._sizes | {"new_tokens": limit}
        for batch, rows in batches(self.model, prompts, branching=True, **sizes):
            pick = None
            if drawing:
                seeds = [drawing.seeds[index] for index in batch]
                pick = sampler(drawing.temperature, seeds, limit, drawing.top_p)
            made = decode(rows, limit, ends, pick)
            for index, ids, end in zip(batch, made.ids, made.stops, strict=True):
                yield Written(index, ids + end, bool(end), len(prompts[index]))

    @property
    def _sizes(self) -> dict[str, int]:
        return {"batch_size": self.batch_size, "batch_tokens": self.batch_tokens}
