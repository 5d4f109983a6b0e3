"""A small model of `shared.models.small_lm`, trained from nothing as a step of a paper."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from shared.errors import UserError
from shared.models.loading import save
from shared.models.small_lm import assemble
from shared.models.spec import Made, ModelSpec, SmallLm
from shared.runner.step import Run
from shared.training.settings import Training
from shared.training.supervised import fine_tune


def expect_small(model: ModelSpec | Made) -> None:
    """Raises `UserError` for a model that is not made here."""
    if not isinstance(model, SmallLm):
        raise UserError(f"{model}: is not made here; expected a small model to be")


def train_from_nothing(
    run: Run,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[dict[str, list[int]]],
    training: Training,
    seed: int,
) -> dict:
    """Train the model of the settings on tokenised examples, and write an ordinary model folder.

    seed: of its weights and of the order of examples. Returns the record of the training, with
    `parameters` and `vocabulary`, the tokens of the tokenizer.
    """
    model = assemble(run.settings.model, tokenizer, seed)
    run.loaded()
    model, record = fine_tune(model, examples, training, seed=seed, scratch=run.scratch)
    save(model, run.out, tokenizer)
    parameters = sum(weight.numel() for weight in model.parameters())
    return {"parameters": parameters, "vocabulary": len(tokenizer), **record}
