"""Asks one model questions about pictures and compares what it says."""

from collections.abc import Sequence

from papers.safe_eraser.benchmark import Question
from papers.safe_eraser.judging import Judge, Said
from papers.safe_eraser.settings import Settings
from papers.safe_eraser.specificity import SCORES, exact
from shared.chat.pictures import about_picture
from shared.chat.replies import Drawing
from shared.chat.tokens import TokenChat
from shared.metrics.overlap import rouge_l
from shared.models.images import OnDemand


class Examiner:
    """Asks models and judges. said: vanilla's own answers by id, for files that don't hold them."""

    def __init__(self, settings: Settings, judge: Judge, said: Said):
        self.settings, self.judge, self.said = settings, judge, said
        self.tokens = self.unjudged = 0

    def scores(self, chat: TokenChat, asked: Sequence[Question], seed: int) -> list[dict]:
        """A record for each answer; forget questions are answered several times where the settings
        draw answers."""
        drawn = self.settings.sampling
        samples = {"forget": drawn.samples if drawn else 1}
        wanted = [(each, n) for each in asked for n in range(samples.get(each.set, 1))]
        questions = [question for question, _ in wanted]
        outputs = self._outputs(chat, questions, seed)
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

    def _outputs(self, chat: TokenChat, questions: Sequence[Question], seed: int) -> list[str]:
        """Benchmarks of specificity are answered greedily, as LLaVA's guide to them says. An answer
        that is drawn has random numbers of its own, from the seed and its number."""
        drawn = self.settings.sampling
        greedy = [not drawn or question.set == "specificity" for question in questions]
        texts = [""] * len(questions)
        for how in dict.fromkeys(greedy):
            part = [number for number, each in enumerate(greedy) if each == how]
            seeds = [(seed, place) for place in range(len(part))]
            drawing = None if how else Drawing(seeds=seeds, **drawn.drawing)
            asked = OnDemand([questions[number] for number in part], _about)
            for place, reply in chat.answers(asked, self.settings.answer_tokens, drawing=drawing):
                texts[part[place]] = (reply.text or "").strip()
                self.tokens += reply.prompt_tokens + reply.reply_tokens
        return texts


def _about(question: Question) -> list[dict]:
    return [about_picture(question.path.read_bytes(), question.question)]
