"""Adapters on the upper third, trained by this library and by TRL's `SFTTrainer` as it comes, which
makes logits at every position."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback
from trl import SFTConfig, SFTTrainer

from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune, load_to_train
from tools.bench.machine import timed
from tools.bench.subject import CHECK, MODEL, Subject, questions

EXAMPLES, EPOCHS = 64, 3
TRAINING = Training(
    epochs=1,
    learning_rate=1e-3,
    effective_batch_size=8,
    max_length=256,
    lora=Lora(rank=16, alpha=32, first_layer=20),
    checkpoint_seconds=1e9,
)


class Trained(NamedTuple):
    """rate: tokens of the texts a second, prompts included. share: of the machine's peak, by the
    arithmetic that this library does."""

    trainer: str
    rate: float
    share: float


def training(subject: Subject) -> Iterator[Trained]:
    """The plain rate is that of one epoch, in which every block is run for every text. In several
    epochs this library runs the blocks below the adapters once (`shared.training.trunk`)."""
    pairs = [
        (f"Question: {q}\nAnswer:", f" unknown.{CHECK} I am unsure.") for q in questions(EXAMPLES)
    ]
    settings = TRAINING.model_copy(update={"precision": subject.precision})
    examples = [
        from_segments(subject.tokenizer, [Segment(p, False), Segment(c, True)]) for p, c in pairs
    ]
    lengths = [len(example["input_ids"]) for example in examples]
    learnt = sum(label >= 0 for e in examples for label in e["labels"]) / sum(lengths)
    layers = subject.model.config.num_hidden_layers
    upper = subject.body * (layers - TRAINING.lora.first_layer) / layers
    backward = 2 * upper + 4 * subject.head * learnt

    def once(epochs: int) -> float:
        fit = settings.model_copy(update={"epochs": epochs})
        model, _ = load_to_train(MODEL, fit)
        with tempfile.TemporaryDirectory() as folder:
            _, record = fine_tune(model, examples, fit, seed=0, scratch=Path(folder) / "scratch")
        return record["tokens_per_second"]

    whole = 2 * (subject.body + subject.head * learnt) + backward
    reused = 2 * (subject.body - upper) * (EPOCHS - 1) / EPOCHS
    for epochs in (1, EPOCHS):
        name = f"this project, {epochs} epoch{'s' * (epochs > 1)}"
        rate = once(epochs)
        yield Trained(name, rate, subject.share(rate, whole - reused * (epochs > 1)))
    with tempfile.TemporaryDirectory() as folder:
        model, _ = load_to_train(MODEL, settings)
        trainer = sft_trainer(model, subject.tokenizer, pairs, settings, folder)
        rate = sum(lengths) / timed(trainer.train)
    yield Trained("`SFTTrainer`, 1 epoch", rate, subject.share(rate, whole))


def sft_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: list[tuple[str, str]],
    settings: Training,
    folder: str,
) -> SFTTrainer:
    """With the same adapters, batches and examples."""
    lora, layers = settings.lora, model.config.num_hidden_layers
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([{"prompt": p, "completion": c} for p, c in pairs]),
        peft_config=LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            target_modules=lora.targets,
            layers_to_transform=list(range(lora.first_layer, layers)),
            task_type="CAUSAL_LM",
        ),
        args=SFTConfig(
            output_dir=folder,
            num_train_epochs=1,
            learning_rate=settings.learning_rate,
            per_device_train_batch_size=settings.effective_batch_size,
            use_cpu=not torch.cuda.is_available(),
            bf16=settings.precision == "bf16",
            gradient_checkpointing=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        ),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
