"""Hours of an 80 GB H100 that jobs take, by arithmetic: what they work through, over its speed.

A weight takes two operations a token forward, and four backward: two for the gradient of its
input, two for its own, which frozen weights have none of (Kaplan et al. 2020, section 2.1). A token
that is written reads all weights once for its whole batch: there it is memory that is waited for.
Attention, loading, tokenizing and the cache are left out, so read it as right within a factor of
two or three, where all GPUs are kept busy.
"""

from functools import singledispatch

from shared.errors import UserError
from shared.models.spec import is_endpoint
from shared.planning.measure.architecture import of_model
from shared.planning.plan.held import Held, Job, Learns, Reads, Reinforces, Writes

# NVIDIA's data sheet of the H100 SXM: dense operations and bytes a second.
OPERATIONS = {"bf16": 989e12, "fp32": 495e12}  # fp32 as TF32
BANDWIDTH = 3.35e12
BYTES = {"bf16": 2, "fp32": 4}
# What is reached of it, assumed. 0.35 to 0.45 are reported of trainings with FSDP.
OF_OPERATIONS, OF_BANDWIDTH = 0.35, 0.5


def gpu_hours(job: Job) -> float | None:
    """Of one job, all of its GPUs together; None if what it works through is not known."""
    try:
        each = [seconds(held) for stage in job.stages for held in stage if not is_asked(held)]
    except UserError:  # a model whose size is not known
        return None
    known = [taken for taken in each if taken is not None]
    return sum(known) / 3600 if known else None


def is_asked(held: Held) -> bool:
    """Whether it is a model behind an endpoint, which takes no GPU of ours."""
    return is_endpoint(held.model)


@singledispatch
def seconds(held: Held) -> float | None:
    """On one GPU; None if what is worked through is not known."""
    raise TypeError(f"expected something of {Held}, found {held!r}")


@seconds.register
def _(held: Learns) -> float | None:
    if not held.examples:
        return None
    training = held.training
    streams = sum(len(term.streams) * (1 + term.reference) for term in held.terms) or 1
    tokens = held.examples * (held.mean or held.length) * training.epochs * streams
    again = training.activation_checkpointing
    return _computed(held, tokens, _learnt(bool(training.lora), again), training.precision)


@seconds.register
def _(held: Reinforces) -> float:
    grpo = held.reinforcement
    rows = grpo.steps * grpo.prompts_per_step * grpo.generations
    tokens = rows * (held.prompt + grpo.max_new_tokens)
    batch = grpo.written_per_device or grpo.prompts_per_step * grpo.generations
    operations = _learnt(bool(grpo.lora), grpo.activation_checkpointing) + 2 * bool(grpo.kl)
    learnt = _computed(held, tokens, operations, grpo.precision)
    return learnt + _written(held, rows, held.prompt, grpo.max_new_tokens, batch, grpo.precision)


@seconds.register
def _(held: Writes) -> float | None:
    if not held.prompts:
        return None
    length = held.mean or held.prompt or 0
    batch = min(held.batch_size, max(1, held.batch_tokens // max(length, held.reply, 1)))
    return _written(held, held.prompts, length, held.reply, batch, held.precision)


@seconds.register
def _(held: Reads) -> float | None:
    if not held.texts:
        return None
    return _computed(held, held.texts * (held.mean or held.tokens), 2, held.precision)


def _learnt(adapters: bool, again: bool) -> int:
    """Operations a weight and token: forward, backward, and forward again."""
    return 2 + (2 if adapters else 4) + 2 * again


def _computed(held: Held, tokens: float, operations: int, precision: str) -> float:
    weights = of_model(held.model).parameters
    return operations * weights * tokens / (OPERATIONS[precision] * OF_OPERATIONS)


def _written(
    held: Held, prompts: int, length: int, reply: int, batch: int, precision: str
) -> float:
    weights = of_model(held.model).parameters
    step = weights * BYTES[precision] / (BANDWIDTH * OF_BANDWIDTH)
    steps = -(-prompts // batch) * reply
    return _computed(held, prompts * length, 2, precision) + steps * step
