"""Replies, by this library's decoder, Transformers' `generate` and vLLM: all prompts at once."""

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch

from shared.generation.decode import decode
from shared.generation.prompts import batches
from shared.generation.rows import left_padded
from shared.models.loading import model_folder
from tools.bench.machine import seconds
from tools.bench.subject import MODEL, Subject, questions

PROMPTS, NEW_TOKENS = (1, 32, 96), (12, 64)
NEVER = frozenset({-1})  # a stop token that no reply has: all are written to the limit

Write = Callable[[Sequence[Sequence[int]], int], object]  # prompts, new tokens of each


class Written(NamedTuple):
    """Speed of one engine. rate: new tokens a second of all prompts together."""

    prompts: int
    new_tokens: int
    engine: str
    rate: float
    share: float  # of the machine's peak


def engines(subject: Subject) -> dict[str, Write]:
    """The ways to write, by name; vLLM where it is installed."""
    found: dict[str, Write] = {
        "this project": lambda ids, count: ours(subject, ids, count),
        "`generate`": lambda ids, count: generate(subject, ids, count),
        "`generate`, static cache": lambda ids, count: generate(
            subject, ids, count, cache_implementation="static"
        ),
    }
    return found | ({"vLLM": vllm(subject)} if has_vllm() else {})


def has_vllm() -> bool:
    return importlib.util.find_spec("vllm") is not None


def writing(subject: Subject) -> Iterator[Written]:
    """What prompts have in common counts as run for each of them, whether it is or not: shares are
    then in the order of the rates."""
    for engine, write in engines(subject).items():
        write([subject.ids("Warm up.")] * 2, 2)
        for prompts in PROMPTS:
            ids = [subject.ids(f"Question: {q}\nAnswer:") for q in questions(prompts)]
            for count in NEW_TOKENS:
                rate = prompts * count / seconds(lambda ids=ids, n=count: write(ids, n))  # noqa: B023
                tokens = sum(map(len, ids)) / len(ids) + count - 1  # of one row
                operations = 2 * (subject.body * tokens / count + subject.head)
                yield Written(prompts, count, engine, rate, subject.share(rate, operations))


def ours(subject: Subject, ids: Sequence[Sequence[int]], count: int) -> list[list[int]]:
    """As a local chat model replies (`shared.chat.local`)."""
    made: list[list[int]] = [[] for _ in ids]
    sizes = {"batch_size": len(ids), "batch_tokens": 16_384}
    for places, rows in batches(subject.model, ids, branching=True, **sizes):
        for place, tokens in zip(places, decode(rows, count, NEVER).ids, strict=True):
            made[place] = tokens
    return made


def generate(
    subject: Subject, ids: Sequence[Sequence[int]], count: int, **keywords: str
) -> list[list[int]]:
    """As Transformers does, in one batch padded on the left."""
    tokens, mask = left_padded(ids, subject.model.device)
    found = subject.model.generate(
        tokens,
        attention_mask=mask.long(),
        min_new_tokens=count,
        max_new_tokens=count,
        do_sample=False,
        pad_token_id=subject.tokenizer.pad_token_id,
        **keywords,
    )
    return found[:, tokens.shape[1] :].tolist()


def vllm(subject: Subject) -> Write:
    """vLLM on the same files."""
    # GiB of a CPU, before it is imported: else nine tenths of the memory, and none is left for us
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
    from vllm import LLM, SamplingParams

    llm = LLM(
        model=str(model_folder(MODEL)),
        dtype={"fp32": "float32", "bf16": "bfloat16"}[subject.precision],
        max_model_len=1024,
        max_num_seqs=max(PROMPTS),
        enforce_eager=not torch.cuda.is_available(),
        disable_log_stats=True,
    )

    def write(ids: Sequence[Sequence[int]], count: int) -> list[list[int]]:
        how = SamplingParams(temperature=0, max_tokens=count, ignore_eos=True)
        asked = [{"prompt_token_ids": list(each)} for each in ids]
        return [
            list(each.outputs[0].token_ids) for each in llm.generate(asked, how, use_tqdm=False)
        ]

    return write
