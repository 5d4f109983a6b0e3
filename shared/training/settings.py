"""Settings of a fine-tuning run. No torch here: rules read them too."""

from typing import Literal

from pydantic import Field

from shared.settings import Precision, Strict


class Lora(Strict):
    """Low-rank adapters (Hu et al. 2022). `first_layer`: layers below it stay as they are, so
    the backward pass ends there, and in several epochs on a CPU they are run once a text.

    `new_rows`: where new tokens have trained rows. With `output`, they are read as they began, so
    that the backward pass ends at the first adapter; where the model has one table for both, its
    output gets a copy."""

    rank: int = Field(gt=0)
    alpha: int = Field(gt=0)
    first_layer: int = Field(0, ge=0)
    targets: list[str] = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]  # fmt: skip
    new_rows: Literal["both", "output"] = "both"
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
    precision: Precision = "fp32"  # of computing; what is trained is kept in fp32 beside it
    max_tokens_per_device: int = Field(4096, gt=0)
    # Compute activations again in the backward pass rather than keep them: a layer then holds its
    # input alone, and a step takes about a third longer. It changes no result.
    activation_checkpointing: bool = False
    # Batches of sequences of about one length, for less padding. Still drawn anew each epoch, but
    # the order is another one, and with it the result.
    group_by_length: bool = False
    checkpoint_seconds: float = Field(15, ge=0)  # what a killed job loses at most


class Reinforcement(Strict):
    """GRPO (Shao et al. 2024): each step draws `generations` completions of each of
    `prompts_per_step` prompts and compares them within their group. The first update of Adam moves
    every weight by the whole learning rate, whatever the gradient: `warmup_steps` begin with less.

    loss: how tokens are weighed. `grpo`: the mean over a completion's tokens, then over
    completions; `dapo`: the mean over all tokens of a step; `dr_grpo`: their sum, over a constant
    (the completions times `max_new_tokens`).

    `completions_per_device`, `written_per_device` and `activation_checkpointing` are about memory
    alone: how many completions a device learns from at once, how many it writes at once (None: its
    whole part of a step), and whether activations are computed again in the backward pass rather
    than kept.
    """

    steps: int = Field(gt=0)
    prompts_per_step: int = Field(gt=0)
    generations: int = Field(gt=1)
    max_new_tokens: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    temperature: float = Field(1.0, gt=0)
    kl: float = Field(0.0, ge=0)  # weight of the divergence from the model at the start
    loss: Literal["grpo", "dapo", "dr_grpo"] = "dapo"
    schedule: Literal["linear", "cosine", "constant"] = "constant"
    warmup_steps: int = Field(0, ge=0)
    keep_best: bool = False  # the weights of the step with the highest reward, not the last ones
    lora: Lora | None = None  # of a model without adapters; None: full fine-tuning
    precision: Precision = "fp32"  # of computing; what is trained is kept in fp32 beside it
    completions_per_device: int = Field(64, gt=0)
    written_per_device: int | None = Field(None, gt=0)
    # vLLM writes the completions, on the GPUs of the training and asleep while these learn: faster,
    # with weights of its own in between. It draws other completions than Transformers does.
    use_vllm: bool = False
    activation_checkpointing: bool = False
    checkpoint_seconds: float = Field(60, ge=0)


class EncoderTraining(Strict):
    """Of an image encoder, by `shared.training.image_encoder`."""

    epochs: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    batch_size: int = Field(gt=0)  # pictures
