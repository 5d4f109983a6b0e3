"""The count of what a job holds, beside the most that a real run of a small model holds.

PyTorch's profiler follows every allocation of the real run and knows nothing of the count. Both are
within 15 % of each other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch.profiler import profile

from shared.generation.cache import SPARE
from shared.generation.decode import decode
from shared.generation.rows import Rows
from shared.generation.score import text_nll
from shared.losses.unlearning import Term, descent, divergence
from shared.planning.measure.architecture import Architecture
from shared.planning.plan.fake import Batch
from shared.planning.plan.passes import counted, learning, reading, reinforcing, scoring, writing
from shared.training.examples import IGNORED
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune
from shared.training.unlearning import unlearn

WITHIN = 0.15
FULL = Training(
    epochs=1,
    learning_rate=1e-3,
    effective_batch_size=8,  # in two passes: gradients wait for the second
    max_length=64,
    max_tokens_per_device=256,
    checkpoint_seconds=1e9,
)
LORA = FULL.model_copy(update={"lora": Lora(rank=4, alpha=4, targets=["q_proj", "up_proj"])})
UPPER = FULL.model_copy(update={"lora": Lora(rank=4, alpha=4, first_layer=4)})
AGAIN = FULL.model_copy(update={"activation_checkpointing": True})
HOW = {"full": FULL, "lora": LORA, "upper": UPPER, "again": AGAIN}
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
def measured() -> Iterator[Callable[[], int]]:
    """A function that says, after the block, the most bytes that it held beyond what there was."""
    with profile(profile_memory=True) as followed:
        yield lambda: most
    events = followed.profiler.kineto_results.events()
    most = now = 0
    for size in (event.nbytes() for event in events if event.name() == "[memory]"):
        now += size
        most = max(most, now)


def example(learnt: int) -> dict:
    ids = torch.randint(3, 400, (LENGTH,)).tolist()
    return {"input_ids": ids, "labels": [IGNORED] * (LENGTH - learnt) + ids[-learnt:]}


def states(training: Training) -> float:
    """Gradients, and the two moments of Adam."""
    return 12 * counted(SMALL, training).trained


@pytest.mark.parametrize("learnt", [LENGTH - 1, 4])
@pytest.mark.parametrize("how", HOW)
def test_a_training(how, learnt, tmp_path):
    """Two steps, so that the second one finds the optimiser's state."""
    training, model = HOW[how], SMALL.build(SMALL.layers, "cpu")
    examples = [example(learnt) for _ in range(16)]
    with measured() as most:
        fine_tune(model, examples, training, seed=0, scratch=tmp_path)
    used = learning(SMALL, training, Batch(ROWS, LENGTH), learnt=learnt)
    assert used.bytes + states(training) == pytest.approx(most(), rel=WITHIN)


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("how", ["full", "lora"])
def test_an_unlearning_of_two_streams(how, everywhere, tmp_path):
    """Its terms are taken one by one: what it holds is what the larger one holds. A full training
    compares with a copy of its model."""
    training, model = HOW[how], SMALL.build(SMALL.layers, "cpu")
    kept = Term(1.0, divergence, ("retain",), everywhere=everywhere, reference=True)
    terms = (Term(1.0, descent, ("forget",)), kept)
    items = [{"forget": example(8), "retain": example(8)} for _ in range(16)]
    training = training.model_copy(update={"max_tokens_per_device": 3 * ROWS * LENGTH})
    with measured() as most:
        unlearn(model, items, terms, training, seed=0, scratch=tmp_path)
    batch = Batch(ROWS, LENGTH)
    used = max(learning(SMALL, training, batch, learnt=8, term=t).bytes for t in terms)
    copied = 0 if training.lora else 4 * counted(SMALL, training).all
    assert used + states(training) + copied == pytest.approx(most(), rel=WITHIN)


