"""A chat model whose weights are here: batched greedy replies that run no shared text twice."""

from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.chat.replies import Conversation, Reply, split_thoughts
from shared.generation.batching import common_prefix, pack, shared_beginnings
from shared.generation.decode import decode, tokens_with
from shared.generation.rows import Prefix, Rows, left_padded


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
        prompts = [self.prompt_ids(conversation, start) for conversation in conversations]
        limit = max_new_tokens + self.extra_tokens
        for batch, rows in self._batches(prompts):
            decoded = decode(rows, limit, ends)
            whole = [ids + end for ids, end in zip(decoded.ids, decoded.stops, strict=True)]
            texts = self.tokenizer.batch_decode(whole, skip_special_tokens=True)
            for index, ids, text in zip(batch, whole, texts, strict=True):
                text, thoughts = split_thoughts(start + text)
                for end in stop:
                    text = text.partition(end)[0]
                yield index, Reply(text, "", thoughts, len(prompts[index]), len(ids))

    def _batches(self, prompts: list[list[int]]) -> Iterator[tuple[list[int], Rows]]:
        """Prompt numbers and their prompts, run; longest first."""
        if not prompts:
            return
        shared = common_prefix(prompts)
        if shared and shared + 1 == min(map(len, prompts)):
            shared -= 1  # two tokens each at least: one for a group's beginning, one of its own
        prefix = Prefix(self.model, prompts[0][:shared]) if shared else None
        own = [ids[shared:] for ids in prompts]
        groups = shared_beginnings(own, self.batch_size)
        lengths = [shared + max(len(own[i]) for i in members) for members in groups]
        for batch in pack(lengths, list(map(len, groups)), self.batch_size, self.batch_tokens):
            stems = [common_prefix([own[i] for i in groups[group]]) for group in batch]
            members = [i for group in batch for i in groups[group]]
            stem_of = [place for place, group in enumerate(batch) for _ in groups[group]]
            rests = [own[i][stems[place] :] for i, place in zip(members, stem_of, strict=True)]
            beginnings = [
                own[groups[group][0]][:stem] for group, stem in zip(batch, stems, strict=True)
            ]
            rows = Rows(self.model, beginnings, prefix)
            rows.select(torch.tensor(stem_of, device=rows.logits.device))
            rows.append(*left_padded(rests, rows.logits.device))
            yield members, rows

    def prompt_ids(self, conversation: Conversation, start: str = "") -> list[int]:
        """The tokens that the model is given, up to where its reply begins."""
        text = self.tokenizer.apply_chat_template(
            list(conversation), add_generation_prompt=True, tokenize=False, **self.template
        )
        return self.tokenizer(text + start, add_special_tokens=False)["input_ids"]
