"""Supervised fine-tuning on Transformers' `Trainer`, logits only where something is learnt."""

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.utils.data import ConcatDataset, Dataset, Sampler
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from shared.errors import UserError
from shared.losses.supervised import token_cross_entropy
from shared.models.added_tokens import rows_of, train_rows_apart, untie_for
from shared.models.devices import in_bf16, is_first, own_device, world_size
from shared.models.loading import is_adapter, load
from shared.models.spec import ModelSpec
from shared.training.batches import right_padded
from shared.training.checkpoints import TimedCheckpoint, last_checkpoint
from shared.training.examples import IGNORED
from shared.training.progress import report_progress
from shared.training.sampler import EvenSampler, LengthSampler, Order, blank
from shared.training.settings import Lora, Reinforcement, Training
from shared.training.tracking import trackers
from shared.training.trunk import trunk_depth, trunk_of, with_trunk

Loss = Callable[..., torch.Tensor]
VISION = r".*\b(vision_tower|visual)\b.*"  # adapters are for the language model


def split_batch(effective: int, devices: int, longest: int, max_tokens: int) -> tuple[int, int]:
    """Sequences per device and accumulation steps that make up the effective batch.

    `longest` is the length in tokens of the longest sequence, `max_tokens` what a device can
    hold. Raises `UserError` if the batch can't be shared out evenly over the devices.
    """
    if effective % devices:
        raise UserError(
            f"effective_batch_size {effective} can't be shared out over {devices} devices"
        )
    share = effective // devices
    fitting = min(share, max(1, max_tokens // longest))
    per_device = max(size for size in range(1, fitting + 1) if share % size == 0)
    return per_device, share // per_device


def fine_tune(
    model: PreTrainedModel,
    examples: Sequence[dict[str, list[int]]],
    settings: Training,
    *,
    seed: int,
    scratch: Path,
    loss: Loss = token_cross_entropy,
    new_tokens: Sequence[int] = (),
) -> tuple[PreTrainedModel, dict]:
    """Train `model` (float32 master weights) on tokenised examples; returns it and a record.

    examples: dicts of `input_ids` and `labels` (and `others`, for a loss with a second label;
    and, for a vision-language model, the tensors of `shared.models.images.with_pictures`). Each is
    asked for when it is its turn, so they may be made on demand.
    scratch: folder of checkpoints, kept if training is interrupted, resumed from, and deleted
    in the end. It must belong to exactly this training (settings, data and code).
    new_tokens: ids whose rows of the embeddings are trained beside adapters, which leave all other
    rows as they are (full fine-tuning trains them anyway).
    The record holds steps, tokens, tokens_per_second, batch split and the loss curve. Processes
    that `shared.workflow.launch` started share out each batch; the losses are those of one process.
    """
    torch.manual_seed(seed)
    model = adapted(model, settings, new_tokens)
    lengths = [len(example["input_ids"]) for example in examples]
    options = arguments(settings, lengths, seed, scratch)
    started = time.perf_counter()
    if depth := trunk_depth(model, settings, lengths, settings.epochs):
        examples = with_trunk(model, depth, examples, settings.max_tokens_per_device)
    trainer = LabelledTrainer(
        model=model,
        args=options,
        train_dataset=ConcatDataset(
            [examples, [blank(examples[0])]] if world_size() > 1 else [examples]
        ),
        data_collator=right_padded,
        loss=loss,
        order=order_of(settings, lengths),
        trunk=depth,
    )
    return model, run(trainer, settings, sum(lengths), scratch, started)


def adapted(
    model: PreTrainedModel, settings: Training, new_tokens: Sequence[int] = ()
) -> PreTrainedModel:
    """The model with the adapters of the settings, and frozen where they say so. What is trained is
    float32, what is not is never finer than what is computed with."""
    if settings.lora and not isinstance(
        model, PeftModel
    ):  # a second stage goes on with the first's
        config = lora_config(settings.lora, model, new_tokens)
        untie_for(model, config.trainable_token_indices or ())
        model = get_peft_model(model, config)
        train_rows_apart(model)
        model.train()
    for name, parameter in model.named_parameters():
        if any(part in name for part in settings.frozen):
            parameter.requires_grad = False
            if in_bf16(settings.precision):
                parameter.data = parameter.data.bfloat16()
        elif parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


def order_of(settings: Training, lengths: Sequence[int]) -> Order | None:
    """In which order an epoch takes examples of these lengths; None: any."""
    if not settings.group_by_length:
        return None
    return LengthSampler(lengths, settings.effective_batch_size)


def load_to_train(
    spec: ModelSpec,
    settings: Training | Reinforcement,
    *,
    trained: str | Path | None = None,
    **how: object,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer as `shared.models.loading.load` gives them, as little of them as this
    training needs.

    What adapters leave as it is need not be finer than what is computed with: a 13B then takes 26
    GB, not 52. What is trained in full is float32, whatever is computed with. Of processes that
    share out the weights the first one alone reads them.
    """
    adapters = settings.lora or (trained and is_adapter(trained))
    return load(
        spec,
        trained=trained,
        precision=settings.precision if adapters else "fp32",
        sharded=bool(sharding(own_device() == "cuda")),
        **how,
    )


def run(trainer: Trainer, settings: Training, tokens: int, scratch: Path, started: float) -> dict:
    """Train to the end, from the last checkpoint in `scratch` if there is one; the record.

    tokens: of one epoch. started: from when on seconds are counted.
    """
    trainer.add_callback(TimedCheckpoint(settings.checkpoint_seconds))
    report_progress(trainer)
    checkpoint = last_checkpoint(scratch)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = time.perf_counter() - started
    if is_first():
        shutil.rmtree(scratch, ignore_errors=True)
    tokens = round(tokens * settings.epochs)
    return {
        "steps": trainer.state.global_step,
        "tokens": tokens,
        "tokens_per_second": None if checkpoint else round(tokens / seconds, 1),
        "resumed_from_step": int(checkpoint.name.split("-")[1]) if checkpoint else 0,
        "processes": trainer.args.world_size,
        "per_device_batch": trainer.args.per_device_train_batch_size,
        "accumulation": trainer.args.gradient_accumulation_steps,
        "losses": [
            [entry["step"], entry["loss"]] for entry in trainer.state.log_history if "loss" in entry
        ],
    }


def arguments(
    settings: Training, lengths: Sequence[int], seed: int, scratch: Path, held: int | None = None
) -> TrainingArguments:
    """Transformers' arguments for examples of these lengths in tokens. held: what a device holds
    for each example of a batch; None: the longest one."""
    if not lengths:
        raise UserError("training needs at least one example, found none")
    cuda = own_device() == "cuda"
    devices = world_size()
    per_device, accumulation = split_batch(
        settings.effective_batch_size, devices, held or max(lengths), settings.max_tokens_per_device
    )
    steps = math.ceil(len(lengths) / settings.effective_batch_size * settings.epochs)
    return TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(steps * settings.warmup_ratio),
        weight_decay=settings.weight_decay,
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=accumulation,
        seed=seed,
        use_cpu=not cuda,
        bf16=in_bf16(settings.precision),
        tf32=cuda or None,
        optim="adamw_torch_fused" if cuda else "adamw_torch",
        save_strategy="no",  # by time instead: TimedCheckpoint
        **checkpointing(settings.activation_checkpointing),
        **sharding(cuda),
        logging_steps=max(1, steps // 20),
        **trackers(scratch),
        disable_tqdm=not sys.stderr.isatty(),
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def checkpointing(on: bool) -> dict:
    """The arguments of activation checkpointing. Without reentering, a layer whose input needs no
    gradient (adapters on frozen embeddings) learns all the same."""
    return {
        "gradient_checkpointing": on,
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if on else None,
    }


def sharding(cuda: bool) -> dict:
    """The arguments by which several processes share out the weights: FSDP, which accelerate has
    for GPUs. The first process has them all and hands out the parts."""
    config = {
        "cpu_ram_efficient_loading": True,
        "state_dict_type": "SHARDED_STATE_DICT",  # in checkpoints each writes its own part
    }
    return {"fsdp": True, "fsdp_config": config} if cuda and world_size() > 1 else {}


class LabelledTrainer(Trainer):
    """`Trainer` whose model makes logits only where the next token is learnt."""

    def __init__(
        self,
        *arguments: object,
        loss: Loss,
        order: Order | None = None,
        trunk: int = 0,
        **keywords: object,
    ):
        super().__init__(*arguments, **keywords)
        self.loss, self.order, self.trunk = loss, order, trunk
        self.model_accepts_loss_kwargs = True  # the loss is divided by the tokens of all steps

    def _get_train_sampler(self, dataset: Dataset | None = None) -> Sampler:
        if self.args.world_size == 1 and self.order is None:
            return super()._get_train_sampler(dataset)
        processes = self.args.world_size
        together = self.args.per_device_train_batch_size * processes if processes > 1 else 1
        examples = len(self.train_dataset) - (processes > 1)  # the last one is blank
        return EvenSampler(examples, together, lambda: int(self.state.epoch or 0), self.order)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        labels = [inputs.pop(key)[:, 1:] for key in ("labels", "others") if key in inputs]
        learnt = labels[0] != IGNORED
        own = self.accelerator.unwrap_model(model)
        with head_only_at(own, learnt), trunk_of(own, self.trunk, inputs) as inputs:
            logits = model(**inputs, use_cache=False).logits
        total = self.loss(logits.float(), *[label[learnt] for label in labels])
        check_finite(total, self.state.global_step, [total])
        # `Trainer` averages gradients over devices; undo it, the divisor already counts them all
        return total / num_items_in_batch * self.accelerator.num_processes


def check_finite(loss: torch.Tensor, step: int, terms: Sequence[torch.Tensor]) -> None:
    """Raise `UserError` if a loss is no longer a number; `terms` are what it is the sum of."""
    if not torch.isfinite(loss):
        values = ", ".join(f"{float(term.detach()):.3g}" for term in terms)
        raise UserError(
            f"the loss is {float(loss.detach())} at step {step + 1} (terms: {values}); expected a"
            " number: lower the learning rate or train for fewer epochs"
        )


@contextmanager
def head_only_at(model: PreTrainedModel, learnt: torch.Tensor) -> Iterator[None]:
    """Within the block the output layer sees only the positions before learnt tokens.

    learnt: (rows, length - 1) bool. The model then returns logits (learnt tokens, vocabulary).
    The forward pass is otherwise the model's own, so wrappers for several devices still work.
    """

    def choose(module: torch.nn.Module, hidden: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (hidden[0][:, :-1][learnt],)

    handle = model.get_output_embeddings().register_forward_pre_hook(choose)
    try:
        yield
    finally:
        handle.remove()


def lora_config(lora: Lora, model: PreTrainedModel, new_tokens: Sequence[int] = ()) -> LoraConfig:
    """Adapters for a model, and training of the rows of new tokens in its embeddings."""
    layers = model.config.get_text_config().num_hidden_layers
    if lora.first_layer >= layers:
        raise UserError(f"lora.first_layer is {lora.first_layer}, the model has {layers} layers")
    # where both embeddings are one table, peft trains one row for both
    rows = rows_of(model, output_alone=lora.new_rows == "output")
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=lora.targets,
        layers_to_transform=list(range(lora.first_layer, layers)),
        exclude_modules=VISION,
        modules_to_save=lora.in_full or None,
        trainable_token_indices={name: list(new_tokens) for name in rows} if new_tokens else None,
        task_type="CAUSAL_LM",
    )
