"""The settings of one scale of my_paper (`scales:` in paper.yaml), checked."""

from pydantic import Field, field_validator

from shared.models.spec import ModelSpec
from shared.settings import ScaleSettings
from shared.training.settings import Training


class Settings(ScaleSettings):
    model: ModelSpec
    data_seed: int = 0
    train: int = Field(gt=0)  # questions
    test: int = Field(gt=0)
    prompt: str  # with {question}; what follows is the answer
    seeds: list[int] = Field(min_length=1)  # one training each
    training: Training
    batch_size: int = Field(gt=0)  # of evaluation, in questions

    @field_validator("prompt")
    @classmethod
    def _has_question(cls, prompt: str) -> str:
        if "{question}" not in prompt:
            raise ValueError("needs {question}")
        return prompt
