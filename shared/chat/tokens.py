"""A chat model that takes tokens and gives tokens; what runs it is an engine's own."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import torch
from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from shared.chat.replies import Conversation, Drawing, Reply, finished, split_thoughts
from shared.errors import UserError
from shared.generation.decode import tokens_with

THINK = "<think>"


class Written(NamedTuple):
    """What was written in answer to one conversation."""

    index: int  # of the conversation
    ids: Sequence[int]  # with the stop token at their end, if there was one
    ended: bool  # at a stop token; else the limit came first
    prompt_tokens: int


class TokenChat(ABC):
    """A model by its tokenizer, whose chat template frames the conversations.

    `thinking` is passed to the chat template as `enable_thinking`; a model that thinks may write
    `thinking_tokens` more. `batch_size` is how many conversations are answered at a time.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        identity: str,
        thinking: bool | None = None,
        thinking_tokens: int = 16_000,
        batch_size: int = 64,
    ):
        self.tokenizer, self.name, self.identity = tokenizer, name, identity
        self.template = {} if thinking is None else {"enable_thinking": thinking}
        self.extra_tokens = thinking_tokens if thinking else 0
        self.batch_size = batch_size

    def answers(
        self,
        conversations: Sequence[Conversation],
        max_new_tokens: int,
        *,
        stop: Sequence[str] = (),
        start: str = "",
        drawing: Drawing | None = None,
    ) -> Iterator[tuple[int, Reply]]:
        """(index, reply), see `shared.chat.replies.Chat`; greedy without a `drawing`."""
        ends = frozenset({self.tokenizer.eos_token_id}).union(
            *(tokens_with(self.tokenizer, text) for text in stop)
        )
        limit = max_new_tokens + self.extra_tokens
        # a template opens thoughts in every prompt or in none
        first = self.framed(conversations[0]) if len(conversations) else ""
        opened = first.rstrip().endswith(THINK)
        for each in self._written(conversations, start, limit, ends, drawing):
            said = self.tokenizer.decode(each.ids, skip_special_tokens=True)
            text, thoughts = split_thoughts(THINK * opened + start + said)
            for end in stop:
                text = text.partition(end)[0]
            counted = (each.prompt_tokens, len(each.ids), not each.ended)
            yield each.index, finished(text, thoughts, *counted)

    def prompt_ids(self, conversation: Conversation, start: str = "") -> list[int]:
        """The tokens that the model is given, up to where its reply begins."""
        text = self.framed(conversation) + start
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def framed(self, conversation: Conversation) -> str:
        """The text of a prompt; some templates open the model's thoughts at its end. Raises
        `UserError` where the tokenizer has no template, or its own refuses the conversation."""
        try:
            return self.tokenizer.apply_chat_template(
                list(conversation), add_generation_prompt=True, tokenize=False, **self.template
            )
        except (ValueError, TemplateError) as error:
            why = str(error).strip().partition("\n")[0]
            raise UserError(f"{self.name}: its chat template can't be used ({why})") from None

    @abstractmethod
    def chances(self, prompts: Sequence[Sequence[int]], candidates: Sequence[int]) -> torch.Tensor:
        """Probabilities (prompts, candidates) of the first token after each prompt, when only the
        candidates may follow. prompts: token ids."""

    @abstractmethod
    def nll(self, sequences: Sequence[Sequence[int]]) -> list[tuple[float, int]]:
        """As `shared.generation.score.text_nll`, of token sequences."""

    @abstractmethod
    def _written(
        self,
        conversations: Sequence[Conversation],
        start: str,
        limit: int,
        ends: Collection[int],
        drawing: Drawing | None,
    ) -> Iterator[Written]:
        """What is written after each prompt, up to a token of `ends` or `limit` tokens, in any
        order, as soon as it is there."""
