"""Bytes on a GPU, by what they are for, and in main memory, of what a stage of a job holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import singledispatch

import torch

from shared.generation.cache import SPARE
from shared.losses.unlearning import Term, ascent, descent
from shared.planning.measure.architecture import Architecture, of_model
from shared.planning.measure.memory import DTYPES, SIZES, gigabytes
from shared.planning.plan import passes
from shared.planning.plan.fake import Batch, Used
from shared.planning.plan.held import Held, Learns, Reads, Reinforces, Writes
from shared.planning.plan.passes import Parameters
from shared.settings import Precision
from shared.training.reinforcement import passes_written
from shared.training.settings import Reinforcement, Training
from shared.training.supervised import split_batch


@dataclass(frozen=True)
class Need:
    weights: float = 0
    gradients: float = 0
    optimiser: float = 0
    gathered: float = 0  # weights and gradients that FSDP has whole for a moment
    activations: float = 0
    logits: float = 0
    cache: float = 0
    host: float = 0  # of a node, beside its processes

    @property
    def gpu(self) -> float:
        return sum(getattr(self, name) for name in PARTS)

    def __str__(self) -> str:
        held = {name: getattr(self, name) for name in PARTS}
        return ", ".join(f"{name} {gigabytes(size)}" for name, size in held.items() if size >= 5e7)


PARTS = [each.name for each in fields(Need) if each.name != "host"]


def of_stage(stage: Sequence[Held], processes: int) -> Need:
    """Weights of all that is held, and what the largest of them needs to work, one after another.
    Each goes through main memory to its GPU."""
    needs = [need(held, processes) for held in stage]
    largest = max(needs, key=lambda each: each.gpu - each.weights)
    return replace(largest, weights=sum(n.weights for n in needs), host=max(n.host for n in needs))


@singledispatch
def need(held: Held, processes: int) -> Need:
    raise TypeError(f"expected something of {Held}, found {held!r}")


@need.register
def _(held: Writes, processes: int) -> Need:
    of = of_model(held.model).seeing(held.picture)
    most = held.batch_tokens // held.reply if held.reply > 1 else held.batch_size
    most = max(1, min(held.batch_size, most))
    length = held.prompt or max(1, held.batch_tokens // most)
    rows = min(most, max(1, held.batch_tokens // length))
    used = _written(of, rows, length, held.reply, DTYPES[held.precision], bool(held.picture))
    weights = SIZES[held.precision] * of.parameters
    return _with(used, weights=weights, host=weights)


@need.register
def _(held: Reads, processes: int) -> Need:
    of = of_model(held.model)
    batch = Batch(held.rows, held.tokens // held.rows)
    used = _once(passes.scoring, of, batch, dtype=DTYPES[held.precision])
    weights = SIZES[held.precision] * of.parameters
    return _with(used, weights=weights, host=weights)


@need.register
def _(held: Learns, processes: int) -> Need:
    of, training = of_model(held.model).seeing(held.picture), held.training
    streams = {name for term in held.terms for name in term.streams}
    compared = sum(len(term.streams) for term in held.terms if term.reference)
    rows, accumulation = split_batch(
        training.effective_batch_size,
        processes,
        ((len(streams) or 1) + compared) * held.length,
        training.max_tokens_per_device,
    )
    text = held.length - 1 - (of.picture_tokens if held.picture else 0)
    passes_of = [
        _once(
            passes.learning,
            of,
            _bare(training),
            Batch(rows, held.length, bool(held.picture)),
            learnt=min(text, held.learnt or text),
            new_tokens=held.new_tokens,
            gathered=processes > 1,
            term=term and _bare_term(term),
        )
        for term in held.terms or [None]
    ]
    counted = _once(passes.counted, of, _bare(training))
    still = _trained(counted, training.precision, processes, accumulation)
    if compared and not training.lora:  # the reference is a model of its own
        still["weights"] += 4 * counted.all
    return _with(max(passes_of, key=lambda used: used.bytes), **still)


@need.register
def _(held: Reinforces, processes: int) -> Need:
    """The larger of writing completions, when there are no gradients, and of learning from them."""
    of, settings = of_model(held.model).seeing(held.picture), held.reinforcement
    rows, accumulation = split_batch(
        settings.prompts_per_step * settings.generations,
        processes,
        longest=1,
        max_tokens=settings.completions_per_device,
    )
    training = _bare(settings)
    counted = _once(passes.counted, of, training)
    static = _trained(counted, settings.precision, processes, accumulation)
    if settings.kl and not settings.lora:  # what it is compared with is a model of its own
        static["weights"] += 4 * counted.all / processes
    together = (bool(held.picture), DTYPES[settings.precision])
    written = passes_written(rows, accumulation, settings) * rows
    writing = _written(of, written, held.prompt, settings.max_new_tokens, *together[::-1])
    length = held.prompt + settings.max_new_tokens
    learning = _once(
        passes.reinforcing,
        of,
        training,
        Batch(rows, length, bool(held.picture)),
        gathered=processes > 1,
    )
    both = _with(writing, **static | {"gradients": 0}), _with(learning, **static)
    return max(both, key=lambda each: each.gpu)


def _trained(
    counted: Parameters, precision: Precision, processes: int, accumulation: int
) -> dict[str, float]:
    """What lies still during a training, and what FSDP gathers: the ends of the model, of which the
    output layer stays until its gradient is there, a layer and the next one, and their gradients.
    While it accumulates, whole gradients wait to be shared out."""
    kept = 4 * counted.trained + SIZES[precision] * counted.frozen
    sizes = {
        "weights": kept / processes,
        "gradients": 4 * counted.trained / processes,
        "optimiser": 8 * counted.trained / processes,
        "host": kept,
    }
    if processes > 1:
        whole = 2 * counted.ends + 4 * counted.layer
        whole += counted.trained if accumulation > 1 else 0
        sizes["gathered"] = SIZES[precision] * whole
    return sizes


def _written(
    of: Architecture, rows: int, prompt: int, reply: int, dtype: torch.dtype, pictures: bool
) -> Used:
    """The larger of reading the prompts and of the last token, when the cache is full."""
    read = _once(passes.reading, of, Batch(rows, prompt, pictures), dtype=dtype)
    if reply < 2:
        return read
    last = _once(passes.writing, of, Batch(rows, prompt + reply + SPARE), dtype=dtype)
    return max(read, last, key=lambda each: each.bytes)


def _with(used: Used, **held: float) -> Need:
    return Need(activations=used.activations, logits=used.logits, cache=used.cache, **held)


def _bare(training: Training | Reinforcement) -> Training:
    """With what memory depends on and nothing else."""
    return Training(
        epochs=1,
        learning_rate=1,
        effective_batch_size=1,
        max_length=1,
        lora=training.lora,
        frozen=getattr(training, "frozen", []),
        precision=training.precision,
        activation_checkpointing=training.activation_checkpointing,
    )


def _bare_term(term: Term) -> Term:
    """Ascent holds what descent holds, whatever its weight and stream."""
    loss = descent if term.loss is ascent else term.loss
    return replace(term, weight=1.0, loss=loss, streams=("stream",) * len(term.streams))


_known: dict[str, object] = {}


def _once(count: Callable, of: Architecture, *how, **more):
    """What is counted for several jobs is counted once."""
    key = repr((count.__name__, of.name, of.picture, how, more))
    if key not in _known:
        _known[key] = count(of, *how, **more)
    return _known[key]
