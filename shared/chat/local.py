"""A chat model whose weights are here: batched greedy replies that run no shared text twice."""

from collections.abc import Iterator, Sequence

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.chat.replies import Conversation, Reply, finished, split_thoughts
from shared.generation.decode import decode, tokens_with
from shared.generation.prompts import batches


class LocalChat:
    """A model and its tokenizer, whose chat template frames the conversations.

    What all prompts begin with (an instruction) is run once; what some begin with (a sentence
    with several questions) is run once for these. `thinking` is passed to the chat template as
    `enable_thinking`; a model that thinks may write `thinking_tokens` more.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        identity: str,
        thinking: bool | None = None,
        thinking_tokens: int = 16_000,
        batch_size: int = 64,
        batch_tokens: int = 16_384,
    ):
        self.model, self.tokenizer = model, tokenizer
        self.name, self.identity = name, identity
        self.template = {} if thinking is None else {"enable_thinking": thinking}
        self.extra_tokens = thinking_tokens if thinking else 0
        self.batch_size, self.batch_tokens = batch_size, batch_tokens

    def answers(
        self,
        conversations: Sequence[Conversation],
        max_new_tokens: int,
        *,
        stop: Sequence[str] = (),
        start: str = "",
    ) -> Iterator[tuple[int, Reply]]:
        """(index, reply) batch by batch; see `shared.chat.replies.Chat`."""
        ends = frozenset({self.tokenizer.eos_token_id}).union(
            *(tokens_with(self.tokenizer, text) for text in stop)
        )
        asked = [self.framed(conversation) + start for conversation in conversations]
        prompts = [self._ids(text) for text in asked]
        opened = ["<think>" if text.rstrip().endswith("<think>") else "" for text in asked]
        limit = max_new_tokens + self.extra_tokens
        sizes = {"batch_size": self.batch_size, "batch_tokens": self.batch_tokens}
        sizes |= {"new_tokens": limit}
        for batch, rows in batches(self.model, prompts, branching=True, **sizes):
            decoded = decode(rows, limit, ends)
            whole = [ids + end for ids, end in zip(decoded.ids, decoded.stops, strict=True)]
            texts = self.tokenizer.batch_decode(whole, skip_special_tokens=True)
            for index, ids, ended, text in zip(batch, whole, decoded.stops, texts, strict=True):
                text, thoughts = split_thoughts(opened[index] + start + text)
                for end in stop:
                    text = text.partition(end)[0]
                yield index, finished(text, thoughts, len(prompts[index]), len(ids), not ended)

    def prompt_ids(self, conversation: Conversation) -> list[int]:
        """The tokens that the model is given, up to where its reply begins."""
        return self._ids(self.framed(conversation))

    def framed(self, conversation: Conversation) -> str:
        """The text of these; some templates open a <think> at its end."""
        return self.tokenizer.apply_chat_template(
            list(conversation), add_generation_prompt=True, tokenize=False, **self.template
        )

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]
