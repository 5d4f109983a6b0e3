"""The settings of one scale of CenterBench (`scales:` in paper.yaml), checked."""

from typing import Literal

from pydantic import Field, model_validator

from papers.center_bench.grammar import LEVELS
from papers.center_bench.questions import TYPES
from shared.chat.settings import Panel
from shared.data.fetch.wanted import SourceFiles, Wanted
from shared.settings import Strict

Solver = Literal["oracle", "nearest-verb", "plausibility"]
Source = Literal["Generated", "CenterBench"]
PUBLISHED_SENTENCES = 30  # of each level and subset
SUBSETS: dict[Source, int] = {"Generated": 3, "CenterBench": 2}


class Part(Strict):
    """What is asked of one source."""

    sentences: int = Field(gt=0)  # the first so many of each level and subset
    middle_only: bool  # only about the noun in the centre


class Settings(Panel):
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
        return [*super().downloads(), *official]

    def replies_a_model(self) -> int:
        return sum(
            part.sentences * SUBSETS[source] * (1 if part.middle_only else level + 1) * len(TYPES)
            for source, part in self.asked.items()
            for level in LEVELS
        )

    @model_validator(mode="after")
    def _names(self) -> "Settings":
        if taken := set(self.models) & set(self.solvers):
            raise ValueError(f"models.{min(taken)}: this is the name of a solver")
        if not self.runs() and not self.solvers:
            raise ValueError("nothing to run: expected models, a model or solvers")
        return self

    @model_validator(mode="after")
    def _there_to_be_asked(self) -> "Settings":
        there = {"Generated": self.sentences, "CenterBench": PUBLISHED_SENTENCES}
        for source, part in self.asked.items():
            if part.sentences > there[source]:
                raise ValueError(
                    f"asked.{source}.sentences: found {part.sentences}, expected at most "
                    f"{there[source]}"
                )
        if "CenterBench" in self.asked and self.official == "no":
            raise ValueError("asked.CenterBench: expected none, as official is no")
        return self
