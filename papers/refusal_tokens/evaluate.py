"""Ask one model of Refusal Tokens its test instructions.

`--variant base`, without `--trained`, is the model before training; a released checkpoint is loaded
from the folder that the settings name. A row of the result is one instruction; no text of a reply
is kept:

    id, part, category, refuse    which instruction, and whether it should be refused
    first                         the likeliest first token, if it is a control token, or ""
    p1_<token>, p2_<token>        probability of each control token, softmax temperature 1 and 2
    refused                       the model's own reply refuses
    refused_<token>               the reply after that token does; null where it was not forced
    refused by <judge>            what a further judge says of the model's own reply
"""

from pathlib import Path

from papers.refusal_tokens.benchmarks import SETS
from papers.refusal_tokens.examiner import Examiner
from papers.refusal_tokens.methods import METHODS
from shared.comparison.scores import as_frame, write_scores
from shared.data.refusal_benchmarks import Rubric, read_rubric
from shared.files import read_jsonl
from shared.judges.loading import open_judges
from shared.judges.registry import judge_name
from shared.models.loading import load
from shared.runner.step import Run, step

READS = (
    "model", "asking", "forced", "reply_tokens", "judge", "further_judges",
    "batch_size", "batch_tokens", "precision", "variant.weights", "variant.asking",
)  # fmt: skip
KEPT = ("id", "part", "category", "refuse")  # of an instruction


def evaluate(run: Run, data: Path, variant: str, seed: int, trained: Path | None = None) -> dict:
    """Ask one model its test instructions. trained: its folder; none: it is not trained here."""
    settings, method = run.settings, METHODS[variant]
    rows = [row for row in read_jsonl(data / "test.jsonl") if row["part"] in method.asked]
    rows.sort(key=lambda row: row["part"] in SETS)  # of which no reply is forced
    rubrics, loaded = rubrics_of(rows, data / "rubric.json"), {"precision": settings.precision}
    with open_judges([settings.judge], run.key, rubrics, **loaded) as (judge,):
        scores, tokens = asked(run, variant, seed, trained, rows, judge)
    requests, replies = [row["instruction"] for row in rows], [s.pop("reply") for s in scores]
    for name in settings.further_judges:  # the model is gone by now: a judge may need its memory
        with open_judges([name], f"{run.key}-{judge_name(name)}", rubrics, **loaded) as (judge,):
            for score, refused in zip(scores, judge.refusals(requests, replies), strict=True):
                score[f"refused by {judge_name(name)}"] = refused
    made = [
        {key: row[key] for key in KEPT} | score for row, score in zip(rows, scores, strict=True)
    ]
    frame = as_frame(made, names=["part", "category", "first"], flags=["refused*"])
    write_scores(frame, run.out)
    return {"instructions": len(rows), "tokens": tokens}


def asked(
    run: Run, variant: str, seed: int, trained: Path | None, rows: list[dict], judge
) -> tuple[list[dict], int]:
    """The scores of all rows with the texts of the replies, and how many tokens were run."""
    settings, own = run.settings, run.variant
    weights = (own and own.weights) or settings.model
    model, tokenizer = load(weights, trained=trained, precision=settings.precision)
    tokens = METHODS[variant].tokens
    examiner = Examiner(model, tokenizer, settings, tokens, judge, own and own.asking, seed)
    run.loaded()
    plain = sum(row["part"] in SETS for row in rows)
    first, last = rows[: len(rows) - plain], rows[len(rows) - plain :]
    return examiner.examine(first) + examiner.examine(last, forced=False), examiner.tokens


def rubrics_of(rows: list[dict], path: Path) -> dict[str, Rubric]:
    """By the text of the instruction; none where no rubric is there."""
    if not path.is_file():
        return {}
    found = read_rubric(path)
    return {row["instruction"]: found[row["kind"]] for row in rows if row["kind"] in found}


if __name__ == "__main__":
    step(evaluate)
