"""The settings of one scale of R-Tuning (`scales:` in paper.yaml), checked."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from papers.r_tuning.methods import METHODS
from shared.chat.calls import Calls, endpoints
from shared.chat.settings import Asked
from shared.data.fetch.wanted import SourceFiles, Wanted, pinned
from shared.models.spec import ModelSpec, SmallLm, check_made
from shared.settings import ProtocolName, ScaleSettings, Strict
from shared.settings.templates import check_fields
from shared.training.settings import Training

ASKED = "asked"  # the answers of another model
BASE_VARIANT = "base"  # the model before tuning
# The public sets that a task reads.
SOURCES = {"pararel": ("pararel",), "mmlu": ("mmlu", "mmlu_test")}
SOURCES["multi"] = (*SOURCES["pararel"], *SOURCES["mmlu"], "wice", "hotpotqa", "fever", "halueval")

QUESTION_TOKENS = 150  # about, of a question with its passage, if it has one
# Training questions of the published files (Table 6).
ROWS = {"pararel": 5575, "mmlu": 2448, "wice": 3470, "hotpotqa": 10_000, "fever": 10_000}


class Task(Strict):
    """One set to train on and its two test sets; or five with six (multi). Sizes are questions of
    each set, None for all there are."""

    source: Literal["facts", "pararel", "mmlu", "multi"]
    train: int | None = None
    id_test: int | None = None
    ood_test: int | None = None

    @property
    def is_free(self) -> bool:
        """A text is written to every question, and none is given with it."""
        return self.source in ("facts", "pararel")


class Asker(Asked):
    """A model that answers the training questions of a task several times (Tables 5 and 11)."""

    task: str
    samples: int = Field(gt=0)
    temperature: float = Field(gt=0)
    reply_tokens: int = Field(gt=0)


class Packed(Strict):
    """The official protocol joins its texts and cuts them into blocks."""

    block: int = Field(gt=0)  # tokens
    batch: int = Field(gt=0)  # blocks an optimiser step


class Reading(Strict):
    """What a small model reads before anything is asked of it (pretrain.py): every question of the
    tasks with its answer, as often as one of `times` says. They are dealt out evenly, so that the
    model knows a part of what it is asked."""

    times: list[int] = Field(min_length=1)
    training: Training


class Variant(Strict):
    """One way to fine-tune, trained once for each task and seed."""

    method: Literal[*METHODS]
    protocol: ProtocolName = "corrected"
    seeds: list[int] = Field(min_length=1)
    tasks: list[str] | None = None  # None: every task
    sampled: list[int] = []  # seeds that also answer by the majority of k samples (Vanilla-C)
    checks_answers_of: str | None = None  # also score that variant's majority answers (Vanilla-U)

    @model_validator(mode="after")
    def _samples_of_what_is_trained(self) -> "Variant":
        if missing := set(self.sampled) - set(self.seeds):
            raise ValueError(f"sampled: {min(missing)} is none of its seeds")
        return self

    @property
    def learns_what_it_knew(self) -> bool:
        """Whether its training asks first what the model knows (Vanilla learns every answer)."""
        return METHODS[self.method].certain != "all"


class Settings(ScaleSettings):
    UNTRAINED: ClassVar = (BASE_VARIANT,)

    model: ModelSpec | SmallLm
    reading: Reading | None = None  # of a small model, which is made here from nothing
    mirror: str | None = None  # folder of benchmark rows; None: REPLICATIONS_MIRROR
    data_seed: int = 0
    tasks: dict[str, Task] = Field(min_length=1)
    unanswerable: dict[Literal["invented", "falseqa", "nec", "selfaware"], int | None] = {}
    packed: Packed
    prompt: str  # with {question}; what follows is the answer
    answer_tokens: int = Field(gt=0)  # limit of an answer, which ends at a full stop
    passage_answer_tokens: int = Field(gt=0)  # the same of an answer about a given text
    identify_tokens: int = Field(gt=0)  # the same where it is asked what a model knew before tuning
    samples: int = Field(gt=0)  # k of R-Tuning-U and Vanilla-C
    temperature: float = Field(gt=0)
    variants: dict[str, Variant]
    asker: Asker | None = None
    training: Training
    batch_size: int = Field(gt=0)  # of evaluation, in questions
    batch_tokens: int = Field(gt=0)  # of evaluation, in tokens

    @field_validator("prompt")
    @classmethod
    def _has_question(cls, prompt: str) -> str:
        return check_fields(prompt, "question")

    @model_validator(mode="after")
    def _reads_if_small(self) -> "Settings":
        check_made(self.model, self.reading, "reading")
        return self

    @model_validator(mode="after")
    def _known_tasks(self) -> "Settings":
        if self.asker and self.asker.task not in self.tasks:
            known = ", ".join(self.tasks)
            raise ValueError(f"asker: unknown task {self.asker.task}; tasks: {known}")
        for name, variant in self.variants.items():
            if unknown := set(variant.tasks or []) - set(self.tasks):
                known = ", ".join(self.tasks)
                raise ValueError(f"variant {name}: unknown task {unknown}; tasks: {known}")
            other = variant.checks_answers_of
            if other and not (other in self.variants and self.variants[other].sampled):
                raise ValueError(f"variant {name}: {other} is not a variant with `sampled` seeds")
        return self

    def downloads(self) -> list[Wanted]:
        read = [source for task in self.tasks.values() for source in SOURCES.get(task.source, ())]
        read += [source for source in self.unanswerable if source != "invented"]
        files = map(SourceFiles, dict.fromkeys(read))
        return [*pinned(self.model_dump_json()), *files]

    def calls(self) -> list[Calls]:
        if not self.asker:
            return []
        what = f"{self.asker.samples} answers to each training question of {self.asker.task}"
        named = endpoints(self.asker.model_dump_json(include={"model"}))
        task = self.tasks[self.asker.task]
        sizes = [ROWS[source] for source in SOURCES.get(task.source, ()) if source in ROWS]
        most = self.asker.samples * sum(min(size, task.train or size) for size in sizes) or None
        tokens = (QUESTION_TOKENS, self.asker.reply_tokens)
        prices = self.asker.prices
        return [Calls(n, what, most, once=True, tokens=tokens, prices=prices) for n in named]

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

    def common_scores(self) -> list[str]:
        return [ASKED] if self.asker else []

    @property
    def entropy_tasks(self) -> list[str]:
        """Tasks of which it is told by samples what the model is uncertain of before tuning."""
        learn = {n for n, v in self.variants.items() if METHODS[v.method].certain == "low entropy"}
        return list(dict.fromkeys(task for task, name, _ in self.runs() if name in learn))
