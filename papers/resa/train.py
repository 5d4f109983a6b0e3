"""Fine-tune one variant of ReSA."""

from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from papers.resa.reply_format import Parts, write
from papers.resa.samples import chosen, conversation
from papers.resa.settings import Settings, Variant
from shared.files import read_jsonl
from shared.models.loading import save
from shared.models.spec import made_in
from shared.runner.step import Run, step
from shared.training.examples import Segment, from_segments
from shared.training.supervised import fine_tune, load_to_train

READS = (
    "model", "system", "wording", "training", "data_seed", "variant.style", "variant.samples",
    "variant.jailbreaks", "variant.plain", "variant.size", "variant.epochs", "variant.outer",
    "variant.instruction",
)  # fmt: skip

# What replies in a style need of a sample
ANALYSES = {"answer-check": "analysis", "query-check": "query_analysis"}


def train(run: Run, data: Path, variant: str, seed: int, pretrained: Path | None = None) -> dict:
    """Fine-tune one variant on the samples that it learns from. pretrained: the folder of a model
    that is made here."""
    settings = run.settings
    needed = ANALYSES.get(run.variant.style)
    samples = chosen(data, run.variant, settings.data_seed, needed)
    plain = read_jsonl(data / "plain.jsonl") if run.variant.plain else []
    model, tokenizer = load_to_train(made_in(pretrained, settings.model), settings.training)
    made = examples(samples, plain, run.variant, tokenizer, settings)
    training = settings.training
    if run.variant.epochs:
        training = training.model_copy(update={"epochs": run.variant.epochs})
    model, record = fine_tune(model, made, training, seed=seed, scratch=run.scratch)
    save(model, run.out, precision=training.precision)
    return {"samples": len(samples), "training": record}


def examples(
    samples: Sequence[dict],
    plain: Sequence[dict],
    variant: Variant,
    tokenizer: PreTrainedTokenizerBase,
    settings: Settings,
) -> list[dict]:
    """Tokenised training examples; only replies are learnt. plain: questions answered at once."""
    pairs = [(sample["prompt"], reply(sample, variant, settings)) for sample in samples]
    pairs += [(sample["prompt"], sample["answer"]) for sample in plain]
    how = {"instruction": settings.instruction(variant), "length": settings.training.max_length}
    return [example(tokenizer, *pair, **how) for pair in pairs]


def example(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    text: str,
    *,
    instruction: str,
    length: int,
    learns_prompt: bool = False,
) -> dict:
    """A prompt and what is replied to it, tokenised as it is asked. length: tokens at most."""
    asked = tokenizer.apply_chat_template(
        conversation(prompt, instruction), add_generation_prompt=True, tokenize=False
    )
    segments = [Segment(asked, learns_prompt), Segment(text, True)]
    return from_segments(tokenizer, segments, eos=True, max_length=length)


def reply(sample: dict, variant: Variant, settings: Settings) -> str:
    """What a variant learns to say to a sample's prompt."""
    analysis = sample[ANALYSES.get(variant.style, "analysis")]
    parts = Parts(sample["answer"], analysis, sample["summary"])
    return write(variant.style, parts, settings.worded(variant))


if __name__ == "__main__":
    step(train)
