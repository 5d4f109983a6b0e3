"""Let one model answer all questions, and judge the answers.

    python -m papers.safe_eraser.evaluate --scale cpu --variant po-pd --seed 0 \\
        --data results/cpu/safe_eraser/data --vanilla results/cpu/safe_eraser/models/vanilla-s0 \\
        --answers results/cpu/safe_eraser/scores/vanilla-s0.parquet \\
        --trained results/cpu/safe_eraser/models/po-pd-s0 \\
        --out results/cpu/safe_eraser/scores/po-pd-s0.parquet \\
        --record results/cpu/safe_eraser/runs/evaluate-po-pd-s0.json

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

import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from papers.safe_eraser import benchmark
from papers.safe_eraser.judging import Judge, judge_of
from papers.safe_eraser.settings import VANILLA, Settings
from shared.comparison.scores import write_scores
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl
from shared.generation.vision_language import decode_with_pictures
from shared.metrics.overlap import rouge_l
from shared.models.images import looking
from shared.models.loading import load, load_processor
from shared.training.vision_language import prompted
from shared.workflow.programs import key_of, step_parser, step_settings
from shared.workflow.records import write_run

# (set, split) -> its name in tables
DATASETS = {
    ("forget", "train"): "Efficacy",
    ("forget", "val"): "Generality",
    ("decouple", "val"): "Decoupled",
    ("retain", "val"): "Retain",
}
# Only vanilla is asked these: the official protocol trains on its answers.
TARGETS = ("retain", "train")


def asked(settings: Settings, data: Path, vanilla: bool) -> list[dict]:
    """All questions, with the name of their data set."""
    names = DATASETS | ({TARGETS: "Targets"} if vanilla else {})
    rows = [
        row | {"dataset": settings.dataset(names[row["set"], row["split"]])}
        for row in benchmark.rows(settings, data)
        if (row["set"], row["split"]) in names
    ]
    files = {name: Path(path) for name, path in settings.specificity.items()}
    if settings.generated:
        files[settings.dataset("Specificity")] = data / "specificity.jsonl"
    for name, path in files.items():
        rows += specific(name, path)
    return rows


def specific(name: str, path: Path) -> list[dict]:
    """Questions on unrelated pictures: JSON Lines of image (a path beside the file), question (or
    text, as POPE has it) and answer (or label)."""
    made = []
    for number, row in enumerate(read_jsonl(path)):
        question, answer = (
            row.get(key, row.get(other))
            for key, other in (("question", "text"), ("answer", "label"))
        )
        if not all(isinstance(value, str) for value in (row.get("image"), question, answer)):
            raise UserError(
                f"{path}:{number + 1}: found {', '.join(row)}; expected image, question, answer"
            )
        made.append(
            {
                "dataset": name,
                "id": f"{name}/{number:05d}",
                "set": "specificity",
                "category": "",
                "level": "",
                "picture": str(path.parent / row["image"]),
                "question": question,
                "answer": answer,
            }
        )
    return made


def plain(text: str) -> str:
    return text.strip().rstrip(".").lower()


class Examiner:
    """Asks one model and judges what it says."""

    def __init__(self, settings: Settings, processor, judge: Judge, said: dict[str, str]):
        self.settings, self.processor, self.judge, self.said = settings, processor, judge, said
        self.look = looking(processor)
        self.tokens = 0

    def scores(self, model, rows: Sequence[dict], seed: int) -> list[dict]:
        """A record for each answer; forget questions are answered `samples` times."""
        several = range(self.settings.samples)
        wanted = [
            (row, sample)
            for row in rows
            for sample in (several if row["set"] == "forget" else (0,))
        ]
        outputs = self._outputs(model, [row for row, _ in wanted], seed)
        verdicts = self.judge.verdicts([row["question"] for row, _ in wanted], outputs)
        return [
            {
                **{key: row[key] for key in ("dataset", "set", "id", "category", "level")},
                "picture": Path(row["picture"]).stem,
                "sample": sample,
                **self._compared(row, output),
                **verdict._asdict(),
            }
            for (row, sample), output, verdict in zip(wanted, outputs, verdicts, strict=True)
        ]

    def _outputs(self, model, rows: Sequence[dict], seed: int) -> list[str]:
        tokenizer, settings = self.processor.tokenizer, self.settings
        prompts = [
            prompted(self.processor, row["question"], self.look(row["picture"])) for row in rows
        ]
        outputs = [""] * len(rows)
        for batch, decoded in decode_with_pictures(
            model,
            prompts,
            settings.answer_tokens,
            {tokenizer.eos_token_id},
            batch_size=settings.batch_size,
            batch_tokens=settings.batch_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=(seed,),
        ):
            texts = tokenizer.batch_decode(decoded.ids, skip_special_tokens=True)
            for index, text, ids in zip(batch, texts, decoded.ids, strict=True):
                outputs[index] = text.strip()
                self.tokens += len(prompts[index]["input_ids"]) + len(ids)
        return outputs

    def _compared(self, row: dict, output: str) -> dict:
        made = {
            "output": output if self.settings.generated else "",
            "correct": plain(output) == plain(row["answer"]),
        }
        if row["set"] == "retain":
            gold = rouge_l(output, row["answer"])
            said = row["prediction"] or self.said.get(row["id"])
            made |= {"rouge_recall": gold.recall, "rouge_f1": gold.f1}
            made["rouge_official"] = rouge_l(output, said).recall if said else None
        return made


def snapshots(trained: Path | None) -> list[tuple[float, Path | None]]:
    """(progress, folder) of each snapshot in order; a model as it is has one, at its end."""
    if not trained:
        return [(1.0, None)]
    folders = sorted(trained.glob("step-*"))
    if not folders:
        raise UserError(f"{trained}: no folder step-*; expected what train writes")
    last = int(folders[-1].name.split("-")[1])
    return [(int(folder.name.split("-")[1]) / last, folder) for folder in folders]


def probed(rows: Sequence[dict], size: int) -> list[dict]:
    """The first `size` questions of each data set: the records are in random order."""
    left: dict[str, int] = {}
    kept = []
    for row in rows:
        left[row["dataset"]] = left.get(row["dataset"], 0) + 1
        if left[row["dataset"]] <= size:
            kept.append(row)
    return kept


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vanilla", type=Path, help="folder of the trained vanilla, if there is")
    parser.add_argument("--answers", type=Path, help="its scores (not for vanilla itself)")
    parser.add_argument("--trained", type=Path, help="folder of the variant (not for vanilla)")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("safe_eraser", arguments)
    vanilla = arguments.variant == VANILLA
    base = f"path:{arguments.vanilla}" if arguments.vanilla else settings.model
    rows = asked(settings, arguments.data, vanilla)
    processor, said = load_processor(base), benchmark.said_by(arguments.answers)
    frames = []
    with judge_of(settings.judge, key_of(arguments.out.resolve())) as judge:
        examiner = Examiner(settings, processor, judge, said)
        for progress, folder in snapshots(arguments.trained):
            model, _ = load(base, trained=folder)
            part = rows if progress == 1 else probed(rows, settings.probe)
            frame = pd.DataFrame(examiner.scores(model, part, arguments.seed))
            frames.append(frame.assign(progress=progress))
        scores = as_frame(pd.concat(frames, ignore_index=True))
        if vanilla:  # what vanilla itself says is what it said
            own = scores["rouge_recall"]
            scores["rouge_official"] = own.where(own.isna(), 1.0)
        write_scores(scores, arguments.out)
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        seed=arguments.seed,
        inputs=[arguments.data / "sources.json"],
        answers=len(scores),
        tokens=examiner.tokens,
        unjudged=int(scores[["unsafe", "refused", "normal"]].isna().any(axis=1).sum()),
    )


def as_frame(scores: pd.DataFrame) -> pd.DataFrame:
    """Names as categories and numbers as float32, to keep the files small."""
    for column in ("dataset", "set", "category", "level", "picture"):
        scores[column] = scores[column].astype("category")
    for column in scores.select_dtypes("float64"):
        scores[column] = scores[column].astype("float32")
    scores["abnormal"] = [None if normal is None else not normal for normal in scores["normal"]]
    return scores


if __name__ == "__main__":
    one_line_errors(main)
