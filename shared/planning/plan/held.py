"""What the jobs of a paper hold in memory, as its `memory.py` says it. No torch here.

A job goes through stages, and at each it holds one or several models. `papers/<id>/memory.py` has a
function `jobs(settings)` that gives the jobs of one model of a scale. Lengths are in tokens, those
of a picture included, and the longest that a job meets: what it needs is counted for a full batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.models.spec import ModelSpec, SmallVlm
from shared.training.settings import Reinforcement, Training

if TYPE_CHECKING:
    from shared.losses.unlearning import Term

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Learns:
    """Fine-tuning (`shared.training.supervised`); with terms, unlearning.

    length: of a sequence. learnt: tokens of it that have logits at most; None: all but a picture's.
    new_tokens: rows of the embeddings that are trained beside adapters. terms: those of the loss;
    each stream has a sequence of this length. loaded: in which precision.
    """

    model: ModelSpec | SmallVlm
    training: Training
    length: int
    learnt: int | None = None
    new_tokens: int = 0
    terms: tuple["Term", ...] = ()
    loaded: Precision = "fp32"


@dataclass(frozen=True)
class Reinforces:
    """GRPO (`shared.training.reinforcement`). prompt: the longest. again: whether what the KL term
    compares with is a model of its own."""

    model: ModelSpec | SmallVlm
    reinforcement: Reinforcement
    prompt: int
    loaded: Precision = "fp32"


@dataclass(frozen=True)
class Writes:
    """Replies, or answers of one token, to prompts in batches (`shared.generation.prompts`).

    reply: tokens. prompt: the longest; None: as long as leaves a batch full and has the most rows,
    of which there is none with a larger cache.
    """

    model: ModelSpec | SmallVlm
    reply: int
    batch_size: int
    batch_tokens: int
    prompt: int | None = None
    precision: Precision = "fp32"


@dataclass(frozen=True)
class Reads:
    """Likelihood of texts: logits of every token of a batch, which has at most so many tokens.
    rows: as a rectangle of so many rows, padding and all (lm-evaluation-harness)."""

    model: ModelSpec | SmallVlm
    tokens: int
    rows: int = 1
    precision: Precision = "fp32"


Held = Learns | Reinforces | Writes | Reads


@dataclass(frozen=True)
class Job:
    """The jobs of a rule that differ in nothing but seed or task.

    stages: what is held at once, one after another. train: it has the resources of a training.
    host_gb: data in main memory beside the weights.
    """

    rule: str
    stages: Sequence[Sequence[Held]]
    variant: str = ""
    train: bool = False
    host_gb: float = 0.0
