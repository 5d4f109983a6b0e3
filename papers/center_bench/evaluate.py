"""Score the replies of one model of CenterBench, asked in one way, under both scorers.

Writes a row a question, as `scoring` says.
"""

from pathlib import Path

import pandas as pd

from papers.center_bench.asked import asked_questions
from papers.center_bench.scoring import OF_REPLIES, Scorers, frame
from shared.comparison.scores import read_scores, write_scores
from shared.errors import UserError
from shared.runner.step import Run, step

READS = ("model", "asked", "similarity")


def evaluate(run: Run, data: Path, replies: Path) -> dict:
    """Score what `ask` wrote."""
    questions = frame(asked_questions(data, run.settings.questions))
    found = read_replies(replies, questions)
    answers = [None if text is pd.NA else text for text in found["prediction"]]
    scores = Scorers(run.settings.similarity).score(questions, answers, found)
    write_scores(scores, run.out)
    return {"questions": len(questions)}


def read_replies(path: Path, questions: pd.DataFrame) -> pd.DataFrame:
    """What `ask` wrote, in the order of the questions. Raises `UserError` if one is missing."""
    replies = read_scores(path, ("id", "prediction", *OF_REPLIES)).set_index("id")
    if len(missing := questions["id"][~questions["id"].isin(replies.index)]):
        raise UserError(f"{path}: nothing on {missing.iloc[0]}, expected a row for each question")
    return replies.loc[questions["id"]].reset_index()


if __name__ == "__main__":
    step(evaluate)
