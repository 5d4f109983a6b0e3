"""How fast this library scores, generates and fine-tunes here, against the plain way.

    python -m tools.bench

Everything is measured in one run on the bundled model, since machines differ and drift: read
the ratios. `plain` is one prompt at a time through `generate`; for training, TRL's `SFTTrainer` as
it comes, which makes logits at every position. `peak` is the share of this machine's
measured matmul rate that the arithmetic of a step, counted without padding, amounts to.
"""

import tempfile
import time
from collections.abc import Callable
from itertools import islice, product
from pathlib import Path

import torch
from datasets import Dataset, disable_progress_bars
from peft import LoraConfig
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from shared.errors import one_line_errors
from shared.generation.batching import common_prefix, length_batches
from shared.generation.decode import decode
from shared.generation.rows import Prefix, Rows
from shared.generation.score import among
from shared.models.loading import load
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune

MODEL = "bundled:smollm2-135m-instruct-q4_1"
NEW_TOKENS = 12
BATCH = 64
TRAINING = Training(
    epochs=1,
    learning_rate=1e-3,
    effective_batch_size=8,
    max_length=256,
    lora=Lora(rank=16, alpha=32, first_layer=20),
    checkpoint_seconds=1e9,
)
CHECK = " Are you sure you accurately answered the question based on your internal knowledge?"


def questions(count: int) -> list[str]:
    """Short questions, all different."""
    kinds = ["highest", "longest", "oldest", "best known"]
    things = ["river", "mountain", "city", "lake", "forest", "bridge", "tower", "castle", "valley"]
    places = ["France", "Japan", "Brazil", "Kenya", "Norway", "India", "Canada", "Egypt", "Chile"]
    asked = product(kinds, things, places)
    return [
        f"What is the {kind} {thing} in {place}?" for kind, thing, place in islice(asked, count)
    ]


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def matmul_peak(device: torch.device) -> float:
    """Measured floating-point operations per second of a large float32 product."""
    a = torch.randn(2048, 2048, device=device)
    a @ a
    return max(2 * 2048**3 / timed(lambda: a @ a) for _ in range(8))


