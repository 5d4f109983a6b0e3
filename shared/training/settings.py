"""Settings of a fine-tuning run. No torch here: rules read them too."""

from typing import Literal

from pydantic import Field

from shared.settings import Strict


class Lora(Strict):
    """Low-rank adapters (Hu et al. 2022). `first_layer`: layers below it stay as they are, so
    the backward pass ends there."""

    rank: int = Field(gt=0)
    alpha: int = Field(gt=0)
    first_layer: int = Field(0, ge=0)
    targets: list[str] = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]  # fmt: skip
    in_full: list[str] = []  # modules trained in full beside them, such as LLaVA's projector


class Training(Strict):
    """`effective_batch_size` is the only batch setting: sequences per optimiser step, whatever
    the number of devices. Accumulation follows from `max_tokens_per_device`, which is about
    memory and never changes the result."""

    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0)
    effective_batch_size: int = Field(gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup_ratio: float = Field(0.0, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_length: int = Field(gt=0)
    lora: Lora | None = None  # None: full fine-tuning
    frozen: list[str] = []  # weights with any of these in their name stay as they are
    precision: Literal["fp32", "bf16"] = "fp32"
    max_tokens_per_device: int = Field(4096, gt=0)
    checkpoint_seconds: float = Field(15, ge=0)  # what a killed job loses at most
