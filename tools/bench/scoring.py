"""Chances of two words after each text, by this library and one text at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from shared.generation.prompts import batches, tokens_run
from shared.generation.score import among
from tools.bench.machine import seconds
from tools.bench.subject import CHECK, Subject, questions

TEXTS = 96
FEW = 8  # texts that are scored one at a time, of which the rate is taken
SHOTS = 40


class Scored(NamedTuple):
    """Tokens a second, counted as if texts had nothing in common. share: of the machine's peak, by
    the tokens that this library runs."""

    texts: str
    ours: float
    one_by_one: float
    share: float


def scoring(subject: Subject) -> Iterator[Scored]:
    asked = questions(TEXTS)
    shots = "".join(f"Question: {q}\nAnswer: unknown.\n\n" for q in questions(324)[-SHOTS:])
    yield _scored(subject, "short ones", [f"{q}{CHECK} I am" for q in asked])
    yield _scored(subject, f"{SHOTS} examples in common", [f"{shots}Question: {q}" for q in asked])


def _scored(subject: Subject, name: str, texts: Sequence[str]) -> Scored:
    ids = [subject.ids(text) for text in texts]
    words = [subject.ids(" yes")[0], subject.ids(" no")[0]]

    def ours() -> None:
        for _, rows in batches(subject.model, ids, batch_size=64, batch_tokens=8192):
            among(rows.logits, words)

    @torch.inference_mode()
    def one_by_one() -> None:
        for sequence in ids[:FEW]:
            tokens = torch.tensor([sequence], device=subject.model.device)
            among(subject.model(tokens, use_cache=False, logits_to_keep=1).logits[:, -1], words)

    tokens = sum(map(len, ids))
    rate = tokens / seconds(ours)
    plain = sum(map(len, ids[:FEW])) / seconds(one_by_one)
    operations = 2 * (subject.body * tokens_run(ids) + subject.head * len(ids)) / tokens
    return Scored(name, rate, plain, subject.share(rate, operations))
