"""The settings of one scale of CenterBench (`scales:` in paper.yaml), checked."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from papers.center_bench.grammar import LEVELS
from papers.center_bench.questions import TYPES
from shared.chat.calls import Calls, endpoints
from shared.chat.settings import Asked, Concurrency
from shared.data.fetch.wanted import SourceFiles, Wanted, pinned
from shared.models.spec import ModelSpec, SmallLm, made_in
from shared.settings import Engine, ScaleSettings, Strict
from shared.training.settings import Training

Solver = Literal["oracle", "nearest-verb", "plausibility"]
Source = Literal["Generated", "CenterBench"]
PUBLISHED_SENTENCES = 30  # of each level and subset
PROMPT_TOKENS = 340  # about: the instruction 275, sentence and question 65
THOUGHTS = 16_000  # tokens, of the released code
SUBSETS: dict[Source, tuple[str, ...]] = {
    "CenterBench": ("plausible", "implausible"),
    "Generated": ("plausible", "implausible", "matched"),
}


class Part(Strict):
    """What is asked of one source."""

    sentences: int = Field(gt=0)  # the first so many of each level and subset
    middle_only: bool  # only about the noun in the centre


class Variant(Strict):
    """One way in which a model is asked: thinking or not."""

    # What thinks may be another service of the same family. No weights: rules wait for those of
    # the model alone.
    model: Annotated[str, StringConstraints(pattern="^api:.")] | None = None
    thinking: bool | None = None  # None: as the model does by itself
    body: dict = {}  # further fields of an endpoint's requests
    prices: tuple[float, float] | None = None  # None: those of the model


class Reader(Strict):
    """What a small model learns to read from, see `lessons`."""

    plausible: float = Field(ge=0, le=1)  # share of the sentences; the others are implausible
    levels: list[int] = Field(min_length=1)
    lessons: int = Field(gt=0)
    questions: int = Field(gt=0, le=2 * len(TYPES))  # of a lesson, one after another
    thinking: float = Field(ge=0, le=1)  # share of the lessons that begin with thoughts
    training: Training


class Settings(ScaleSettings):
    CHATS = True

    model: ModelSpec | SmallLm  # a small one is trained here, and knows the words of ours alone
    reader: Reader | None = None  # how
    seeds: list[int] = [0]  # of its training
    engine: Engine = "transformers"  # see `Asked`
    prices: tuple[float, float] | None = None  # of a million prompt and reply tokens
    most_dollars: float | None = Field(None, ge=0)  # that asking one variant may cost
    may_be_gone: bool = False  # see `Asked`
    concurrency: Concurrency = 8
    variants: dict[str, Variant] = Field(min_length=1)
    thinking_tokens: int = Field(THOUGHTS, gt=0)  # that a model may write before it answers
    solvers: list[Solver] = []  # that need no model
    mirror: str | None = None  # folder of the released files; None: REPLICATIONS_MIRROR
    official: Literal["required", "if reachable", "no"]  # whether the released files are read
    data_seed: int = 0
    # generated of each level and subset; the words of level 1 would run out some day
    sentences: int = Field(gt=0, le=1000)
    asked: dict[Source, Part] = Field(min_length=1)
    max_new_tokens: int = Field(gt=0)  # of a reply, thoughts not counted
    batch_size: int = Field(gt=0)  # of a model that runs here, in conversations
    batch_tokens: int = Field(gt=0)
    similarity: float = Field(0.9, gt=0, le=1)  # cosine at which the official scorer accepts

    def downloads(self) -> list[Wanted]:
        official = [] if self.official == "no" else [SourceFiles("center_bench")]
        return [*pinned(self.model_dump_json()), *official]

    def calls(self) -> list[Calls]:
        if self.small:
            return []
        return [
            Calls(
                name,
                f"replies of {self.name}, {way}",
                self.replies(),
                tokens=(
                    PROMPT_TOKENS,
                    self.max_new_tokens + self.thinking_tokens * bool(variant.thinking),
                ),
                prices=variant.prices or self.prices,
            )
            for way, variant in self.variants.items()
            for name in endpoints(self.asked_as(variant).model_dump_json())
        ]

    def replies(self) -> int:
        """How many replies each variant of a model is asked for."""
        return sum(
            part.sentences
            * len(SUBSETS[source])
            * (1 if part.middle_only else level + 1)
            * len(TYPES)
            for source, part in self.questions.items()
            for level in LEVELS
        )

    @property
    def small(self) -> bool:
        return isinstance(self.model, SmallLm)

    @property
    def questions(self) -> dict[Source, Part]:
        """What this model is asked: a small one has words for the generated sentences alone."""
        return {
            source: part
            for source, part in self.asked.items()
            if source == "Generated" or not self.small
        }

    def asked_as(self, variant: Variant, trained: Path | None = None) -> Asked:
        return Asked(
            model=made_in(trained, variant.model or self.model),
            thinking_tokens=self.thinking_tokens,
            engine=self.engine,
            thinking=variant.thinking,
            body=variant.body,
            prices=variant.prices or self.prices,
            most_dollars=self.most_dollars,
            may_be_gone=self.may_be_gone,
            concurrency=self.concurrency,
        )

    def runs(self, variant: str) -> dict[int, str]:
        """Score files of a variant by seed; one of seed 0 where nothing is trained here."""
        return {seed: f"{variant}-s{seed}" for seed in self.seeds} if self.small else {0: variant}

    def scores(self) -> list[str]:
        return [name for variant in self.variants for name in self.runs(variant).values()]

    def common_scores(self) -> list[str]:
        return [*self.solvers, "scorer_audit", "official_data"]

    def misfit(self) -> str | None:
        others = {name: each.model for name, each in self.variants.items() if each.model}
        return next((f"variants.{name} asks {model}" for name, model in others.items()), None)

    @model_validator(mode="before")
    @classmethod
    def _own_in_place_of_a_reader(cls, values: dict) -> dict:
        """A model of the user's own is not trained, and thinks as it does by itself."""
        if values.get("reader") and isinstance(values.get("model"), str):
            of_reader = ("reader", "seeds", "thinking_tokens")
            values = {name: each for name, each in values.items() if name not in of_reader}
            values["variants"] = {"plain": {}}
        return values

    @model_validator(mode="after")
    def _there_to_be_asked(self) -> "Settings":
        there = {"Generated": self.sentences, "CenterBench": PUBLISHED_SENTENCES}
        for source, part in self.asked.items():
            if part.sentences > there[source]:
                raise ValueError(
                    f"asked.{source}.sentences: found {part.sentences}, expected at most "
                    f"{there[source]}"
                )
        if self.small and not (self.reader and "Generated" in self.asked):
            raise ValueError("model: a small one needs `reader`, and Generated under `asked`")
        if "CenterBench" in self.asked and self.official == "no":
            raise ValueError("asked.CenterBench: expected none, as official is no")
        return self