class Bench:
    def __init__(self):
        self.model, self.tokenizer = load(MODEL)
        self.peak = matmul_peak(self.model.device)
        head = self.model.get_output_embeddings().weight.numel()
        self.body = sum(p.numel() for p in self.model.parameters()) - head
        self.head = head

    def line(self, what: str, ours: float, plain: float, flops: float) -> None:
        """ours, plain: tokens per second; flops: of one token the way we compute it."""
        share = ours * flops / self.peak
        print(f"{what:34} {ours:8.0f} {plain:8.0f} {ours / plain:7.1f}x {share:7.0%}", flush=True)

    def ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def generate(self, sequence: list[int], new_tokens: int, **keywords: bool):
        """Transformers' own way, one prompt at a time."""
        tokens = torch.tensor([sequence], device=self.model.device)
        return self.model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            min_new_tokens=new_tokens,
            max_new_tokens=new_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.pad_token_id,
            **keywords,
        )

    def scoring(self, what: str, texts: list[str], plain: int) -> None:
        """Chances of two words after each text. Tokens count as if nothing were shared."""
        ids = [self.ids(text) for text in texts]
        words = [self.ids(" yes")[0], self.ids(" no")[0]]
        shared = common_prefix(ids)

        def ours() -> None:
            prefix = Prefix(self.model, ids[0][:shared]) if shared else None
            rest = [i[shared:] for i in ids]
            for batch in length_batches([len(i) for i in rest], BATCH, 8192):
                among(Rows(self.model, [rest[i] for i in batch], prefix).logits, words)

        def one_by_one() -> None:
            for sequence in ids[:plain]:
                found = self.generate(sequence, 1, return_dict_in_generate=True, output_logits=True)
                among(found.logits[0], words)

        run = sum(len(i) - shared for i in ids) + shared
        tokens, one_tokens = sum(map(len, ids)), sum(map(len, ids[:plain]))
        flops = 2 * (self.body * run + self.head * len(ids)) / tokens
        self.line(what, tokens / timed(ours), one_tokens / timed(one_by_one), flops)

    def generation(self, count: int, plain: int) -> None:
        ids = [self.ids(f"Question: {q}\nAnswer:") for q in questions(count)]
        never = frozenset({-1})

        def ours() -> None:
            for batch in length_batches([len(i) for i in ids], BATCH, 8192):
                decode(Rows(self.model, [ids[i] for i in batch]), NEW_TOKENS, never)

        def one_by_one() -> None:
            for sequence in ids[:plain]:
                self.generate(sequence, NEW_TOKENS)

        prompt = sum(map(len, ids)) / len(ids)
        flops = 2 * (self.body * (prompt / NEW_TOKENS + 1) + self.head)
        ours_rate = count * NEW_TOKENS / timed(ours)
        self.line(
            "generation, new tokens", ours_rate, plain * NEW_TOKENS / timed(one_by_one), flops
        )

    def training(self, count: int) -> None:
        pairs = [
            (f"Question: {q}\nAnswer:", f" unknown.{CHECK} I am unsure.") for q in questions(count)
        ]
        examples = [
            from_segments(self.tokenizer, [Segment(p, False), Segment(c, True)]) for p, c in pairs
        ]
        tokens = sum(len(e["input_ids"]) for e in examples)
        with tempfile.TemporaryDirectory() as folder:
            model, _ = load(MODEL)
            _, record = fine_tune(model, examples, TRAINING, seed=0, scratch=Path(folder) / "ours")
            model, _ = load(MODEL)
            plain = timed(self._trl(model, pairs, folder).train)
        layers = model.config.num_hidden_layers
        backward = 2 * self.body * (layers - TRAINING.lora.first_layer) / layers
        learnt = sum(label >= 0 for e in examples for label in e["labels"]) / tokens
        flops = 2 * self.body + backward + 4 * self.head * learnt
        self.line(
            "fine-tuning (LoRA, upper third)", record["tokens_per_second"], tokens / plain, flops
        )

    def _trl(self, model, pairs: list[tuple[str, str]], folder: str) -> SFTTrainer:
        lora, layers = TRAINING.lora, model.config.num_hidden_layers
        trainer = SFTTrainer(
            model=model,
            processing_class=self.tokenizer,
            train_dataset=Dataset.from_list([{"prompt": p, "completion": c} for p, c in pairs]),
            peft_config=LoraConfig(
                r=lora.rank,
                lora_alpha=lora.alpha,
                target_modules=lora.targets,
                layers_to_transform=list(range(lora.first_layer, layers)),
                task_type="CAUSAL_LM",
            ),
            args=SFTConfig(
                output_dir=f"{folder}/trl",
                num_train_epochs=1,
                learning_rate=TRAINING.learning_rate,
                per_device_train_batch_size=TRAINING.effective_batch_size,
                use_cpu=not torch.cuda.is_available(),
                bf16=False,
                gradient_checkpointing=False,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
        )
        trainer.remove_callback(PrinterCallback)
        return trainer


def main() -> None:
    disable_progress_bars()
    bench = Bench()
    asked = questions(96)
    shots = "".join(f"Question: {q}\nAnswer: unknown.\n\n" for q in questions(324)[-40:])
    threads = torch.get_num_threads()
    print(
        f"{MODEL}, {bench.model.device}, {threads} threads, matmul {bench.peak / 1e9:.0f} GFLOP/s"
    )
    print(f"{'tokens per second':34} {'ours':>8} {'plain':>8} {'ratio':>8} {'peak':>7}")
    bench.scoring("scoring, short prompts", [f"{q}{CHECK} I am" for q in asked], plain=16)
    bench.scoring("scoring, 40 shots in common", [f"{shots}Question: {q}" for q in asked], plain=4)
    bench.generation(96, plain=6)
    bench.training(96)


if __name__ == "__main__":
    one_line_errors(main)
