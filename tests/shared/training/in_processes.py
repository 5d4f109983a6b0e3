"""The training of test_processes.py: a program to be started by torchrun.

accelerate has FSDP for GPUs alone. PyTorch has it for CPUs too, so here accelerate is told that
each process has a GPU, and that its device is the CPU.
"""

import json
import sys
from pathlib import Path

import torch
from accelerate.state import DistributedType, PartialState
from torch.distributed.tensor import DTensor
from transformers import LlamaConfig, LlamaForCausalLM

from shared.devices import is_first
from shared.losses.supervised import token_cross_entropy
from shared.models.loading import save
from shared.training import supervised
from shared.training.examples import IGNORED
from shared.training.settings import Training

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


def train(folder: Path, batches: int = 1000) -> tuple[torch.nn.Module, dict]:
    """Train for 12 steps (4 an epoch), or until this process has seen so many batches."""
    torch.manual_seed(0)
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

    return supervised.fine_tune(
        LlamaForCausalLM(SHAPE), EXAMPLES, settings,
        seed=0, scratch=folder / "scratch", loss=loss,
    )  # fmt: skip


def main() -> None:
    folder, batches = Path(sys.argv[1]), int(sys.argv[2])
    torch.distributed.init_process_group("gloo")
    PartialState._prepare_backend = lambda *_: ("gloo", DistributedType.MULTI_GPU)
    PartialState.set_device = lambda self: setattr(self, "device", torch.device("cpu"))
    sharding = supervised.sharding
    supervised.sharding = lambda cuda: sharding(cuda=True)
    try:
        model, record = train(folder, batches)
    except Interrupted:
        return
    assert all(isinstance(weight, DTensor) for weight in model.parameters())
    save(model, folder / "model")
    if is_first():
        (folder / "record.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main()
