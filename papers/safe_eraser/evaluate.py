"""Let one model answer all questions, and judge the answers.

    python -m papers.safe_eraser.evaluate --scale cpu --model small-llava \\
        --variant po-pd --seed 0 \\
        --data results/cpu/safe_eraser/data \\
        --vanilla results/cpu/safe_eraser/models/small-llava/vanilla-s0 \\
        --trained results/cpu/safe_eraser/models/small-llava/po-pd-s0 \\
        --answers results/cpu/safe_eraser/scores/small-llava/vanilla-s0.parquet \\
        --out results/cpu/safe_eraser/scores/small-llava/po-pd-s0.parquet \\
        --record results/cpu/safe_eraser/runs/small-llava/evaluate-po-pd-s0.json

Each row of the result is one answer:

    dataset, set, id       which question; set: forget, retain, decouple or specificity
    sample                 which of its answers
    picture                name of the picture
    progress               of the training, 0 to 1; before 1 only some questions are asked
    category, level        of the benchmark's record
    output                 the answer; empty for the user's own copy of the authors' files, of whose
                           answers only labels and scores are kept
    unsafe, refused, normal    of `judging.py`; abnormal is not normal
    correct                the gold answer, word for word but for case and the full stop
    rouge_recall, rouge_f1 ROUGE-L against the gold answer (retain)
    rouge_official         recall, against what vanilla itself says (the released code's call)
"""

from collections.abc import Sequence
from pathlib import Path

from papers.safe_eraser import benchmark
from papers.safe_eraser.benchmark import DATASETS, TARGETS
from papers.safe_eraser.examiner import Asked, Examiner
from papers.safe_eraser.judging import judge_of
from papers.safe_eraser.settings import VANILLA, Settings
from papers.safe_eraser.unlearn import before_unlearning
from shared.comparison.scores import as_frame, write_scores
from shared.data.splits import first_of_each
from shared.errors import UserError
from shared.models.loading import load, load_processor
from shared.workflow.step import Run, step

READS = (
    "model", "benchmark", "specificity", "judge", "probe", "sampling", "answer_tokens",
    "batch_size", "batch_tokens",
)  # fmt: skip

NAMES = ("dataset", "set", "category", "level", "picture")


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
    base = before_unlearning(settings.model, vanilla)
    everything = asked(settings, data, targets=variant == VANILLA)
    found = []
    with judge_of(settings.judge, run.key) as judge:
        said = benchmark.said_by(answers)
        examiner = Examiner(settings, load_processor(base), judge, said)
        for progress, folder in snapshots(trained):
            model, _ = load(base, trained=folder)
            part = everything if progress == 1 else probed(everything, settings.probe)
            scores = examiner.scores(model, part, seed)
            found += [score | {"progress": progress} for score in scores]
        scores = as_frame(found, names=NAMES)
        if variant == VANILLA:  # what vanilla itself says is what it said
            own = scores["rouge_recall"]
            scores["rouge_official"] = own.where(own.isna(), 1.0)
        write_scores(scores, run.out)
    unjudged = scores[["unsafe", "refused", "normal"]].isna().any(axis=1)
    return {"answers": len(scores), "tokens": examiner.tokens, "unjudged": int(unjudged.sum())}


def asked(settings: Settings, data: Path, targets: bool) -> list[Asked]:
    """All questions, with the name of their data set. targets: also what the official protocol
    trains on, which only vanilla is asked."""
    names = DATASETS | ({("retain", "train"): TARGETS} if targets else {})
    found = [
        Asked(settings.dataset(names[question.set, record.split]), question)
        for record in benchmark.records(settings, data)
        for question in record.questions
        if (question.set, record.split) in names
    ]
    files = {name: Path(path) for name, path in settings.specificity.items()}
    if settings.generated:
        files[settings.dataset("Specificity")] = data / "specificity.jsonl"
    for name, path in files.items():
        found += [Asked(name, question) for question in benchmark.read_specificity(name, path)]
    return found


def snapshots(trained: Path | None) -> list[tuple[float, Path | None]]:
    """(progress, folder) of each snapshot in order; a model as it is has one, at its end."""
    if not trained:
        return [(1.0, None)]
    folders = sorted(trained.glob("step-*"))
    if not folders:
        raise UserError(f"{trained}: no folder step-*; expected what unlearn writes")
    numbers = [int(folder.name.partition("-")[2]) for folder in folders]
    return [(number / numbers[-1], folder) for number, folder in zip(numbers, folders, strict=True)]


def probed(everything: Sequence[Asked], size: int) -> list[Asked]:
    """The first `size` questions of each data set: the records are in random order."""
    return first_of_each(everything, size, lambda each: each.dataset)


if __name__ == "__main__":
    step(evaluate)
