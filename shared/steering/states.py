"""Hidden states of the last token of prompts, at every layer, in one batched pass."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

from shared.errors import UserError
from shared.files import atomic
from shared.generation.prompts import batches
from shared.generation.rows import Rows
from shared.models.blocks import decoder_blocks


def last_token_states(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    batch_size: int = 64,
    batch_tokens: int = 16_384,
    new_tokens: int = 0,
    then: Callable[[list[int], Rows], None] | None = None,
) -> torch.Tensor:
    """(prompts, layers + 1, hidden), float32 on the CPU.

    Index 0 is the output of the embeddings, l the output of block l - 1 and the last what the
    output layer sees (after the final norm), as `output_hidden_states=True` numbers them. What
    all prompts begin with is run once. Only the last token's states are ever kept.

    then(prompt numbers, rows): what else is done with each batch, such as decoding up to
    `new_tokens` of replies, so that a prompt that is answered is run once.
    """
    depth = model.config.num_hidden_layers
    found = torch.empty(len(prompts), depth + 1, model.config.hidden_size)
    sizes = {"batch_size": batch_size, "batch_tokens": batch_tokens, "new_tokens": new_tokens}
    with _last_tokens(model) as seen:
        for batch, rows in batches(model, prompts, **sizes):
            # before the first batch, the beginning of all was run
            found[batch] = torch.stack(seen[-depth - 1 :], dim=1).float().cpu()
            if then:
                then(batch, rows)
            seen.clear()
    return found


@contextmanager
def _last_tokens(model: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Within the block, what every block and then the output layer is given, of the last token.

    Each (rows, hidden). Padding must be on the left.
    """
    seen: list[torch.Tensor] = []

    def keep(module: nn.Module, arguments: tuple, keywords: dict) -> None:
        hidden = arguments[0] if arguments else keywords["hidden_states"]
        seen.append(hidden[:, -1])

    places = [*decoder_blocks(model), model.get_output_embeddings()]
    handles = [place.register_forward_pre_hook(keep, with_kwargs=True) for place in places]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def save_states(states: Mapping[str, torch.Tensor], path: str | Path, model: str) -> None:
    """Write tensors by name as safetensors; `model` says whose states these are."""
    tensors = {name: tensor.contiguous() for name, tensor in states.items()}
    with atomic(path) as temporary:
        save_file(tensors, temporary, metadata={"model": model})


def read_states(path: str | Path, model: str) -> dict[str, torch.Tensor]:
    """What `save_states` wrote. Raises `UserError` for the states of another model."""
    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get("model")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise UserError(f"{path}: not a safetensors file ({error})") from None
    if found != model:
        raise UserError(f"{path}: found states of {found}; expected those of {model}")
    return tensors
