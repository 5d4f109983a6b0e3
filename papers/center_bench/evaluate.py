"""Score the replies of all models of CenterBench, the reference solvers, and the scorers.

    python -m papers.center_bench.evaluate --scale cpu --data results/cpu/center_bench/data \\
        --replies results/cpu/center_bench/replies --out results/cpu/center_bench/scores \\
        --record results/cpu/center_bench/runs/evaluate.json

One program for all, so that a text that several runs wrote is parsed and embedded once. Writes
`<run>.parquet` for each model and solver, a row a question:

    id, source, subset, level, type, sentence_id, pair, middle    which question
    prediction          the answer as it was scored, null if no reply came
    correct_official    under the authors' scorer, null if no reply came
    rule                what decided there
    correct_strict      under the strict scorer, null if no reply came
    reply_tokens, thoughts_words    of a model's reply; null for a solver

and `scorer_audit.parquet`: what the scorers accept of prepared answers to the published questions
(`scorer_audit`); no rows if these were not reached.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from papers.center_bench import official_scorer, strict_scorer
from papers.center_bench.ask import FILES, asked_questions
from papers.center_bench.lemmas import Lemmatizer
from papers.center_bench.scorer_audit import audit
from papers.center_bench.settings import Settings
from papers.center_bench.solvers import solve
from shared.comparison.scores import read_scores, write_scores
from shared.errors import UserError, one_line_errors
from shared.files import read_jsonl
from shared.models.embeddings import SentenceEncoder
from shared.workflow.programs import step_parser, step_settings
from shared.workflow.records import write_run

QUESTION = ["id", "source", "subset", "level", "type", "sentence_id", "pair", "middle"]
ASKED = ["sentence", "entity", "question", "answer"]  # also of a question, not of its scores


class Scorers:
    """Both scorers, with the models that the official one needs."""

    def __init__(self, similarity: float):
        self.encoder, self.lemmatizer = SentenceEncoder(), Lemmatizer()
        self.similarity = similarity

    def score(self, questions: pd.DataFrame, replies: Sequence[str | None]) -> pd.DataFrame:
        """The scores of replies to questions, without what only a model's reply has."""
        scores = questions[QUESTION].reset_index(drop=True)
        replied = np.array([reply is not None for reply in replies], bool)
        said = [official_scorer.extract(reply) for reply in replies if reply is not None]
        rows = questions[replied]
        official, rule = official_scorer.score(
            rows, said, self.encoder, self.lemmatizer, self.similarity
        )
        strict = strict_scorer.score(rows, said)
        for name, values, kind in (
            ("prediction", said, "string"),
            ("correct_official", official, "boolean"),
            ("rule", rule, "string"),
            ("correct_strict", strict, "boolean"),
        ):
            scores[name] = pd.Series(values, np.flatnonzero(replied), kind)
        return scores


def frame(questions: Sequence[dict]) -> pd.DataFrame:
    return pd.DataFrame(questions, columns=QUESTION + ASKED)


def read_replies(path: Path, questions: pd.DataFrame) -> pd.DataFrame:
    """What `ask` wrote, in the order of the questions. Raises `UserError` if one is missing."""
    needs = ("id", "prediction", "thoughts_words", "reply_tokens")
    replies = read_scores(path, needs).set_index("id")
    if len(missing := questions["id"][~questions["id"].isin(replies.index)]):
        raise UserError(f"{path}: nothing on {missing.iloc[0]}, expected a row for each question")
    return replies.loc[questions["id"]].reset_index()


def main() -> None:
    parser = step_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--replies", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings: Settings = step_settings("center_bench", arguments)
    questions = frame(asked_questions(arguments.data, settings.asked))
    published = frame(read_jsonl(arguments.data / FILES["CenterBench"]))
    scorers = Scorers(settings.similarity)

    files = {run: arguments.replies / f"{run}.parquet" for run in settings.runs()}
    for run in tqdm([*files, *settings.solvers], unit="run", disable=None):
        if run in files:
            replies = read_replies(files[run], questions)
            texts = [None if text is pd.NA else text for text in replies["prediction"]]
        else:
            texts = solve(run, questions, scorers.encoder)
            replies = pd.DataFrame(
                index=questions.index, columns=["thoughts_words", "reply_tokens"]
            )
        scores = scorers.score(questions, texts)
        for name in ("reply_tokens", "thoughts_words"):
            scores[name] = replies[name].astype("Int32")
        write_scores(scores, arguments.out / f"{run}.parquet")
    audited = audit(published, scorers.encoder, scorers.lemmatizer, scorers.similarity)
    write_scores(audited, arguments.out / "scorer_audit.parquet")
    write_run(
        arguments.record,
        started,
        settings=settings.model_dump(mode="json"),
        inputs=[*(arguments.data / name for name in FILES.values()), *files.values()],
        questions=len(questions),
        prepared_answers=len(audited),
    )


if __name__ == "__main__":
    one_line_errors(main)
