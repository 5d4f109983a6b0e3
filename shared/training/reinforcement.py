"""Reinforcement learning with a reward that is computed: GRPO on TRL's trainer.

A reward is a plain function of prompts and completions. Text models and vision-language models
train alike: what else a prompt has (`image`, a label for the reward) stands in its row.
"""

import importlib.util
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from datasets import Dataset, Image
from peft import PeftModel
from transformers import PreTrainedModel
from trl import GRPOConfig, GRPOTrainer

from shared.errors import UserError
from shared.models.devices import in_bf16, is_first, own_device, world_size
from shared.models.loading import save
from shared.training.best import BestReward
from shared.training.checkpoints import TimedCheckpoint, last_checkpoint
from shared.training.progress import report_progress
from shared.training.settings import Reinforcement
from shared.training.supervised import checkpointing, lora_config, sharding, split_batch
from shared.training.tracking import trackers

# (rows of the prompts, their completions) -> the parts of each reward, by name. A reward is the
# sum of its parts, which are therefore already weighted and the same for every completion; a NaN
# part says that it can't be told.
Reward = Callable[[Sequence[dict], Sequence[str]], Sequence[dict[str, float]]]

REFERENCE = "ref"  # TRL's copy of an adapter at the start, which the KL term compares with

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")


class Tally:
    """A reward as TRL asks for it, which keeps count of what it gave.

    TRL may ask in several turns for the completions of a step, of which this process has `of_step`.

    curve: of each step, the mean reward and the means of its parts (NaN ones left out).
    unscored: completions whose reward is NaN; they don't count in their group.
    flat_groups: groups whose rewards are all the same, from which nothing is learnt.
    """

    __name__ = "reward"  # TRL names a reward by it

    def __init__(self, reward: Reward, generations: int, of_step: int):
        self.reward, self.generations, self.of_step = reward, generations, of_step
        self.curve: list[dict[str, float]] = []
        self._step: list[dict[str, float]] = []  # parts of the rewards of a step so far
        self.completions = self.unscored = self.groups = self.flat_groups = 0

    def __call__(self, prompts: list, completions: list, **columns: list) -> list[float]:
        names = [name for name in columns if isinstance(columns[name], list)]
        rows = [
            {"prompt": prompt, **{name: columns[name][i] for name in names}}
            for i, prompt in enumerate(prompts)
        ]
        parts = list(self.reward(rows, [_text(each) for each in completions]))
        rewards = [math.fsum(each.values()) for each in parts]
        self._count(rewards)
        self._step += [
            {"reward": reward, **each} for reward, each in zip(rewards, parts, strict=True)
        ]
        if len(self._step) >= self.of_step:
            names = dict.fromkeys(name for each in self._step for name in each)
            means = {n: _mean([each[n] for each in self._step if n in each]) for n in names}
            self.curve.append(means)
            self._step = []
        return rewards

    def _count(self, rewards: list[float]) -> None:
        self.completions += len(rewards)
        self.unscored += sum(map(math.isnan, rewards))
        for start in range(0, len(rewards), self.generations):
            scored = [r for r in rewards[start : start + self.generations] if not math.isnan(r)]
            self.groups += 1
            self.flat_groups += len(set(scored)) < 2


def reinforce(
    model: PreTrainedModel | PeftModel,
    processor: object,
    rows: Sequence[dict],
    reward: Reward,
    settings: Reinforcement,
    *,
    seed: int,
    scratch: Path,
) -> tuple[PreTrainedModel, dict]:
    """Train `model` with GRPO; returns it and a record.

    rows: dicts with `prompt` (text, or messages for the chat template) and whatever the reward
    needs; for a vision-language model `image`, the bytes of a picture file. They are taken in their
    order, round and round, and none is left out. A model with adapters goes on training them.
    scratch: as in `shared.training.supervised.fine_tune`. The record has the steps, the curve of
    the reward and its parts, and counts of unscored completions and of groups without variance; of
    several processes those that the first one saw.
    """
    if not rows:
        raise UserError("reinforcement learning needs at least one prompt, found none")
    if settings.keep_best and world_size() > 1:
        raise UserError("keep_best: found several processes, each with a part; expected one")
    torch.manual_seed(seed)
    arguments = _arguments(settings, seed, scratch)
    if settings.kl and not settings.lora and not isinstance(model, PeftModel):
        # TRL loads what the KL term compares with from the folder that a model says it is from
        save(model, scratch / "start")
        arguments.distributed_state.wait_for_everyone()  # the first process writes it, all read it
        model.config.name_or_path = str(scratch / "start")
    of_step = settings.prompts_per_step * settings.generations // world_size()
    tally = Tally(reward, settings.generations, of_step)
    trainer = _trainer(model, processor, rows, tally, settings, arguments)
    best = BestReward(scratch) if settings.keep_best else None
    if best:
        trainer.add_callback(best)
    checkpoint = last_checkpoint(scratch)
    started = time.perf_counter()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = time.perf_counter() - started
    if best:
        best.restore(trainer.model)
    if is_first():
        shutil.rmtree(scratch, ignore_errors=True)
    record = {
        "steps": trainer.state.global_step,
        "kept_after_updates": best.updates if best else trainer.state.global_step,
        "resumed_from_step": int(checkpoint.name.split("-")[1]) if checkpoint else 0,
        "seconds_per_step": None if checkpoint else round(seconds / settings.steps, 2),
        "completions": tally.completions,
        "unscored": tally.unscored,
        "groups": tally.groups,
        "flat_groups": tally.flat_groups,
        "curve": tally.curve,
        "mean_length": [
            entry["completions/mean_length"]
            for entry in trainer.state.log_history
            if "completions/mean_length" in entry
        ],
    }
    trained = trainer.accelerator.unwrap_model(trainer.model)
    if isinstance(trained, PeftModel) and REFERENCE in trained.peft_config:
        trained.delete_adapter(REFERENCE)
    return trained, record


