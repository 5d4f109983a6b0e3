"""The count of what a job holds, beside what real runs of small models hold.

PyTorch's profiler tells every allocation of a real run and `saved_tensors_hooks` what it keeps for
its backward pass; neither knows the count. All are within 15 % of each other.
"""

from collections.abc import Callable
from contextlib import contextmanager

import pytest
import torch
from torch.profiler import profile

from shared.generation.decode import decode
from shared.generation.rows import Rows
from shared.generation.score import text_nll
from shared.losses.supervised import token_cross_entropy
from shared.losses.unlearning import Term, descent, divergence
from shared.planning.measure.architecture import Architecture, Picture
from shared.planning.plan.fake import Batch
from shared.planning.plan.needs import need
from shared.planning.plan.passes import learning, reading, reinforcing, scoring, writing
from shared.training.settings import Lora, Training
from shared.training.supervised import adapted, fine_tune, head_only_at
from shared.training.unlearning import unlearn

WITHIN = 0.15
TRAINING = Training(
    epochs=1,
    learning_rate=1e-3,
    effective_batch_size=8,  # in two passes, so that gradients wait for the second one
    max_length=64,
    max_tokens_per_device=256,
    checkpoint_seconds=1e9,
)
LORA = TRAINING.model_copy(update={"lora": Lora(rank=4, alpha=4, targets=["q_proj", "up_proj"])})
AGAIN = TRAINING.model_copy(update={"activation_checkpointing": True})
SMALL = Architecture(
    name="Small",
    models=["org/small"],
    source="made here",
    parameters=0,
    architecture="LlamaForCausalLM",
    config={
        "vocab_size": 400,
        "hidden_size": 64,
        "intermediate_size": 160,
        "num_hidden_layers": 7,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
)
ROWS, LENGTH = 4, 64


@contextmanager
def peak():
    """Within the block what is allocated is followed; gives a function that says the most, in
    bytes beyond what there was."""
    with profile(profile_memory=True) as followed:
        yield lambda: most
    sizes = [event.nbytes() for event in followed.profiler.kineto_results.events() if event.name() == "[memory]"]
    most = now = 0
    for size in sizes:
        now += size
        most = max(most, now)


def examples(learnt: int) -> list[dict]:
    """Of two steps, so that the optimiser has its state in the second one."""
    ids = torch.randint(3, 400, (4 * ROWS, LENGTH)).tolist()
    return [{"input_ids": row, "labels": [-100] * (LENGTH - learnt) + row[-learnt:]} for row in ids]


HOW = {"full": TRAINING, "lora": LORA, "again": AGAIN}


@pytest.mark.parametrize("learnt", [LENGTH - 1, 4])
@pytest.mark.parametrize("how", HOW)
def test_a_training(how, learnt, tmp_path):
    training = HOW[how]
    model = SMALL.build(SMALL.layers, "cpu")
    with peak() as most:
        fine_tune(model, examples(learnt), training, seed=0, scratch=tmp_path)
    used = learning(SMALL, training, Batch(ROWS, LENGTH), learnt=learnt)
    trained = sum(w.numel() for w in adapted(SMALL.build(SMALL.layers, "cpu"), training).parameters() if w.requires_grad)
    print(used, most(), trained * 12)
    assert used.bytes + 12 * trained == pytest.approx(most(), rel=WITHIN)
