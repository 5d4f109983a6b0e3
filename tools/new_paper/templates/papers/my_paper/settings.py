"""The settings of one scale of my_paper (`scales:` in paper.yaml), checked."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings
from shared.training.settings import Training


class Settings(ScaleSettings):
    UNTRAINED: ClassVar = ("base",)  # asked as the trained models are
    model: ModelSpec
    data_seed: int = 0
    sizes: dict[Literal["train", "test"], int]  # questions
    prompt: str = Field(pattern=r"\{question\}")  # what follows is the answer
    seeds: list[int] = Field(min_length=1)  # one training each
    training: Training

    def scores(self) -> list[str]:
        return ["base-s0", *(f"tuned-s{seed}" for seed in self.seeds)]