def test_replies():
    """Prompts of 512 tokens, replies of 200: reading them, and the last token. What is counted is
    on the safe side, by up to 30 % on so small a model."""
    model = SMALL.build(SMALL.layers, "cpu")
    prompts = torch.randint(3, 400, (8, 512)).tolist()
    with measured() as most:
        rows = Rows(model, prompts)
    read = reading(SMALL, Batch(8, 512), dtype=torch.float32)
    assert 1 - WITHIN < read.bytes / most() < 1.3
    # keys and values of 7 layers with 2 heads of 16 numbers of 4 bytes
    assert read.cache == 8 * 512 * 7 * 2 * 2 * 16 * 4
    with measured() as most:
        decode(rows, 200, {-1})
    longest = 512 + 200 + SPARE  # with the room that the cache keeps
    written = writing(SMALL, Batch(8, longest), dtype=torch.float32)
    assert written.cache == 8 * longest * 7 * 2 * 2 * 16 * 4
    assert 1 - WITHIN < written.bytes / (most() + read.cache) < 1.3


def test_the_likelihood_of_texts():
    model = SMALL.build(SMALL.layers, "cpu")
    texts = torch.randint(3, 400, (16, LENGTH)).tolist()
    with measured() as most:
        text_nll(model, texts)
    used = scoring(SMALL, Batch(16, LENGTH), dtype=torch.float32)
    assert used.bytes == pytest.approx(most(), rel=WITHIN)


def test_logits_are_those_of_learnt_tokens():
    """In float32, with their probabilities and gradients: three times 4 bytes."""
    batch = Batch(ROWS, LENGTH)
    wide = SMALL.model_copy(update={"config": SMALL.config | {"vocab_size": 40_000}})
    every = learning(wide, FULL, batch, learnt=LENGTH - 1)
    few = learning(wide, FULL, batch, learnt=4)
    assert every.logits == pytest.approx(3 * 4 * ROWS * 63 * 40_000, rel=0.02)
    assert few.logits <= 3 * 4 * ROWS * 4 * 40_000
    assert every.bytes - few.bytes > 2 * 4 * ROWS * 58 * 40_000


def test_checkpointing_leaves_one_layer_and_what_goes_into_each():
    """Per further layer its input alone: rows x tokens x 64 numbers of 4 bytes."""
    batch = Batch(ROWS, LENGTH)

    def at(layers: int, training: Training) -> float:
        return learning(SMALL.with_layers(layers, 0), training, batch, learnt=4).bytes

    assert at(30, AGAIN) - at(20, AGAIN) == 10 * ROWS * LENGTH * 64 * 4
    assert at(30, FULL) - at(20, FULL) > 20 * (at(30, AGAIN) - at(20, AGAIN))
    few, more = at(3, FULL) - at(3, AGAIN), at(30, FULL) - at(30, AGAIN)
    assert 0 < few < more


def test_bf16_halves_what_is_computed():
    half = FULL.model_copy(update={"precision": "bf16"})
    batch = Batch(ROWS, LENGTH)
    sizes = [learning(SMALL, how, batch, learnt=4, gathered=True).bytes for how in (FULL, half)]
    assert 0.45 < sizes[1] / sizes[0] < 0.75  # norms compute in float32 either way


def test_grpo_makes_no_logits_of_all_tokens():
    """TRL computes a tile of 32,768 words for each token at a time, of which its code for CPUs,
    which is counted, makes some copies; in all less than a fifth of what all logits would be."""
    wide = SMALL.model_copy(update={"config": SMALL.config | {"vocab_size": 150_000}})
    few, more = (reinforcing(wide, FULL, Batch(rows, 1024)).bytes for rows in (32, 64))
    body = [learning(SMALL, FULL, Batch(rows, 1024), learnt=1).bytes for rows in (32, 64)]
    assert more - few < 1.2 * (body[1] - body[0]) < 32 * 1024 * 150_000 * 4 / 5


def test_counted_parameters():
    """A layer: q and o 64 x 64, k and v 64 x 32, three matrices 64 x 160, two norms."""
    layer = 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 160 + 2 * 64
    full = counted(SMALL, FULL)
    assert (full.trained, full.frozen) == (2 * 400 * 64 + 7 * layer + 64, 0)
    assert (full.layer, full.ends) == (layer, 400 * 64)
    lora = counted(SMALL, LORA)
    assert lora.trained == 7 * 4 * (64 + 64 + 64 + 160)  # beside q_proj and up_proj
    assert lora.frozen == full.trained
    assert counted(SMALL, UPPER).trained < 3 / 7 * 4 * 7 * 2000
