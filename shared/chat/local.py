"""A chat model that Transformers runs: batched replies that run no shared text twice."""

from collections.abc import Collection, Iterator, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.chat.looks import Looks
from shared.chat.pictures import is_plain, urls_of
from shared.chat.replies import Conversation, Drawing
from shared.chat.tokens import TokenChat, Written
from shared.generation.decode import decode, sampler
from shared.generation.prompts import batches, in_order
from shared.generation.rows import Rows
from shared.generation.score import among, text_nll
from shared.models.images import OnDemand, Seen, joined, with_pictures


class LocalChat(TokenChat):
    """A model and its tokenizer, here in this process.

    What all prompts begin with (an instruction) is run once; what some begin with (a sentence
    with several questions) is run once for these. Prompts with pictures are run whole.
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
        self.looks = Looks(self.processor)

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
        seeing = len(conversations) and not is_plain(conversations[0])
        prompts, run = (self._seeing if seeing else self._reading)(conversations, start, limit)
        for batch, rows in run:
            pick = None
            if drawing:
                seeds = [drawing.seeds[index] for index in batch]
                pick = sampler(drawing.temperature, seeds, limit, drawing.top_p)
            made = decode(rows, limit, ends, pick)
            for index, ids, end in zip(batch, made.ids, made.stops, strict=True):
                yield Written(index, ids + end, bool(end), len(prompts[index]))

    def _reading(
        self, conversations: Sequence[Conversation], start: str, limit: int
    ) -> tuple[list[list[int]], Iterator[tuple[list[int], Rows]]]:
        """Prompts, and their batches."""
        prompts = [self.prompt_ids(each, start) for each in conversations]
        return prompts, batches(
            self.model, prompts, branching=True, new_tokens=limit, **self._sizes
        )

    def _seeing(
        self, conversations: Sequence[Conversation], start: str, limit: int
    ) -> tuple[list[list[int]], Iterator[tuple[list[int], Rows]]]:
        """The same about pictures, which are prepared when it is their batch's turn."""

        def wide(conversation: Conversation) -> list[int]:
            ids = {"input_ids": self.prompt_ids(conversation, start)}
            seen, token = self._seen(conversation), self.processor.image_token_id
            return with_pictures(ids, seen, token)["input_ids"]

        prompts = list(map(wide, conversations))
        pictures = OnDemand(conversations, lambda each: joined(self._seen(each)))
        return prompts, batches(
            self.model, prompts, pictures=pictures, new_tokens=limit, **self._sizes
        )

    def _seen(self, conversation: Conversation) -> list[Seen]:
        return [self.looks(url) for url in urls_of(conversation)]

    @property
    def _sizes(self) -> dict[str, int]:
        return {"batch_size": self.batch_size, "batch_tokens": self.batch_tokens}
