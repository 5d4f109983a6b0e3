"""The passes of training and of asking, on a model of the real size that holds no memory.

Each does to tensors what the trainers and `shared.generation` do, under PyTorch's FakeTensorMode,
which knows shapes alone. A model is run at two depths of a few layers, and all its layers lie on
the line through both. Its attention is that for a CPU, which like those for GPUs keeps no scores.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft import PeftModel
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import DynamicCache, PreTrainedModel
from trl.trainer.utils import add_fused_lm_head

from shared.losses.supervised import token_cross_entropy
from shared.losses.unlearning import Stream, Term
from shared.planning.measure.architecture import Architecture
from shared.planning.plan.live import Live
from shared.planning.plan.seeing import embedded
from shared.training.settings import Reinforcement, Training
from shared.training.supervised import adapted

FIRST_NEW = 100  # a row of the embeddings, of a token that is trained beside adapters


@dataclass(frozen=True)
class Used:
    """Bytes at the peak of a pass, beside weights, gradients and the optimiser."""

    activations: float = 0.0
    logits: float = 0.0
    cache: float = 0.0

    @property
    def bytes(self) -> float:
        return self.activations + self.logits + self.cache


@dataclass(frozen=True)
class Batch:
    """Rows of so many tokens each, of which a picture's come first, if there is one."""

    rows: int
    length: int
    pictures: bool = False

    def inputs(self, model: PreTrainedModel, of: Architecture) -> dict:
        ids = torch.zeros(self.rows, self.length, dtype=torch.long)
        return embedded(model, of, ids) if self.pictures else {"input_ids": ids}


def of_all_layers(of: Architecture, one: Callable[[int], Used], untouched: int = 0) -> Used:
    """On the line through `one(layers)` at two depths. untouched: layers below the first adapter."""
    depths = [min(untouched + more, of.layers) for more in (1, 2)]
    few, more = map(one, depths)
    times = (of.layers - depths[0]) / max(1, depths[1] - depths[0])

    def at(name: str) -> float:
        low, high = getattr(few, name), getattr(more, name)
        return low + times * (high - low)

    return Used(at("activations"), at("logits"), at("cache"))


def learning(
    of: Architecture,
    training: Training,
    batch: Batch,
    *,
    dtype: torch.dtype,
    learnt: int,
    new_tokens: int = 0,
    gathered: bool = False,
    terms: tuple[Term, ...] = (),
) -> Used:
    """Of a step of `shared.training.supervised` or, with terms, of `shared.training.unlearning`.

    dtype: of the weights that are not trained. gathered: FSDP gathers all of them for each pass, in
    the precision of the training. learnt: tokens of each row that have logits.
    """

    def one(layers: int) -> Used:
        with FakeTensorMode():
            model = _cast(of.build(layers, "cpu"), dtype)
            new = range(FIRST_NEW, FIRST_NEW + new_tokens)
            model = adapted(model, training, new)
            how = (training.precision, gathered, training.activation_checkpointing)
            with _step(model, of, *how) as live:
                if terms:
                    losses = [_term(model, of, batch, learnt, term) for term in terms]
                    loss = sum(losses).mean()
                else:
                    logits = _logits(model, of, batch, learnt)
                    loss = token_cross_entropy(logits, _labels(logits))
                    del logits
                loss.backward()
            return Used(live.peak - live.logits, live.logits)

    return of_all_layers(of, one, training.lora.first_layer if training.lora else 0)


def reinforcing(
    of: Architecture, settings: Reinforcement, batch: Batch, *, gathered: bool = False
) -> Used:
    """Of the step in which TRL's GRPO learns from a batch of prompts with completions."""

    def one(layers: int) -> Used:
        with FakeTensorMode():
            model = of.build(layers, "cpu")
            add_fused_lm_head(model, outputs=("log_probs", "entropy"))
            if settings.lora:
                training = Training(
                    epochs=1, learning_rate=1, effective_batch_size=1, max_length=1,
                    lora=settings.lora,
                )  # fmt: skip
                model = adapted(model, training)
            how = (settings.precision, gathered, settings.activation_checkpointing)
            with _step(model, of, *how) as live:
                inputs = batch.inputs(_base(model), of)
                labels = torch.zeros(batch.rows, batch.length, dtype=torch.long)
                mask = _mask(_base(model), batch.rows, batch.length, batch.length)
                scored = model(**inputs, attention_mask=mask, labels=labels, fused_lm_head=True)
                scored.log_probs.sum().backward()
            return Used(live.peak - live.logits, live.logits)

    return of_all_layers(of, one, settings.lora.first_layer if settings.lora else 0)


