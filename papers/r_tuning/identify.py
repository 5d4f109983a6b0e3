"""What a model knows before tuning (section 2.1): its answers to all questions of a task.

The scores are those of `papers.r_tuning.evaluate`, with more of the training questions:

    correct_official    as the released code identifies D1
    entropy             of k sampled answers, nats (R-Tuning-U's identification)
    nll, tokens         of the question (perplexity of D1 and D0)
    relation            what it asks for
"""

from pathlib import Path

import pandas as pd

from papers.r_tuning import matching
from papers.r_tuning.examiner import Examiner
from papers.r_tuning.judging import FIRST, NAMES, as_identified, judged
from papers.r_tuning.methods import BASE
from papers.r_tuning.questions import read_questions
from shared.comparison.scores import as_frame, write_scores
from shared.metrics.uncertainty import answer_entropy
from shared.models.loading import load
from shared.models.spec import made_in
from shared.runner.step import Run, step

READS = (
    "model", "tasks", "unanswerable", "prompt", "answer_tokens", "passage_answer_tokens",
    "identify_tokens", "samples", "temperature", "batch_size", "batch_tokens", "precision",
    "entropy_tasks",
)  # fmt: skip


def identify(run: Run, data: Path, task: str, pretrained: Path | None = None) -> dict:
    """Ask one model all questions of a task, the training questions too. pretrained: the folder of
    a model that is made here."""
    settings = run.settings
    asked = settings.unanswerable and BASE.is_asked(settings.tasks[task].is_free)
    rows = read_questions(data, task, unanswerable=bool(asked))
    train = [row for row in rows if row["split"] == "train"]
    loaded = load(made_in(pretrained, settings.model), precision=settings.precision)
    examiner = Examiner(*loaded, settings, BASE)
    run.loaded()
    answers = examiner.answer(rows)
    scores = judged(rows, answers).join(as_identified(train, answers["output"]))
    if task in settings.entropy_tasks:
        sampled = examiner.sample(train)
        scores["entropy"] = sampled.map(
            lambda answers: answer_entropy(list(map(matching.first_sentence, answers)))
        )
    relations = pd.Series({row["id"]: row["relation"] for row in train}, name="relation")
    scores = scores.join(examiner.nll(train)).join(relations)
    write_scores(as_frame(scores, names=[*NAMES, "relation"], first=FIRST), run.out)
    return {"questions": len(rows), "tokens": examiner.tokens}


if __name__ == "__main__":
    step(identify)