def _arguments(settings: Reinforcement, seed: int, scratch: Path) -> GRPOConfig:
    cuda = own_device() == "cuda"
    completions = settings.prompts_per_step * settings.generations
    per_device, accumulation = split_batch(
        completions, world_size(), longest=1, max_tokens=settings.completions_per_device
    )
    return GRPOConfig(
        output_dir=str(scratch),
        max_steps=settings.steps,
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=accumulation,
        steps_per_generation=passes_written(per_device, accumulation, settings),
        **_written_by(settings, cuda),
        num_generations=settings.generations,
        shuffle_dataset=False,
        max_completion_length=settings.max_new_tokens,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=_schedule(settings),
        warmup_steps=settings.warmup_steps,
        temperature=settings.temperature,
        beta=settings.kl,
        loss_type=settings.loss,
        scale_rewards="group",  # by the standard deviation within a group
        seed=seed,
        use_cpu=not cuda,
        bf16=in_bf16(settings.precision),
        tf32=cuda or None,
        optim="adamw_torch_fused" if cuda else "adamw_torch",
        **checkpointing(settings.activation_checkpointing),
        save_strategy="no",  # by time instead: TimedCheckpoint
        **sharding(cuda),
        logging_steps=1,
        **trackers(scratch),
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_pin_memory=False,
    )


def _written_by(settings: Reinforcement, cuda: bool) -> dict:
    """The arguments that say what writes the completions."""
    if not settings.use_vllm:
        return {}
    if not cuda:
        raise UserError("use_vllm: true, and there is no GPU; expected one, or use_vllm: false")
    if importlib.util.find_spec("vllm") is None:
        raise UserError("use_vllm: true, and vLLM is not installed; expected: pip install vllm")
    return {"use_vllm": True, "vllm_mode": "colocate", "vllm_enable_sleep_mode": True}


def passes_written(per_device: int, accumulation: int, settings: Reinforcement) -> int:
    """How many forward passes' completions are written at once: a divisor of the passes of a step,
    so that all are written by the same weights, and whole groups on each device."""
    most = settings.written_per_device or per_device * accumulation
    turns = [
        turn
        for turn in range(1, accumulation + 1)
        if accumulation % turn == 0
        and per_device * turn <= most
        and per_device * turn % settings.generations == 0
    ]
    if not turns and settings.written_per_device:
        raise UserError(
            f"written_per_device is {most}; expected room for one or more times {per_device} "
            f"completions that make whole groups of {settings.generations}"
        )
    return max(turns, default=accumulation)


def _trainer(
    model: PreTrainedModel | PeftModel,
    processor: object,
    rows: Sequence[dict],
    tally: Tally,
    settings: Reinforcement,
    arguments: GRPOConfig,
) -> GRPOTrainer:
    # every prompt of every step: TRL takes whole steps only, and would never ask the rest
    order = [i % len(rows) for i in range(settings.steps * settings.prompts_per_step)]
    dataset = Dataset.from_list(list(rows)).select(order)
    if "image" in dataset.column_names:  # opened when it is a prompt's turn
        dataset = dataset.cast_column("image", Image(mode="RGB"))
    adapters = None
    if settings.lora and not isinstance(model, PeftModel):
        adapters = lora_config(settings.lora, model)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=tally,
        args=arguments,
        train_dataset=dataset,
        processing_class=processor,
        peft_config=adapters,
        callbacks=[TimedCheckpoint(settings.checkpoint_seconds)],
    )
    report_progress(trainer)
    return trainer


def _schedule(settings: Reinforcement) -> str:
    """The scheduler's name; a constant rate that warms up has one of its own."""
    warm = settings.warmup_steps and settings.schedule == "constant"
    return "constant_with_warmup" if warm else settings.schedule


def _text(completion: str | list[dict]) -> str:
    return completion if isinstance(completion, str) else completion[-1]["content"]


def _mean(values: Sequence[float]) -> float | None:
    """Mean of what is not NaN; None, which JSON can hold, of nothing."""
    scored = [value for value in values if not math.isnan(value)]
    return math.fsum(scored) / len(scored) if scored else None