def reading(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of a batch of prompts, up to the logits of what comes next."""

    def one(layers: int) -> Used:
        with FakeTensorMode(), torch.no_grad():
            model = _cast(of.build(layers, "cpu"), dtype)
            with _live(model, of) as live:
                cache = _read(model, of, batch)
                return _beside(live, cache)

    return of_all_layers(of, one)


def writing(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of one more token, the last of each row, where the batch is prompts and replies."""

    def one(layers: int) -> Used:
        with FakeTensorMode(), torch.no_grad():
            model = _cast(of.build(layers, "cpu"), dtype)
            with _live(model, of) as live:
                cache = _read(model, of, Batch(batch.rows, batch.length - 1))
                live.restart()
                _read(model, of, Batch(batch.rows, 1), cache)
                return _beside(live, cache)

    return of_all_layers(of, one)


def scoring(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of the likelihood of every token of texts, as `shared.generation.score.text_nll` has it."""

    def one(layers: int) -> Used:
        with FakeTensorMode(), torch.no_grad():
            model = _cast(of.build(layers, "cpu"), dtype)
            with _live(model, of) as live:
                logits = _logits(model, of, batch, batch.length - 1)
                token_cross_entropy(logits, _labels(logits))
            return Used(live.peak - live.logits, live.logits)

    return of_all_layers(of, one)


@contextmanager
def _step(
    model: PreTrainedModel, of: Architecture, precision: str, gathered: bool, again: bool
) -> Iterator[Live]:
    """A step of training. again: activations are computed again in the backward pass."""
    bf16 = precision == "bf16"
    if gathered and bf16:
        _cast(model, torch.bfloat16)
    model.train()
    if again:
        model.activation_checkpointing_enable({"use_reentrant": False})
    for weight in model.parameters():
        if weight.requires_grad:  # there already, from the batch before
            weight.grad = torch.zeros_like(weight)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    with _live(model, of) as live, autocast:
        yield live


def _cast(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    for weight in model.parameters():  # `Module.to` exchanges tensors, which fake ones can't be
        weight.data = weight.data.to(dtype)
    return model


def _live(model: PreTrainedModel, of: Architecture) -> Live:
    known = [*model.parameters(), *model.buffers()]
    grads = [weight.grad for weight in known if weight.grad is not None]
    return Live([*known, *grads], of.text["vocab_size"])


def _base(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    return model.get_base_model() if isinstance(model, PeftModel) else model


def _logits(model: PreTrainedModel, of: Architecture, batch: Batch, learnt: int) -> torch.Tensor:
    """(rows * learnt, vocabulary) float32: those before the last tokens of each row."""
    base = _base(model)
    hidden = base.model(**batch.inputs(base, of), use_cache=False).last_hidden_state
    rows = torch.arange(batch.rows).repeat_interleave(learnt)
    places = torch.arange(batch.length - 1 - learnt, batch.length - 1).repeat(batch.rows)
    return base.get_output_embeddings()(hidden[rows, places]).float()


def _labels(logits: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(logits), dtype=torch.long)


def _term(
    model: PreTrainedModel, of: Architecture, batch: Batch, learnt: int, term: Term
) -> torch.Tensor:
    """A term of a loss of `shared.losses.unlearning`, of streams that are all alike."""
    learnt = batch.length - 1 if term.everywhere else learnt
    streams = []
    for _ in term.streams:
        logits, reference = _logits(model, of, batch, learnt), None
        if term.reference:
            with torch.no_grad(), model.disable_adapter():
                reference = _logits(model, of, batch, learnt)
        row_of = torch.arange(batch.rows).repeat_interleave(learnt)
        streams.append(Stream(logits, _labels(logits), row_of, batch.rows, reference))
    return term.weight * term.loss(*streams)


def _read(
    model: PreTrainedModel, of: Architecture, batch: Batch, cache: DynamicCache | None = None
) -> DynamicCache:
    """The cache of a batch, or of it after another one, once the next tokens were picked."""
    before = cache.get_seq_length() if cache else 0
    cache = cache or DynamicCache(config=model.config)
    mask = _mask(model, batch.rows, batch.length, before + batch.length)
    inputs = batch.inputs(model, of)
    hidden = model.model(
        **inputs, attention_mask=mask, past_key_values=cache, use_cache=True
    ).last_hidden_state
    logits = model.get_output_embeddings()(hidden[:, -1:])[:, -1]
    logits.float().softmax(-1).cumsum(-1)  # to draw from; the greedy choice needs less
    return cache


def _mask(model: PreTrainedModel, rows: int, tokens: int, cached: int) -> torch.Tensor | dict:
    """Which tokens of a padded batch see which, as Transformers makes it of a mask (rows, cached)."""
    made = torch.ones(rows, 1, tokens, cached, dtype=torch.bool)
    kinds = set(getattr(model.config.get_text_config(), "layer_types", None) or ())
    return dict.fromkeys(kinds, made) if len(kinds) > 1 else made


def _beside(live: Live, cache: DynamicCache) -> Used:
    held = sum(
        each.untyped_storage().nbytes() for layer in cache.layers for each in (layer.keys, layer.values)
    )
    return Used(live.peak - live.logits - held, live.logits, held)
