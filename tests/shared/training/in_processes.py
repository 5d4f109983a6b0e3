"""The training of test_processes.py: a program to be started by torchrun.

accelerate has FSDP for GPUs alone. PyTorch has it for CPUs too, so here accelerate is told that
each process has a GPU, and that its device is the CPU.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import torch
from accelerate.state import DistributedType, PartialState
from safetensors.torch import load_file
from torch.distributed.tensor import DTensor
from transformers import LlamaConfig, LlamaForCausalLM

from shared.losses.supervised import token_cross_entropy
from shared.losses.unlearning import Term, ascent, divergence
from shared.models import devices
from shared.models.devices import is_first, leave_the_others
from shared.models.loading import save
from shared.models.small_vlm import vocabulary
from shared.training import supervised, unlearning
from shared.training.examples import IGNORED
from shared.training.settings import Lora, Training

SHAPE = LlamaConfig(
    vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2,
)  # fmt: skip
# 13 examples: each epoch's last step has one example, which two processes can't share out evenly.
EXAMPLES = [
    {"input_ids": ids, "labels": [IGNORED] * (i % 3 + 1) + ids[i % 3 + 1 :]}
    for i, ids in enumerate([[(7 * i + j) % 64 for j in range(5 + i % 4)] for i in range(13)])
]


class Interrupted(Exception):
    pass


def write_start(folder: Path) -> None:
    """The model that the trainings start from."""
    torch.manual_seed(0)
    LlamaForCausalLM(SHAPE).save_pretrained(folder)
    vocabulary("characters", ["ab"]).save_pretrained(folder)


def assert_only_the_first_has_read(model: torch.nn.Module, folder: Path) -> None:
    written = load_file(folder / "model.safetensors")
    there = {name: weight for name, weight in model.state_dict().items() if weight.dim() == 2}
    held = [torch.equal(weight, written[name].to(weight.dtype)) for name, weight in there.items()]
    assert all(held) if is_first() else not any(held)


def train(folder: Path, batches: int = 1000) -> tuple[torch.nn.Module, dict]:
    """Train for 12 steps (4 an epoch), or until this process has seen so many batches."""
    settings = Training(
        epochs=3, learning_rate=1e-2, effective_batch_size=4, max_length=64,
        max_tokens_per_device=16, checkpoint_seconds=0,
    )  # fmt: skip
    calls = []

    def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if len(calls) > batches:
            raise Interrupted
        return token_cross_entropy(logits, labels)

    model, _ = supervised.load_to_train(f"path:{folder.parent / 'start'}", settings)
    assert_only_the_first_has_read(model, folder.parent / "start")
    return supervised.fine_tune(
        model, EXAMPLES, settings,
        seed=0, scratch=folder / "scratch", loss=loss,
    )  # fmt: skip


def trained(folder: Path, batches: int) -> dict:
    model, record = train(folder, batches)
    assert all(isinstance(weight, DTensor) for weight in model.parameters())
    save(model, folder / "model")
    return record


def unlearn(folder: Path) -> dict:
    """Unlearn for 6 steps (3 an epoch): adapters go away from one stream, and stay close to the
    model without them on the other. Saves them after half of it, too."""
    settings = Training(
        epochs=2, learning_rate=1e-2, effective_batch_size=4, max_length=64,
        max_tokens_per_device=48, checkpoint_seconds=1e9, lora=Lora(rank=4, alpha=8),
        group_by_length=True,
    )  # fmt: skip
    items = [{"forget": one, "retain": other} for one, other in pairwise(EXAMPLES)]
    terms = (Term(1.0, ascent, ("forget",)), Term(1.0, divergence, ("retain",), reference=True))
    model, _ = supervised.load_to_train(f"path:{folder.parent / 'start'}", settings)
    assert_only_the_first_has_read(model, folder.parent / "start")
    _, record = unlearning.unlearn(
        model, items, terms, settings, seed=0, scratch=folder / "scratch",
        at=[3, 6], snapshot=lambda step, model: save(model, folder / f"step-{step}"),
    )  # fmt: skip
    return record


def adapt_coarse(folder: Path) -> dict:
    """Adapters in float32 on weights that are bfloat16 before, in and after a training."""
    settings = Training(
        epochs=2, learning_rate=1e-2, effective_batch_size=4, max_length=64,
        checkpoint_seconds=0, lora=Lora(rank=4, alpha=8), precision="bf16",
    )  # fmt: skip
    model, _ = supervised.load_to_train(f"path:{folder.parent / 'start'}", settings)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    fit = {"seed": 0, "scratch": folder / "scratch"}
    model, record = supervised.fine_tune(model, EXAMPLES, settings, **fit)
    kinds = {(weight.requires_grad, weight.dtype) for weight in model.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}, kinds
    return record


def pretend_gpus(*modules: ModuleType) -> None:
    """Let the trainings of these modules share out weights over processes without GPUs."""
    torch.distributed.init_process_group("gloo")
    PartialState._prepare_backend = lambda *_: ("gloo", DistributedType.MULTI_GPU)
    PartialState.set_device = lambda self: setattr(self, "device", torch.device("cpu"))
    sharding = supervised.sharding
    for module in modules:
        module.sharding = lambda cuda: sharding(cuda=True)


TRAININGS = {"unlearn": unlearn, "adapt_coarse": adapt_coarse}


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    devices.multiplies_bf16 = lambda: True
    pretend_gpus(supervised)
    try:
        record = TRAININGS[what](folder) if what in TRAININGS else trained(folder, int(what))
    except Interrupted:
        return
    leave_the_others()
    if is_first():
        (folder / "record.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main()
