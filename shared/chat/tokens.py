"""A chat model that takes tokens and gives tokens; what runs it is an engine's own."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import torch
from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase, ProcessorMixin

from shared.chat.pictures import is_plain, with_parts
from shared.chat.replies import Conversation, Drawing, Reply, finished, split_thoughts
from shared.errors import UserError
from shared.generation.decode import tokens_with
from shared.models.tokens import begun

THINK = "<think>"


class Written(NamedTuple):
    """What was written in answer to one conversation."""

    index: int  # of the conversation
    ids: Sequence[int]  # with the stop token at their end, if there was one
    ended: bool  # at a stop token; else the limit came first
    prompt_tokens: int


class TokenChat(ABC):
    """A model by its tokenizer, whose chat template frames the conversations; by its processor,
    where they are about pictures.

    `thinking` is passed to the chat template as `enable_thinking`; a model that thinks may write
    `thinking_tokens` more. What it writes between <think> and </think> are its thoughts, but for
    a model that was taught to write them there: its reply is the `whole`. `batch_size` is how many
    conversations are answered at a time.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        identity: str,
        processor: ProcessorMixin | None = None,
        thinking: bool | None = None,
        thinking_tokens: int = 16_000,
        whole: bool = False,
        batch_size: int = 64,
    ):
        """processor: of a model that sees pictures."""
        self.tokenizer, self.processor = tokenizer, processor
        self.name, self.identity = name, identity
        self.template = {} if thinking is None else {"enable_thinking": thinking}
        self.extra_tokens = thinking_tokens if thinking else 0
        self.whole, self.batch_size = whole, batch_size

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
            text, thoughts = THINK * opened + start + said, ""
            if not self.whole:
                text, thoughts = split_thoughts(text)
            for end in stop:
                text = text.partition(end)[0]
            counted = (each.prompt_tokens, len(each.ids), not each.ended)
            yield each.index, finished(text, thoughts, *counted)

    def prompt_ids(self, conversation: Conversation, start: str = "") -> list[int]:
        """The tokens that the model is given, up to where its reply begins. A picture is one token
        here; the engine makes room for it."""
        text = self.framed(conversation) + start
        if not is_plain(conversation):
            return begun(self.tokenizer, text)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def framed(self, conversation: Conversation) -> str:
        """The text of a prompt; some templates open the model's thoughts at its end. Raises
        `UserError` where there is no template, or it refuses the conversation, and where a picture
        is shown to a model that sees none."""
        plain = is_plain(conversation)
        if not plain and not self.processor:
            raise UserError(f"{self.name}: it sees no pictures; expected a model that does")
        framing = self.tokenizer if plain else self.processor
        turns = list(conversation) if plain else with_parts(conversation)
        try:
            return framing.apply_chat_template(
                turns, add_generation_prompt=True, tokenize=False, **self.template
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
