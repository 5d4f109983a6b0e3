"""A model of the real size that holds no memory: a few of its layers, under PyTorch's
FakeTensorMode, in which tensors have shapes and types and nothing else.

All layers follow from these, as each further one adds what the last adds to what is alive.
Attention is that for a CPU, which like those for GPUs keeps no scores. Layers that see a window
alone count as if they saw all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from peft import PeftModel
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from shared.planning.measure.architecture import Architecture
from shared.planning.plan.live import Live
from shared.planning.plan.seeing import embedded

FEW = 3  # layers: from the second on each adds the same


@dataclass(frozen=True)
class Used:
    """Bytes at the peak of a pass, beside weights, gradients and the optimiser."""

    activations: float = 0.0
    logits: float = 0.0
    cache: float = 0.0

    @property
    def bytes(self) -> float:
        return self.activations + self.logits + self.cache


@dataclass(frozen=True)
class Batch:
    """Rows of so many tokens each, of which a picture's come first, if there is one."""

    rows: int
    length: int
    pictures: bool = False

    def inputs(self, model: PreTrainedModel, of: Architecture) -> dict:
        ids = torch.zeros(self.rows, self.length, dtype=torch.long)
        return embedded(model, of, ids) if self.pictures else {"input_ids": ids}


class Run:
    """A pass of a part of a model. live: its bytes."""

    def __init__(self, of: Architecture, part: Architecture, model: PreTrainedModel, live: Live):
        self.of, self.part, self.live = of, part, live
        self._grown: Counter[str] = Counter()
        self._cached = False
        self._hooks = [
            blocks[-place].register_forward_hook(partial(self._passed, kind, sign))
            for kind, blocks in _blocks(model)
            for place, sign in ((1, 1), (2, -1))
        ]

    def restart(self) -> None:
        """The peak is that from now on, when the cache is there."""
        self.live.restart()
        self._grown.clear()
        self._cached = True

    def end(self) -> None:
        """Forward passes after this one, to compute activations again, add nothing."""
        for hook in self._hooks:
            hook.remove()

    def used(self, cache: float = 0.0) -> Used:
        """Of all layers. cache: of the part's, its bytes among those at the peak."""
        more = (self.of.layers - self.part.layers) * self._grown["language"]
        more += (self.of.image_layers - self.part.image_layers) * self._grown["image"]
        others = cache / self.part.layers * (self.of.layers - self.part.layers)
        more -= 0 if self._cached else others
        beside = self.live.peak - self.live.logits - cache
        return Used(beside + more, self.live.logits, cache + others)

    def _passed(self, kind: str, sign: int, *_: object) -> None:
        self._grown[kind] += sign * self.live.now


@contextmanager
def running(
    of: Architecture,
    part: Architecture,
    model: PreTrainedModel | PeftModel,
    dtype: torch.dtype | None = None,
) -> Iterator[Run]:
    """Within the block a model on the meta device runs as if its weights were there. dtype: of all
    of them; None: as they are. Those that learn have a gradient already, of the batch before."""
    with FakeTensorMode():
        _fake(model, dtype)
        known = [*model.parameters(), *model.buffers()]
        for weight in known:
            if weight.requires_grad and weight.is_leaf:
                weight.grad = torch.zeros_like(weight)
        grads = [weight.grad for weight in known if weight.grad is not None]
        with Live([*known, *grads], of.text["vocab_size"]) as live:
            yield Run(of, part, model, live)


def part_of(of: Architecture, untouched: int = 0) -> Architecture:
    """untouched: layers below the first adapter."""
    return of.with_layers(min(untouched + FEW, of.layers), FEW)


def built(of: Architecture, dtype: torch.dtype) -> PreTrainedModel:
    """On the meta device."""
    model = of.build(of.layers, "meta")
    for weight in model.parameters():
        weight.data = weight.data.to(dtype)
    return model


def base(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """Without adapters around it."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


def mask(rows: int, tokens: int, cached: int) -> torch.Tensor:
    """Which tokens of a padded batch see which, as Transformers makes it of a mask of tokens."""
    return torch.ones(rows, 1, tokens, cached, dtype=torch.bool)


def _fake(model: PreTrainedModel | PeftModel, dtype: torch.dtype | None) -> None:
    """Weights that are one matrix stay one."""
    made: dict[torch.Tensor, torch.Tensor] = {}
    for module in model.modules():
        for name, weight in module.named_parameters(recurse=False):
            if weight not in made:
                fake = torch.empty(weight.shape, dtype=dtype or weight.dtype)
                made[weight] = torch.nn.Parameter(fake, weight.requires_grad)
            module._parameters[name] = made[weight]
        for name, buffer in module.named_buffers(recurse=False):
            module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)


def _blocks(model: torch.nn.Module) -> Iterator[tuple[str, Sequence[torch.nn.Module]]]:
    for name, module in model.named_modules():
        layers = isinstance(module, torch.nn.ModuleList) and len(module) >= FEW
        if layers and isinstance(module[0], GradientCheckpointingLayer):
            yield "image" if "vision" in name or "visual" in name else "language", module
