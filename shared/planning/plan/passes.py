"""The passes of training and of asking, on a model of the real size that holds no memory.

Each does to tensors what the trainers and `shared.generation` do, under PyTorch's FakeTensorMode,
which knows shapes alone. A model is run at two depths of a few layers, and all its layers lie on
the line through both. Its attention is that for a CPU, which like those for GPUs keeps no scores.
"""

from collections.abc import Callable, Iterator, Sequence
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
from shared.training.settings import Training
from shared.training.supervised import adapted

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
FEWEST = 2  # layers; with one alone, what the one before leaves behind would be missing
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


@dataclass(frozen=True)
class Parameters:
    """Of a model in training. ends: of the output layer, the larger of both ends; layer: of a layer
    of the language model."""

    trained: float
    frozen: float
    ends: float
    layer: float

    @property
    def all(self) -> float:
        return self.trained + self.frozen


def counted(of: Architecture, training: Training) -> Parameters:
    """Without rows of embeddings that are trained beside adapters."""
    least = min((training.lora.first_layer if training.lora else 0) + 1, of.layers - 1)
    found = []
    for layers in (least, least + 1):
        part = of.with_layers(layers, of.image_layers)
        model = _to_train(part, training)
        weights = list(model.parameters())
        trained = sum(weight.numel() for weight in weights if weight.requires_grad)
        found.append((trained, sum(weight.numel() for weight in weights) - trained))
    (few, few_frozen), (more, more_frozen) = found
    beyond = of.layers - least
    ends = _base(model).get_output_embeddings().weight.numel()
    layer = more + more_frozen - few - few_frozen
    return Parameters(
        few + beyond * (more - few), few_frozen + beyond * (more_frozen - few_frozen), ends, layer
    )


def of_all_layers(
    of: Architecture, one: Callable[[Architecture], Used], *, untouched: int = 0, sees: bool = False
) -> Used:
    """On the line through `one` of a model with few layers and with one more. untouched: layers
    below the first adapter. sees: the image encoder is trained too, so its layers count."""
    least = min(untouched + FEWEST, of.layers)
    few = one(of.with_layers(least, FEWEST))
    more = [(of.layers - least, one(of.with_layers(least + 1, FEWEST)))] if least < of.layers else []
    if sees:
        more.append((of.image_layers - FEWEST, one(of.with_layers(least, FEWEST + 1))))

    def at(name: str) -> float:
        base = getattr(few, name)
        return base + sum(times * (getattr(used, name) - base) for times, used in more)

    # of logits there are as many whatever the depth, but not wherever the peak is
    return Used(at("bytes") - few.logits - at("cache"), few.logits, at("cache"))


def learning(
    of: Architecture,
    training: Training,
    batch: Batch,
    *,
    learnt: int,
    new_tokens: int = 0,
    gathered: bool = False,
    terms: tuple[Term, ...] = (),
) -> Used:
    """Of a step of `shared.training.supervised` or, with terms, of `shared.training.unlearning`.

    learnt: tokens of each row that have logits. gathered: FSDP gathers weights for each pass, all in
    the precision of the training.
    """

    def one(part: Architecture) -> Used:
        new = range(FIRST_NEW, FIRST_NEW + new_tokens)
        model = _to_train(part, training, new)
        how = (training.precision, gathered, training.activation_checkpointing)
        with FakeTensorMode():
            with _step(model, part, *how) as live:
                if terms:
                    losses = [_term(model, part, batch, learnt, term) for term in terms]
                    loss = sum(losses).mean()
                else:
                    logits = _logits(model, part, batch, learnt)
                    loss = token_cross_entropy(logits, _labels(logits))
                    del logits
                loss.backward()
            return Used(live.peak - live.logits, live.logits)

    untouched = training.lora.first_layer if training.lora else 0
    sees = batch.pictures and _learns_to_see(of, training)
    return of_all_layers(of, one, untouched=untouched, sees=sees)


def reinforcing(
    of: Architecture,
    training: Training,
    batch: Batch,
    *,
    gathered: bool = False,
) -> Used:
    """Of a step in which TRL's GRPO learns from prompts with completions; training: its precision,
    adapters and checkpointing."""

    def one(part: Architecture) -> Used:
        model = _to_train(part, training)
        add_fused_lm_head(_base(model), outputs=("log_probs", "entropy"))
        how = (training.precision, gathered, training.activation_checkpointing)
        with FakeTensorMode():
            with _step(model, part, *how) as live:
                inputs = batch.inputs(_base(model), of)
                labels = torch.zeros(batch.rows, batch.length, dtype=torch.long)
                mask = _mask(batch.rows, batch.length, batch.length)
                scored = model(**inputs, attention_mask=mask, labels=labels, fused_lm_head=True)
                scored.log_probs.sum().backward()
            return Used(live.peak - live.logits, live.logits)

    untouched = training.lora.first_layer if training.lora else 0
    sees = batch.pictures and not training.lora
    return of_all_layers(of, one, untouched=untouched, sees=sees)


