"""Asks one model questions about pictures and compares what it says."""

from collections.abc import Sequence

from transformers import PreTrainedModel, ProcessorMixin

from papers.safe_eraser.benchmark import Question
from papers.safe_eraser.judging import Judge, Said
from papers.safe_eraser.settings import Settings
from papers.safe_eraser.specificity import SCORES, exact
from shared.generation.prompts import in_order
from shared.generation.vision_language import decode_with_pictures
from shared.metrics.overlap import rouge_l
from shared.models.images import looking
from shared.training.vision_language import prompted


class Examiner:
    """Asks models of one processor. said: vanilla's own answers by id, for files that don't hold
    them."""

    def __init__(self, settings: Settings, processor: ProcessorMixin, judge: Judge, said: Said):
        self.settings, self.processor, self.judge, self.said = settings, processor, judge, said
        self.look = looking(processor)
        self.tokens = self.unjudged = 0

    def scores(self, model: PreTrainedModel, asked: Sequence[Question], seed: int) -> list[dict]:
        """A record for each answer; forget questions are answered several times where the settings
        draw answers."""
        drawn = self.settings.sampling
        samples = {"forget": drawn.samples if drawn else 1}
        wanted = [(each, n) for each in asked for n in range(samples.get(each.set, 1))]
        questions = [question for question, _ in wanted]
        outputs = self._outputs(model, questions, seed)
        judged = self.judge(questions, outputs, self.said)
        self.unjudged += sum(None in found.values() for found in judged)
        return [
            {
                "dataset": self.settings.dataset(question.dataset),
                "set": question.set,
                "id": question.id,
                "category": question.category,
                "level": question.level,
                "picture": question.picture,
                "sample": sample,
                **self.compared(question, output),
                **found,
                "abnormal": None if found.get("normal") is None else not found["normal"],
            }
            for (question, sample), output, found in zip(wanted, outputs, judged, strict=True)
        ]

    def compared(self, question: Question, output: str) -> dict:
        right = SCORES.get(question.dataset, exact)
        made = {
            "output": output if self.settings.generated else "",
            "correct": right(output, question.answers),
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
        """Benchmarks of specificity are answered greedily, as LLaVA's guide to them says."""
        drawn = self.settings.sampling
        greedy = [not drawn or question.set == "specificity" for question in questions]
        texts = [""] * len(questions)
        for how in dict.fromkeys(greedy):
            part = [number for number, each in enumerate(greedy) if each == how]
            drawing = {} if how else drawn.drawing
            made = self._said(model, [questions[number] for number in part], seed, **drawing)
            for number, text in zip(part, made, strict=True):
                texts[number] = text
        return texts

    def _said(
        self, model: PreTrainedModel, questions: Sequence[Question], seed: int, **drawing: float
    ) -> list[str]:
        tokenizer, settings = self.processor.tokenizer, self.settings
        prompts = [
            prompted(self.processor, each.question, self.look(each.path)) for each in questions
        ]
        decoded = decode_with_pictures(
            model,
            prompts,
            settings.answer_tokens,
            {tokenizer.eos_token_id},
            batch_size=settings.batch_size,
            batch_tokens=settings.batch_tokens,
            seed=(seed,),
            **drawing,
        )
        written = in_order((batch, made.ids) for batch, made in decoded)
        self.tokens += sum(map(len, written)) + sum(len(each["input_ids"]) for each in prompts)
        return [text.strip() for text in tokenizer.batch_decode(written, skip_special_tokens=True)]
