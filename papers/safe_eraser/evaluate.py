"""Let one model answer all questions, and judge the answers.

Each row of the result is one answer:

    dataset, set, id       which question; set: forget, retain, decouple or specificity
    sample                 which of its answers
    picture                its path in the benchmark's folder
    progress               of the training, 0 to 1; before 1 only some requests are made
    category, level        of the benchmark's record
    output                 the answer; empty for the user's own copy of the authors' files, of whose
                           answers only labels and scores are kept
    unsafe, refused, normal    of `judging.py`; abnormal is not normal
    correct                0 to 1: the gold answer, but for case and the full stop; of specificity
                           by the benchmark's own rule
    rouge_recall, rouge_f1 ROUGE-L against the gold answer (retain)
    rouge_official         recall, against what vanilla itself says (the released code's call)
    gpt_eval, gpt_eval_official  the same two as grades of a language model, where it judges
"""

from collections.abc import Sequence
from pathlib import Path

from papers.safe_eraser import benchmark
from papers.safe_eraser.benchmark import PROBED, TARGETS, Question
from papers.safe_eraser.examiner import Examiner
from papers.safe_eraser.judging import judge_of
from papers.safe_eraser.settings import VANILLA, Settings
from shared.chat.loading import chat_of, opening
from shared.chat.settings import Asked
from shared.comparison.scores import as_frame, write_scores
from shared.data.splits import first_of_each
from shared.errors import UserError
from shared.runner.step import Run, step

READS = (
    "model", "engine", "benchmark", "judge", "probe", "sampling", "answer_tokens", "batch_size",
    "batch_tokens", "precision",
)  # fmt: skip

NAMES = ("dataset", "set", "category", "level", "picture")
FLAGS = ("unsafe", "refused", "normal", "abnormal")


def evaluate(
    run: Run,
    data: Path,
    variant: str,
    seed: int,
    vanilla: Path | None = None,
    trained: Path | None = None,
    answers: Path | None = None,
) -> dict:
    """Ask one model all questions. vanilla: its folder, where it was trained here. trained and
    answers: a variant's snapshots, and vanilla's scores; vanilla itself needs neither."""
    settings = run.settings
    model = Asked(model=settings.base(vanilla), engine=settings.engine)
    everything = asked(settings, data, targets=variant == VANILLA)
    found = []
    with judge_of(settings.judge, run.key, settings.precision) as judge:
        said = benchmark.said_by(answers)
        examiner = Examiner(settings, judge, said)
        for progress, folder in snapshots(trained):
            part = everything if progress == 1 else probed(everything, settings.probe)
            with chat_of(model, trained=folder, **opening(settings)) as chat:
                scores = examiner.scores(chat, part, seed)
            found += [score | {"progress": progress} for score in scores]
        scores = as_frame(found, names=NAMES, flags=FLAGS)
        if variant == VANILLA:  # where the files don't hold what vanilla says, it is this
            missing = scores["rouge_official"].isna() & (scores["set"] == "retain")
            scores.loc[missing, "rouge_official"] = 1.0
        write_scores(scores, run.out)
    tokens, unjudged = examiner.tokens, examiner.unjudged
    return {"answers": len(scores), "tokens": tokens, "unjudged": unjudged}


def asked(settings: Settings, data: Path, targets: bool) -> list[Question]:
    """All questions. targets: also what the official protocol trains on, which only vanilla is
    asked."""
    left_out = {"", *([] if targets else [TARGETS])}
    records = benchmark.read(settings.folder(data))
    found = [each for record in records for each in record.questions]
    found += benchmark.read_specificity(data)
    return [each for each in found if each.dataset not in left_out]


def snapshots(trained: Path | None) -> list[tuple[float, Path | None]]:
    """(progress, folder) of each snapshot in order; a model as it is has one, at its end."""
    if not trained:
        return [(1.0, None)]
    folders = sorted(trained.glob("step-*"))
    if not folders:
        raise UserError(f"{trained}: no folder step-*; expected what unlearn writes")
    numbers = [int(folder.name.partition("-")[2]) for folder in folders]
    return [(number / numbers[-1], folder) for number, folder in zip(numbers, folders, strict=True)]


def probed(everything: Sequence[Question], size: int) -> list[Question]:
    """The first `size` held-out requests, on forbidden and on benign pictures: the records are in
    random order."""
    held_out = [each for each in everything if each.dataset in PROBED]
    return first_of_each(held_out, size, lambda each: each.dataset)


if __name__ == "__main__":
    step(evaluate)
