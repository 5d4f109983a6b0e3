"""What the jobs of a paper hold in memory and work through, as its `memory.py` says it. No torch
here.

A job goes through stages, and at each it holds one or several models. `papers/<id>/memory.py` has a
function `jobs(settings)` that gives the jobs of one model of a scale. Lengths are in tokens, those
of a picture included, and the longest that a job meets: what it needs is counted for a full batch.
How long it takes is counted for all that it works through (`shared.planning.plan.hours`): so many
examples, prompts or texts, of so many tokens in the mean. 0 is what is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.models.spec import Made, ModelSpec, is_endpoint
from shared.settings import Precision
from shared.training.settings import Reinforcement, Training

if TYPE_CHECKING:
    from shared.losses.unlearning import Term

JUDGED = 256  # tokens of a verdict at most
BATCH_SIZE, BATCH_TOKENS = 64, 16_384  # of a judge that is not told, as `open_chat` has them


@dataclass(frozen=True)
class Learns:
    """Fine-tuning (`shared.training.supervised`); with terms, unlearning.

    length: of a sequence; picture: of them, those of a picture. learnt: tokens of it that have
    logits at most; None: all but the picture's.
    new_tokens: rows of the embeddings that are trained beside adapters. terms: those of the loss;
    each stream has a sequence of this length. examples: of an epoch; mean: tokens of one.
    """

    model: ModelSpec | Made
    training: Training
    length: int
    picture: int = 0
    learnt: int | None = None
    new_tokens: int = 0
    terms: tuple["Term", ...] = ()
    examples: int = 0
    mean: int = 0


@dataclass(frozen=True)
class Reinforces:
    """GRPO (`shared.training.reinforcement`). prompt: the longest."""

    model: ModelSpec | Made
    reinforcement: Reinforcement
    prompt: int
    picture: int = 0


@dataclass(frozen=True)
class Writes:
    """Replies, or answers of one token, to prompts in batches (`shared.generation.prompts`).

    reply, prompt: tokens of each, picture: of a prompt's picture. prompt None: as long as the most
    rows that a batch may have leave room for. No other batch has more in its cache at the end.
    prompts: how many, repetitions included; mean: tokens of one.
    """

    model: ModelSpec | Made
    reply: int
    batch_size: int
    batch_tokens: int
    prompt: int | None = None
    picture: int = 0
    precision: Precision = "fp32"
    prompts: int = 0
    mean: int = 0


@dataclass(frozen=True)
class Reads:
    """Likelihood of texts: logits of every token of a batch, which has at most so many tokens.
    rows: as a rectangle of so many rows, padding and all (lm-evaluation-harness). texts: how many;
    mean: tokens of one."""

    model: ModelSpec | Made
    tokens: int
    rows: int = 1
    precision: Precision = "fp32"
    texts: int = 0
    mean: int = 0


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


def judging(
    judges: Sequence[str],
    precision: Precision,
    batch_size: int = BATCH_SIZE,
    batch_tokens: int = BATCH_TOKENS,
) -> list[Writes]:
    """What those of the judges hold that are language models with weights here."""
    named = [judge.partition(":")[2] for judge in judges if judge.startswith(("llm:", "rubric:"))]
    return [
        Writes(model, JUDGED, batch_size, batch_tokens, precision=precision)
        for model in named
        if not is_endpoint(model)
    ]
