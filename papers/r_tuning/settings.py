"""The settings of one scale of R-Tuning (`scales:` in paper.yaml), checked."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from shared.data.fetch.wanted import SourceFiles, Wanted
from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings, Strict
from shared.training.settings import Training

Protocol = Literal["official", "corrected"]
Method = Literal["vanilla", "r-tuning", "r-tuning-r", "r-tuning-u", "min-loss"]

# Names in tables and figures, as the paper writes them.
METHOD_NAMES: dict[str, str] = {
    "vanilla": "Vanilla",
    "r-tuning": "R-Tuning",
    "r-tuning-r": "R-Tuning-R",
    "r-tuning-u": "R-Tuning-U",
    "min-loss": "Min-loss",
}


class Task(Strict):
    """One set to train on and its two test sets; sizes in questions, None for all there are."""

    source: Literal["facts", "pararel", "mmlu"]
    train: int | None = None
    id_test: int | None = None
    ood_test: int | None = None

    @property
    def is_choice(self) -> bool:
        """Multiple choice: one letter is picked instead of a text written."""
        return self.source == "mmlu"


class Variant(Strict):
    """One way to fine-tune, trained once for each task and seed."""

    method: Method
    protocol: Protocol = "corrected"
    seeds: list[int] = Field(min_length=1)
    tasks: list[str] | None = None  # None: every task
    sampled: list[int] = []  # seeds that also answer by the majority of k samples (Vanilla-C)
    checks_answers_of: str | None = None  # also score that variant's majority answers (Vanilla-U)

    def trained_by(self) -> str:
        """What of this decides the trained weights, as a rule records it."""
        return f"{self.method} {self.protocol}"


class Settings(ScaleSettings):
    model: ModelSpec
    mirror: str | None = None  # folder of benchmark rows; None: REPLICATIONS_MIRROR
    data_seed: int = 0
    tasks: dict[str, Task] = Field(min_length=1)
    unanswerable: dict[Literal["invented", "falseqa", "nec", "selfaware"], int | None] = {}
    block: int = Field(gt=0)  # tokens a packed block of the official protocol
    prompt: str  # with {question}; what follows is the answer
    answer_tokens: int = Field(gt=0)  # limit of a tuned model's answer, which ends at a full stop
    base_answer_tokens: int = Field(gt=0)  # limit for the model before tuning, and for refusals
    samples: int = Field(gt=0)  # k of R-Tuning-U and Vanilla-C
    temperature: float = Field(gt=0)
    variants: dict[str, Variant]
    training: Training
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(gt=0)  # of evaluation, in tokens

    @field_validator("prompt")
    @classmethod
    def _has_question(cls, prompt: str) -> str:
        if "{question}" not in prompt:
            raise ValueError("needs {question}")
        return prompt

    @model_validator(mode="after")
    def _known_tasks(self) -> "Settings":
        for name, variant in self.variants.items():
            if unknown := set(variant.tasks or []) - set(self.tasks):
                known = ", ".join(self.tasks)
                raise ValueError(f"variant {name}: unknown task {unknown}; tasks: {known}")
            other = variant.checks_answers_of
            if other and not (other in self.variants and self.variants[other].sampled):
                raise ValueError(f"variant {name}: {other} is not a variant with `sampled` seeds")
        return self

    def downloads(self) -> list[Wanted]:
        named = {"pararel": ["pararel"], "mmlu": ["mmlu", "mmlu_test"]}
        read = [source for task in self.tasks.values() for source in named.get(task.source, [])]
        read += [source for source in self.unanswerable if source != "invented"]
        return [*super().downloads(), *(SourceFiles(source) for source in read)]

    def runs(self) -> list[tuple[str, str, int]]:
        """(task, variant, seed) of every model to be trained."""
        return [
            (task, name, seed)
            for name, variant in self.variants.items()
            for task in variant.tasks or self.tasks
            for seed in variant.seeds
        ]
