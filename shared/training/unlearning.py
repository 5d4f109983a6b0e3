"""Unlearning: several streams of examples side by side, a frozen reference, a sum of loss terms."""

import copy
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import torch
from torch.utils.data import Dataset, Sampler
from transformers import PreTrainedModel, Trainer, TrainerCallback

from shared.errors import UserError
from shared.losses.unlearning import Stream, Term
from shared.models.devices import own_device, world_size
from shared.training.batches import right_padded
from shared.training.examples import IGNORED
from shared.training.sampler import EvenSampler, Order
from shared.training.settings import Training
from shared.training.supervised import (
    adapted,
    arguments,
    check_finite,
    head_only_at,
    order_of,
    run,
    sharding,
)
from shared.training.trunk import trunk_depth, trunk_of, with_trunk

Snapshot = Callable[[int, PreTrainedModel], None]


def unlearn(
    model: PreTrainedModel,
    items: Sequence[Mapping[str, dict]],
    terms: Sequence[Term],
    settings: Training,
    *,
    seed: int,
    scratch: Path,
    snapshot: Snapshot | None = None,
    at: Collection[int] = (),
) -> tuple[PreTrainedModel, dict]:
    """Train `model` on items, each an example of every stream that the terms name.

    An example is as `fine_tune` takes it. The loss is the mean over items of the sum of the terms,
    so that accumulation changes nothing (but for terms taken `everywhere`, which see the padding
    of their batch). `snapshot(step, model)` is called after the steps in `at`. The rest is as in
    `shared.training.supervised.fine_tune`.

    Raises `UserError` when the loss is no longer a number, and where several processes can't share
    out every batch evenly, or have no reference since each holds a part of the model alone.
    """
    if world_size() > 1 and len(items) % settings.effective_batch_size:
        raise UserError(
            f"{len(items)} items in batches of {settings.effective_batch_size}: {world_size()}"
            " processes can't share out the last batch of an epoch; expected one process"
        )
    torch.manual_seed(seed)
    # Where only adapters are trained, the model without them is the reference.
    apart = any(term.reference for term in terms) and not settings.lora
    if apart and sharding(own_device() == "cuda"):
        raise UserError(
            f"full fine-tuning beside a reference: found {world_size()} processes that share out"
            " weights; expected one process, or adapters (the reference is the model without them)"
        )
    reference = copy.deepcopy(model).eval().requires_grad_(False) if apart else None
    model = adapted(model, settings)
    named = dict.fromkeys(name for term in terms for name in term.streams)
    items = [{name: item[name] for name in named} for item in items]
    lengths = [sum(len(example["input_ids"]) for example in item.values()) for item in items]
    held = held_at_once(items, terms) if items else 0
    started = time.perf_counter()
    depth = _trunk_depth(model, terms, settings, lengths)
    if depth:
        flat = [example for item in items for example in item.values()]
        made = iter(with_trunk(model, depth, flat, settings.max_tokens_per_device))
        items = [{name: next(made) for name in item} for item in items]
    trainer = UnlearningTrainer(
        model=model,
        args=arguments(settings, lengths, seed, scratch, held),
        train_dataset=items,
        data_collator=streams_padded,
        callbacks=[Snapshots(snapshot, at)] if snapshot else [],
        terms=terms,
        reference=reference,
        order=order_of(settings, lengths),
        trunk=depth,
    )
    return model, run(trainer, settings, sum(lengths), scratch, started)


def _trunk_depth(
    model: PreTrainedModel, terms: Sequence[Term], settings: Training, lengths: Sequence[int]
) -> int:
    """See `shared.training.trunk`. Terms that see the padding of their batch need all of it."""
    if any(term.everywhere for term in terms):
        return 0
    twice = any(term.reference for term in terms)
    return trunk_depth(model, settings, lengths, settings.epochs * (1 + twice))


def held_at_once(items: Sequence[Mapping[str, dict]], terms: Sequence[Term]) -> int:
    """Tokens that a device holds for each item of a batch: every stream is padded to its longest
    example, pictures included, and read twice where it is compared with the reference."""
    longest = {name: max(len(item[name]["input_ids"]) for item in items) for name in items[0]}
    compared = [name for term in terms if term.reference for name in term.streams]
    return sum(longest.values()) + sum(longest[name] for name in compared)


def streams_padded(items: Sequence[Mapping[str, dict]]) -> dict[str, dict[str, torch.Tensor]]:
    return {name: right_padded([item[name] for item in items]) for name in items[0]}


class UnlearningTrainer(Trainer):
    """`Trainer` whose batches hold a batch of every stream."""

    def __init__(
        self,
        *arguments: object,
        terms: Sequence[Term],
        reference: PreTrainedModel | None,
        order: Order | None = None,
        trunk: int = 0,
        **keywords: object,
    ):
        super().__init__(*arguments, **keywords)
        self.terms, self.reference, self.order, self.trunk = terms, reference, order, trunk
        self.model_accepts_loss_kwargs = False  # losses of accumulated batches are averaged

    def _get_train_sampler(self, dataset: Dataset | None = None) -> Sampler:
        if self.args.world_size == 1 and self.order is None:
            return super()._get_train_sampler(dataset)
        epoch = lambda: int(self.state.epoch or 0)  # noqa: E731
        return EvenSampler(len(self.train_dataset), 1, epoch, self.order)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, dict[str, torch.Tensor]],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The sum of the terms. The gradients of all but the last are taken here, one by one, so
        that no term's activations are held beside another's."""
        known: list[torch.Tensor] = []
        for number, term in enumerate(self.terms, start=1):
            streams = [self._stream(model, inputs[name], term) for name in term.streams]
            loss = term.weight * term.loss(*streams).mean()
            del streams
            check_finite(loss, self.state.global_step, [*known, loss])
            if number < len(self.terms):
                self.accelerator.backward(loss / self.current_gradient_accumulation_steps)
                known.append(loss.detach())
        return sum(known, start=loss)

    def _stream(self, model: torch.nn.Module, batch: dict[str, torch.Tensor], term: Term) -> Stream:
        labels = batch["labels"][:, 1:]
        at = torch.ones_like(labels, dtype=torch.bool) if term.everywhere else labels != IGNORED
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        return Stream(
            logits=self._logits(model, inputs, at),
            labels=labels[at],
            row_of=at.nonzero()[:, 0],
            rows=len(labels),
            reference=self._reference_logits(model, inputs, at) if term.reference else None,
        )

    def _logits(
        self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], at: torch.Tensor
    ) -> torch.Tensor:
        own = self.accelerator.unwrap_model(model)
        with head_only_at(own, at), trunk_of(own, self.trunk, inputs) as inputs:
            return model(**inputs, use_cache=False).logits.float()

    @torch.no_grad()
    def _reference_logits(
        self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], at: torch.Tensor
    ) -> torch.Tensor:
        if self.reference is not None:
            return self._logits(self.reference, inputs, at)
        adapted = self.accelerator.unwrap_model(model)
        adapted.eval()
        with adapted.disable_adapter():
            logits = self._logits(model, inputs, at)
        adapted.train()
        return logits


class Snapshots(TrainerCallback):
    """Call `snapshot(step, model)` after some steps."""

    def __init__(self, snapshot: Snapshot, at: Collection[int]):
        self.snapshot, self.at = snapshot, set(at)

    def on_step_end(self, args, state, control, model=None, **kwargs):
        if state.global_step in self.at:
            self.snapshot(state.global_step, model)
