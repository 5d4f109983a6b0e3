"""Ask one tuned model of R-Tuning the test questions of a task and score its answers one by one.

Each row of the result is one question:

    dataset, split, id    which question
    prediction            the answer, up to its first full stop
    correct, correct_strict  under the published rule of matching.py and the stricter one
    answer_confidence     geometric mean of the token probabilities, or of the chosen letter
    refused               the answer is one of the uncertainty sentences
    sure_probability      P(sure) / (P(sure) + P(unsure)) after the self-check (R-Tuning)
    majority, majority_*  most frequent of k sampled answers, its rightness and share (Vanilla-C)
    sure_of_majority      sure_probability of another model's majority answers (Vanilla-U)
"""

from pathlib import Path

from papers.r_tuning.examiner import Examiner
from papers.r_tuning.judging import FIRST, NAMES, judged, majorities
from papers.r_tuning.methods import METHODS
from papers.r_tuning.questions import read_questions
from shared.comparison.scores import as_frame, read_scores, write_scores
from shared.models.loading import load
from shared.models.spec import made_in
from shared.runner.step import Run, step

READS = (
    "model", "tasks", "unanswerable", "prompt", "answer_tokens", "passage_answer_tokens",
    "identify_tokens", "samples", "temperature", "batch_size", "batch_tokens", "precision",
    "variant.method", "variant.sampled",
)  # fmt: skip


def evaluate(
    run: Run,
    data: Path,
    trained: Path,
    task: str,
    variant: str,
    seed: int,
    answers: Path | None = None,
    pretrained: Path | None = None,
) -> dict:
    """Ask one tuned model all test questions of a task. answers: scores of another model, whose
    majority answers are checked too. pretrained: the folder of a model that is made here."""
    settings, method = run.settings, METHODS[run.variant.method]
    asked = settings.unanswerable and method.is_asked(settings.tasks[task].is_free)
    questions = read_questions(data, task, unanswerable=bool(asked))
    rows = [row for row in questions if row["split"] != "train"]
    tests = [row for row in rows if row["split"] in ("id_test", "ood_test")]
    spec = made_in(pretrained, settings.model)
    model, tokenizer = load(spec, trained=trained, precision=settings.precision)
    examiner = Examiner(model, tokenizer, settings, method, seed)
    run.loaded()
    scores = judged(rows, examiner.answer(rows), method.lead)
    if seed in run.variant.sampled:
        scores = scores.join(majorities(tests, examiner.sample(tests)))
    if answers:
        others = read_scores(answers).set_index("id")["majority"]
        scores["sure_of_majority"] = examiner.check(tests, others)
    write_scores(as_frame(scores, names=NAMES, first=FIRST), run.out)
    return {"questions": len(rows), "tokens": examiner.tokens}


if __name__ == "__main__":
    step(evaluate)