def reading(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of a batch of prompts, up to the logits of what comes next."""

    def one(part: Architecture) -> Used:
        model = _built(part, dtype)
        with FakeTensorMode(), torch.no_grad():
            _faked(model)
            with _live(model, part) as live:
                cache = _read(model, part, batch)
                return _beside(live, cache)

    return of_all_layers(of, one)


def writing(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of one more token, the last of each row, where the batch is prompts and replies."""

    def one(part: Architecture) -> Used:
        model = _built(part, dtype)
        with FakeTensorMode(), torch.no_grad():
            _faked(model)
            with _live(model, part) as live:
                cache = _read(model, part, Batch(batch.rows, batch.length - 1))
                live.restart()
                _read(model, part, Batch(batch.rows, 1), cache)
                return _beside(live, cache)

    return of_all_layers(of, one)


def scoring(of: Architecture, batch: Batch, *, dtype: torch.dtype) -> Used:
    """Of the likelihood of every token of texts, as `shared.generation.score.text_nll` has it."""

    def one(part: Architecture) -> Used:
        model = _built(part, dtype)
        with FakeTensorMode(), torch.no_grad():
            _faked(model)
            with _live(model, part) as live:
                logits = _logits(model, part, batch, batch.length - 1)
                token_cross_entropy(logits, _labels(logits))
            return Used(live.peak - live.logits, live.logits)

    return of_all_layers(of, one)


@contextmanager
def _step(
    model: PreTrainedModel, of: Architecture, precision: str, gathered: bool, again: bool
) -> Iterator[Live]:
    """A step of training. again: activations are computed again in the backward pass."""
    bf16 = precision == "bf16"
    _faked(model.train(), torch.bfloat16 if gathered and bf16 else None)
    if again:
        model.activation_checkpointing_enable({"use_reentrant": False})
    for weight in model.parameters():
        if weight.requires_grad:  # there already, from the batch before
            weight.grad = torch.zeros_like(weight)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    with _live(model, of) as live, autocast:
        yield live


def _learns_to_see(of: Architecture, training: Training) -> bool:
    """Adapters are for the language model."""
    named = [name for name, _ in _built(of.with_layers(1, 1), torch.float32).named_parameters()]
    image = [name for name in named if "vision_tower" in name or "visual" in name]
    return not training.lora and not all(any(f in name for f in training.frozen) for name in image)


def _to_train(
    of: Architecture, training: Training, new_tokens: Sequence[int] = ()
) -> PreTrainedModel | PeftModel:
    """As `load_to_train` and `adapted` give it: what is trained in float32, all else as computed."""
    model = _built(of, DTYPES[training.precision])
    anywhere = training.model_copy(update={"precision": "fp32"})  # not refused where there is no GPU
    return adapted(model, anywhere, new_tokens)


def _built(of: Architecture, dtype: torch.dtype) -> PreTrainedModel:
    model = of.build(of.layers, "meta")
    for weight in model.parameters():
        weight.data = weight.data.to(dtype)
    return model


def _faked(model: PreTrainedModel | PeftModel, dtype: torch.dtype | None = None) -> None:
    """Let the weights of a model on the meta device seem to be on a CPU; those that are one matrix
    still are."""
    made: dict[torch.Tensor, torch.Tensor] = {}
    for module in model.modules():
        for name, weight in module.named_parameters(recurse=False):
            if weight not in made:
                fake = torch.empty(weight.shape, dtype=dtype or weight.dtype)
                made[weight] = torch.nn.Parameter(fake, weight.requires_grad)
            module._parameters[name] = made[weight]
        for name, buffer in module.named_buffers(recurse=False):
            module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)


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
    mask = _mask(batch.rows, batch.length, before + batch.length)
    inputs = batch.inputs(model, of)
    hidden = model.model(
        **inputs, attention_mask=mask, past_key_values=cache, use_cache=True
    ).last_hidden_state
    logits = model.get_output_embeddings()(hidden[:, -1:])[:, -1]
    logits.float().softmax(-1).cumsum(-1)  # to draw from; the greedy choice needs less
    return cache


def _mask(rows: int, tokens: int, cached: int) -> torch.Tensor:
    """Which tokens of a padded batch see which, as Transformers makes it of a mask (rows, cached)."""
    return torch.ones(rows, 1, tokens, cached, dtype=torch.bool)


def _beside(live: Live, cache: DynamicCache) -> Used:
    held = sum(
        each.untyped_storage().nbytes() for layer in cache.layers for each in (layer.keys, layer.values)
    )
    return Used(live.peak - live.logits - held, live.logits, held)
