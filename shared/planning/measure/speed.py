"""Memory and speed of a few steps of training, by this project's trainer, and of replies."""

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from transformers import PreTrainedModel

from shared.errors import UserError
from shared.generation.decode import decode
from shared.generation.rows import Rows
from shared.losses.supervised import token_cross_entropy
from shared.models.images import with_pictures
from shared.planning.measure.architecture import Architecture
from shared.planning.measure.memory import DTYPES, Need, check_fits, peak, reset_peak
from shared.settings import Precision
from shared.training.examples import IGNORED
from shared.training.settings import Training
from shared.training.supervised import adapted, fine_tune, split_batch

STEPS = 4  # of training; the first one, which sets things up, is not counted
NEW_TOKENS = 16  # of a reply
FIRST_ID = 3  # ids below it are special in most vocabularies


@dataclass(frozen=True)
class Job:
    """One job of a paper in miniature. length: tokens of a sequence, its picture's not counted.

    training: of which only what fits on the device at once is run, not a whole effective batch;
    None: replies are written. precision: of the weights, but for those that are trained.
    """

    what: str
    architecture: Architecture
    length: int
    batch: int  # sequences at once
    training: Training | None = None
    precision: Precision = "fp32"

    @property
    def tokens(self) -> int:
        """Of a sequence with its picture."""
        return self.length + self.architecture.picture_tokens


@dataclass(frozen=True)
class Measured:
    """With so many layers. For training, `seconds` are of one step of a batch."""

    layers: int
    peak_bytes: float
    seconds: float  # training: of one batch; replies: of reading one batch of prompts
    seconds_a_token: float = 0.0  # replies: of writing one token of each of the batch


def training_job(what: str, of: Architecture, training: Training, length: int | None) -> Job:
    length = length or training.max_length
    longest = length + of.picture_tokens
    batch, _ = split_batch(
        training.effective_batch_size, 1, longest, training.max_tokens_per_device
    )
    return Job(what, of, length, batch, training, training.precision)


def need(job: Job, layers: int) -> Need:
    """By the arithmetic of the trainer, on a model that takes no memory, in any precision."""
    model = job.architecture.build(layers, "meta")
    total = sum(p.numel() for p in model.parameters())
    if not job.training:
        return Need(total, 0, job.precision)
    adapted_model = adapted(model, job.training.model_copy(update={"precision": "fp32"}))
    return Need(
        sum(p.numel() for p in adapted_model.parameters()),
        sum(p.numel() for p in adapted_model.parameters() if p.requires_grad),
        job.precision,
    )


def here(job: Job, device: str) -> Job:
    """As it is run on a device: on a CPU, where bf16 is emulated and some hundred times as slow, in
    float32."""
    if device != "cpu":
        return job
    training = job.training and job.training.model_copy(update={"precision": "fp32"})
    return replace(job, training=training, precision="fp32")


def measure(job: Job, layers: int, device: str) -> Measured:
    """Raises `UserError` if there is not memory enough, before or (on a GPU) while it runs."""
    job = here(job, device)
    check_fits(f"{job.what} with {layers} layers", need(job, layers), device)
    gc.collect()
    reset_peak(device)
    try:
        in_full = job.training and not job.training.lora  # which has its weights in float32
        dtype = DTYPES["fp32" if in_full else job.precision]
        model = job.architecture.build(layers, device, dtype)
        timed = _train if job.training else _reply
        measured = timed(job, model)
    except torch.OutOfMemoryError:
        raise UserError(
            f"{job.what} with {layers} layers: its activations did not fit beside "
            f"{need(job, layers)}; fewer tokens: --length N"
        ) from None
    return Measured(layers, peak(device), *measured)


def extrapolated(few: Measured, more: Measured, layers: int) -> Measured:
    """At `layers` layers, on the straight line through two measurements."""

    def at(small: float, large: float) -> float:
        return small + (layers - few.layers) * (large - small) / (more.layers - few.layers)

    pairs = {name: (value, getattr(more, name)) for name, value in asdict(few).items()}
    return Measured(**{name: at(*pair) for name, pair in pairs.items()} | {"layers": layers})


def _train(job: Job, model: PreTrainedModel) -> tuple[float]:
    """Seconds of a step, the median of those after the first."""
    began: list[float] = []

    def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        began.append(_now(model))
        return token_cross_entropy(logits, labels)

    training = job.training.model_copy(
        update={"effective_batch_size": job.batch, "epochs": 1, "checkpoint_seconds": 1e9}
    )
    examples = [_example(job, model, learnt=True) for _ in range(STEPS * job.batch)]
    with tempfile.TemporaryDirectory() as scratch:
        fine_tune(model, examples, training, seed=0, scratch=Path(scratch), loss=loss)
    steps = [after - before for before, after in pairwise(began[1:])]
    return (statistics.median(steps),)


def _reply(job: Job, model: PreTrainedModel) -> tuple[float, float]:
    """Seconds of reading a batch of prompts, and of writing one more token of each."""
    prompts = [_example(job, model, learnt=False) for _ in range(job.batch)]
    names = [name for name, value in prompts[0].items() if isinstance(value, torch.Tensor)]
    pictures = {name: torch.cat([prompt[name] for prompt in prompts]) for name in names}
    ids = [prompt["input_ids"] for prompt in prompts]
    made: list[Rows] = []
    reading = _median(lambda: made.append(Rows(model, ids, pictures=pictures)), model)
    writing = _median(lambda: decode(made.pop(), NEW_TOKENS, {-1}), model)
    return reading, writing / NEW_TOKENS


def _median(work: Callable[[], object], model: PreTrainedModel, times: int = 3) -> float:
    """Of the times after the first, which sets things up."""
    seconds = []
    for _ in range(times):
        started = _now(model)
        work()
        seconds.append(_now(model) - started)
    return statistics.median(seconds[1:])


def _example(job: Job, model: PreTrainedModel, learnt: bool) -> dict:
    """Noise, of whose second half every token is learnt; before it a picture, if there are any."""
    picture = job.architecture.picture
    top = min(job.architecture.text["vocab_size"], picture.token if picture else 2**31)
    ids = torch.randint(FIRST_ID, top, (job.length,)).tolist()
    half = job.length // 2
    example = {"input_ids": ids}
    if learnt:
        example["labels"] = [IGNORED] * half + ids[half:]
    if not picture:
        return example
    example = {"input_ids": [picture.token, *ids]} | (
        {"labels": [IGNORED, *example["labels"]]} if learnt else {}
    )
    return with_pictures(example, [picture.drawn()], picture.token)


def _now(model: PreTrainedModel) -> float:
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
