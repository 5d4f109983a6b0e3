"""The settings of one scale of R-Tuning (`scales:` in paper.yaml), checked."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from papers.r_tuning.methods import METHODS
from shared.data.fetch.wanted import SourceFiles, Wanted, pinned
from shared.models.spec import ModelSpec
from shared.settings import ProtocolName, ScaleSettings, Strict
from shared.training.settings import Training

BASE_VARIANT = "base"  # the model before tuning


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

    method: Literal[*METHODS]
    protocol: ProtocolName = "corrected"
    seeds: list[int] = Field(min_length=1)
    tasks: list[str] | None = None  # None: every task
    sampled: list[int] = []  # seeds that also answer by the majority of k samples (Vanilla-C)
    checks_answers_of: str | None = None  # also score that variant's majority answers (Vanilla-U)

    @property
    def learns_what_it_knew(self) -> bool:
        """Whether its training asks first what the model knows (Vanilla learns every answer)."""
        return METHODS[self.method].certain != "all"


class Settings(ScaleSettings):
    UNTRAINED: ClassVar = (BASE_VARIANT,)

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
        return [*pinned(self.model_dump_json()), *(SourceFiles(source) for source in read)]

    def runs(self) -> list[tuple[str, str, int]]:
        """(task, variant, seed) of every model to be trained."""
        return [
            (task, name, seed)
            for name, variant in self.variants.items()
            for task in variant.tasks or self.tasks
            for seed in variant.seeds
        ]

    def scores(self) -> list[str]:
        tuned = [f"{task}/{variant}-s{seed}" for task, variant, seed in self.runs()]
        return [*tuned, *(f"{task}/{BASE_VARIANT}" for task in self.tasks)]

    @property
    def measures_entropy(self) -> bool:
        """Whether the model before tuning samples answers, to tell what it is uncertain of."""
        return any(METHODS[v.method].certain == "low entropy" for v in self.variants.values())
