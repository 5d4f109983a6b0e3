"""Asks one model questions about pictures and compares what it says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from transformers import PreTrainedModel, ProcessorMixin

from papers.safe_eraser.benchmark import Question
from papers.safe_eraser.judging import Judge
from papers.safe_eraser.settings import Settings
from shared.generation.prompts import in_order
from shared.generation.vision_language import decode_with_pictures
from shared.metrics.overlap import rouge_l
from shared.models.images import looking
from shared.training.vision_language import prompted


class Asked(NamedTuple):
    dataset: str  # in tables
    question: Question


class Examiner:
    """Asks models of one processor. said: vanilla's own answers by id, for files that don't hold
    them."""

    def __init__(
        self, settings: Settings, processor: ProcessorMixin, judge: Judge, said: Mapping[str, str]
    ):
        self.settings, self.processor, self.judge, self.said = settings, processor, judge, said
        self.sampling = settings.sampling
        self.look = looking(processor)
        self.tokens = 0

    def scores(self, model: PreTrainedModel, asked: Sequence[Asked], seed: int) -> list[dict]:
        """A record for each answer; forget questions are answered several times where the settings
        draw answers."""
        several = range(self.sampling.samples if self.sampling else 1)
        wanted = [
            (each, sample)
            for each in asked
            for sample in (several if each.question.set == "forget" else (0,))
        ]
        questions = [each.question for each, _ in wanted]
        outputs = self._outputs(model, questions, seed)
        verdicts = self.judge.verdicts([each.question for each in questions], outputs)
        return [
            {
                "dataset": dataset,
                "set": question.set,
                "id": question.id,
                "category": question.category,
                "level": question.level,
                "picture": Path(question.picture).stem,
                "sample": sample,
                **self.compared(question, output),
                **verdict._asdict(),
                "abnormal": None if verdict.normal is None else not verdict.normal,
            }
            for ((dataset, question), sample), output, verdict in zip(
                wanted, outputs, verdicts, strict=True
            )
        ]

    def compared(self, question: Question, output: str) -> dict:
        made = {
            "output": output if self.settings.generated else "",
            "correct": plain(output) == plain(question.answer),
        }
        if question.set == "retain":
            gold = rouge_l(output, question.answer)
            said = question.prediction or self.said.get(question.id)
            made |= {"rouge_recall": gold.recall, "rouge_f1": gold.f1}
            made["rouge_official"] = rouge_l(output, said).recall if said else None
        return made

    def _outputs(
        self, model: PreTrainedModel, questions: Sequence[Question], seed: int
    ) -> list[str]:
        tokenizer, settings = self.processor.tokenizer, self.settings
        prompts = [
            prompted(self.processor, each.question, self.look(each.picture)) for each in questions
        ]
        drawn = {}
        if self.sampling:
            drawn = {"temperature": self.sampling.temperature, "top_p": self.sampling.top_p}
        decoded = decode_with_pictures(
            model,
            prompts,
            settings.answer_tokens,
            {tokenizer.eos_token_id},
            batch_size=settings.batch_size,
            batch_tokens=settings.batch_tokens,
            seed=(seed,),
            **drawn,
        )
        written = in_order((batch, made.ids) for batch, made in decoded)
        self.tokens += sum(len(prompt["input_ids"]) for prompt in prompts) + sum(map(len, written))
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        return [text.strip() for text in texts]


def plain(text: str) -> str:
    return text.strip().rstrip(".").lower()
