"""The model that is measured, what it is asked, and the arithmetic that a token takes."""

from dataclasses import dataclass
from itertools import islice, product

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from shared.models.blocks import decoder_blocks
from shared.models.loading import load
from tools.bench import machine

MODEL = "bundled:smollm2-135m-instruct-q4_1"
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


@dataclass(frozen=True)
class Subject:
    """A model in one precision, and the machine's peak in it (operations a second).

    body, head: weights of the blocks, and of the output layer, which tell the arithmetic of a token
    but for attention: two operations a weight.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    precision: str
    peak: float

    @property
    def head(self) -> int:
        return self.model.get_output_embeddings().weight.numel()

    @property
    def body(self) -> int:
        return sum(p.numel() for p in decoder_blocks(self.model).parameters())

    def ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def share(self, rate: float, operations: float) -> float:
        """Of the peak, at so many tokens a second of so many operations each."""
        return rate * operations / self.peak


def subject(precision: str) -> Subject:
    model, tokenizer = load(MODEL, precision=precision)
    return Subject(model, tokenizer, precision, machine.peak(precision))
