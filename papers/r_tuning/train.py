"""Fine-tune one variant of R-Tuning on one task."""

from pathlib import Path

import numpy as np
import pandas as pd

from papers.r_tuning import prompts
from papers.r_tuning.methods import METHODS
from papers.r_tuning.questions import read_questions
from papers.r_tuning.settings import Settings, Variant
from shared.comparison.scores import read_scores
from shared.errors import UserError
from shared.losses.supervised import minimum_cross_entropy, token_cross_entropy
from shared.models.loading import save
from shared.models.spec import made_in
from shared.models.tokens import continuation
from shared.runner.step import Run, step
from shared.training.examples import IGNORED, Segment, from_segments, pack
from shared.training.supervised import fine_tune, load_to_train

READS = ("model", "prompt", "packed", "training", "variant.method", "variant.protocol")


def train(
    run: Run,
    data: Path,
    task: str,
    variant: str,
    seed: int,
    base: Path | None = None,
    pretrained: Path | None = None,
) -> dict:
    """Fine-tune one variant on one task. base: scores of the model before tuning; for those that
    learn what it knew. pretrained: the folder of a model that is made here."""
    settings, method = run.settings, METHODS[run.variant.method]
    rows = [row for row in read_questions(data, task) if row["split"] == "train"]
    sure = certain(base, run.variant, rows, seed)
    model, tokenizer = load_to_train(made_in(pretrained, settings.model), settings.training)
    second: list[dict] = []
    if method.two_stages:
        rows = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
        rows, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    made = examples(rows, sure, run.variant, tokenizer, settings, seed)
    fit = settings.training
    if run.variant.protocol == "official":
        fit = fit.model_copy(update={"effective_batch_size": settings.packed.batch})
    stages = [(made, token_cross_entropy)]
    if method.two_stages:
        stages.append((min_loss_examples(second, tokenizer, settings), minimum_cross_entropy))
    records = []
    for number, (made, loss) in enumerate(stages):
        scratch = run.scratch / str(number)
        model, record = fine_tune(model, made, fit, seed=seed, scratch=scratch, loss=loss)
        records.append(record)
    save(model, run.out, precision=fit.precision)
    return {"certain": int(sure.sum()), "uncertain": int((~sure).sum()), "stages": records}


def certain(base: Path | None, variant: Variant, rows: list[dict], seed: int) -> pd.Series:
    """Which training questions are in D1 (certain), by id, as the method of the variant says."""
    by = METHODS[variant.method].certain
    if by == "all":
        return pd.Series(True, index=[row["id"] for row in rows])
    if not base:
        raise UserError(f"{variant.method} needs --base, the scores of the model before tuning")
    scores = read_scores(base)
    scores = scores[scores["split"] == "train"].set_index("id").sort_index()
    if by == "low entropy":  # equal ones, as where all samples differ, in random order
        mixed = scores.sample(frac=1, random_state=seed)
        ranked = mixed.sort_values("entropy", kind="stable")
        return pd.Series(scores.index.isin(ranked.index[: len(ranked) // 2]), index=scores.index)
    return scores["correct_official" if variant.protocol == "official" else "correct"].astype(bool)


def examples(
    rows: list[dict],
    sure: pd.Series,
    variant: Variant,
    tokenizer,
    settings: Settings,
    seed: int,
) -> list[dict]:
    """Tokenised training examples under the variant's protocol. The official one puts a token at
    the beginning of each text, if its template does not begin with that already."""
    rng = np.random.default_rng([seed, len(rows)])
    official = variant.protocol == "official"
    learns = METHODS[variant.method].learns
    made = []
    for row in rows:
        target = learns(row, variant.protocol, bool(sure[row["id"]]), rng)
        length = None if official else settings.training.max_length
        before = prompts.prompt(row, settings.prompt)
        bos = official and not before.startswith(tokenizer.bos_token)
        segments = [Segment(before, False), *target]
        made.append(from_segments(tokenizer, segments, bos=bos, max_length=length))
    if official:
        return pack([made[i] for i in rng.permutation(len(made))], settings.packed.block)
    return made


def min_loss_examples(rows: list[dict], tokenizer, settings: Settings) -> list[dict]:
    """Stage two of min-loss (A.8): one labelled position, whose label is the first token of the
    ground truth or of the refusal, whichever is cheaper."""
    made = []
    for row in rows:
        before = prompts.prompt(row, settings.prompt)
        ids = continuation(tokenizer, "", before)
        ids += continuation(tokenizer, before, prompts.MIN_LOSS_LEAD)
        before += prompts.MIN_LOSS_LEAD
        words = (f" {row['answers'][0]}", prompts.MIN_LOSS_REFUSAL)
        first, other = (continuation(tokenizer, before, word)[0] for word in words)
        unlabelled = [IGNORED] * len(ids)
        made.append(
            {
                "input_ids": [*ids, first],
                "labels": [*unlabelled, first],
                "others": [*unlabelled, other],
            }
        )
    return made


if __name__ == "__main__":
    step(train)
