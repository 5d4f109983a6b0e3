"""The passes of training and of asking, each doing to tensors what the trainers and
`shared.generation` do."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from peft import PeftModel
from transformers import DynamicCache, PreTrainedModel
from trl.trainer.utils import add_fused_lm_head

from shared.losses.supervised import token_cross_entropy
from shared.losses.unlearning import Stream, Term
from shared.planning.measure.architecture import Architecture
from shared.planning.measure.memory import DTYPES
from shared.planning.plan.fake import (
    Batch,
    Used,
    base,
    built,
    mask,
    part_of,
    running,
)
from shared.training.settings import Training
from shared.training.supervised import adapted

FIRST_NEW = 100  # a row of the embeddings, of a token that is trained beside adapters


@dataclass(frozen=True)
class Parameters:
    """Of a model in training. ends: of the output layer; layer: of one of the language model."""

    trained: float
    frozen: float
    ends: float
    layer: float

    @property
    def all(self) -> float:
        return self.trained + self.frozen


def counted(of: Architecture, training: Training) -> Parameters:
    """Without rows of embeddings that are trained beside adapters."""
    least = min(_untouched(training) + 1, of.layers - 1)
    found = []
    for layers in (least, least + 1):
        model = _to_train(of.with_layers(layers, of.image_layers), training)
        weights = list(model.parameters())
        trained = sum(weight.numel() for weight in weights if weight.requires_grad)
        found.append((trained, sum(weight.numel() for weight in weights) - trained))
    (few, few_frozen), (more, more_frozen) = found
    trained = few + (of.layers - least) * (more - few)
    frozen = few_frozen + (of.layers - least) * (more_frozen - few_frozen)
    ends = base(model).get_output_embeddings().weight.numel()
    return Parameters(trained, frozen, ends, more + more_frozen - few - few_frozen)


def learning(
    of: Architecture,
    training: Training,
    batch: Batch,
    *,
    learnt: int,
    new_tokens: int = 0,
    gathered: bool = False,
    term: Term | None = None,
) -> Used:
    """Of a step of `shared.training.supervised` or, with a term, of `shared.training.unlearning`,
    which takes its terms one by one.

    learnt: tokens of each row that have logits. gathered: FSDP gathers weights for each pass, all
    of them in the precision of the training.
    """
    part = part_of(of, _untouched(training))
    new = range(FIRST_NEW, FIRST_NEW + new_tokens)
    model = _to_train(part, training, new)
    with running(of, part, model, _gathered(training, gathered)) as run:
        with _autocast(training):
            if term:
                loss = _loss(model, part, batch, learnt, term)
            else:
                logits = _logits(model, part, batch, learnt)
                loss = token_cross_entropy(logits, _labels(logits))
                del logits
        run.end()
        loss.backward()
        return run.used()


def reinforcing(
    of: Architecture, training: Training, batch: Batch, *, gathered: bool = False
) -> Used:
    """Of a step in which TRL's GRPO learns from prompts with completions. training: its precision,
    adapters and checkpointing."""
    part = part_of(of, _untouched(training))
    model = _to_train(part, training)
    add_fused_lm_head(base(model), outputs=("log_probs", "entropy"))
    with running(of, part, model, _gathered(training, gathered)) as run:
        with _autocast(training):
            inputs = batch.inputs(base(model), part)
            labels = torch.zeros(batch.rows, batch.length, dtype=torch.long)
            seen = mask(batch.rows, batch.length, batch.length)
            scored = model(**inputs, attention_mask=seen, labels=labels, fused_lm_head=True)
        run.end()
        scored.log_probs.sum().backward()
        return run.used()


@torch.no_grad()
def reading(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of a batch of prompts, up to the logits of what comes next."""
    part = part_of(of)
    model = built(part, dtype)
    with running(of, part, model) as run:
        cache = _read(model, part, batch)
        return run.used(_held(cache))


@torch.no_grad()
def writing(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of one more token, the last of each row, where the batch is prompts and replies."""
    part = part_of(of)
    model = built(part, dtype)
    with running(of, part, model) as run:
        cache = _read(model, part, Batch(batch.rows, batch.length - 1))
        run.restart()
        _read(model, part, Batch(batch.rows, 1), cache)
        return run.used(_held(cache))


@torch.no_grad()
def scoring(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of the likelihood of every token of texts, as `shared.generation.score.text_nll` has it."""
    part = part_of(of)
    model = built(part, dtype)
    with running(of, part, model) as run:
        logits = _logits(model, part, batch, batch.length - 1)
        token_cross_entropy(logits, _labels(logits))
        return run.used()


def _untouched(training: Training) -> int:
    return training.lora.first_layer if training.lora else 0


def _gathered(training: Training, gathered: bool) -> torch.dtype | None:
    return DTYPES[training.precision] if gathered else None


def _autocast(training: Training) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=training.precision == "bf16")


def _to_train(
    of: Architecture, training: Training, new_tokens: Sequence[int] = ()
) -> PreTrainedModel | PeftModel:
    """As `load_to_train` and `adapted` give it: what learns is float32, all else as is computed."""
    model = built(of, DTYPES[training.precision])
    anywhere = training.model_copy(update={"precision": "fp32"})  # which no processor refuses
    model = adapted(model, anywhere, new_tokens).train()
    if training.activation_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def _logits(model: PreTrainedModel, of: Architecture, batch: Batch, learnt: int) -> torch.Tensor:
    """(rows * learnt, vocabulary) float32: those before the last tokens of each row."""
    own = base(model)
    hidden = own.model(**batch.inputs(own, of), use_cache=False).last_hidden_state
    rows = torch.arange(batch.rows).repeat_interleave(learnt)
    places = torch.arange(batch.length - 1 - learnt, batch.length - 1).repeat(batch.rows)
    return own.get_output_embeddings()(hidden[rows, places]).float()


def _labels(logits: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(logits), dtype=torch.long)


def _loss(
    model: PreTrainedModel, of: Architecture, batch: Batch, learnt: int, term: Term
) -> torch.Tensor:
    """Of a term whose streams are all alike."""
    learnt = batch.length - 1 if term.everywhere else learnt
    streams = []
    for _ in term.streams:
        logits, reference = _logits(model, of, batch, learnt), None
        if term.reference:  # the model without its adapters, or a copy of it
            adapters = isinstance(model, PeftModel)
            with torch.no_grad(), model.disable_adapter() if adapters else nullcontext():
                reference = _logits(model, of, batch, learnt)
        row_of = torch.arange(batch.rows).repeat_interleave(learnt)
        streams.append(Stream(logits, _labels(logits), row_of, batch.rows, reference))
    return term.loss(*streams).mean()


def _read(
    model: PreTrainedModel, of: Architecture, batch: Batch, cache: DynamicCache | None = None
) -> DynamicCache:
    """The cache of a batch, or of it after another one, once the next tokens were picked."""
    before = cache.get_seq_length() if cache else 0
    cache = cache or DynamicCache(config=model.config)
    seen = mask(batch.rows, batch.length, before + batch.length)
    inputs = batch.inputs(model, of)
    hidden = model.model(
        **inputs, attention_mask=seen, past_key_values=cache, use_cache=True
    ).last_hidden_state
    logits = model.get_output_embeddings()(hidden[:, -1:])[:, -1]
    logits.float().softmax(-1).cumsum(-1)  # to draw from; the greedy choice needs less
    return cache


def _held(cache: DynamicCache) -> int:
    """Bytes."""
    tensors = [each for layer in cache.layers for each in (layer.keys, layer.values)]
    return sum(each.untyped_storage().nbytes() for each in tensors)
