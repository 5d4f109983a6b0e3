"""Answers to questions of CenterBench under both scorers, as the rows of a score file.

id, source, subset, level, type, sentence_id, pair, middle    which question
prediction          the answer as it was scored, null if no reply came
correct_official    under the authors' scorer, null if no reply came
rule                what decided there
correct_strict      under the strict scorer, null if no reply came
telling             whether the shortcut (`solvers`) would be wrong here, null if no reply came
reading             which reading of the sentence the answer follows, by the strict scorer: that of
                    its structure (it is right), of the shortcut, of the nearest verb, or another
reply_tokens, thoughts_words    of a model's reply; null for a solver
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from papers.center_bench import official_scorer, strict_scorer
from papers.center_bench.lemmas import Lemmatizer
from papers.center_bench.solvers import solve
from shared.models.embeddings import SentenceEncoder

QUESTION = ["id", "source", "subset", "level", "type", "sentence_id", "pair", "middle"]
ASKED = ["sentence", "entity", "question", "answer"]  # also of a question, not of its scores
OF_REPLIES = ["reply_tokens", "thoughts_words"]


MISLED = {"shortcut": "plausibility", "nearest verb": "nearest-verb"}  # reading -> its solver


class Scorers:
    """Both scorers, with the models that the official one needs."""

    def __init__(self, similarity: float):
        self.encoder, self.lemmatizer = SentenceEncoder(), Lemmatizer()
        self.similarity = similarity

    def score(
        self,
        questions: pd.DataFrame,
        answers: Sequence[str | None],
        replies: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """The scores of answers to questions; of `replies` the columns that are a model's."""
        scores = questions[QUESTION].reset_index(drop=True)
        given = np.array([answer is not None for answer in answers], bool)
        said = [official_scorer.extract(answer) for answer in answers if answer is not None]
        rows = questions[given]
        official, rule = official_scorer.score(
            rows, said, self.encoder, self.lemmatizer, self.similarity
        )
        strict = strict_scorer.score(rows, said)
        telling, reading = self._readings(rows, said, strict)
        for name, values, kind in (
            ("prediction", said, "string"),
            ("correct_official", official, "boolean"),
            ("rule", rule, "string"),
            ("correct_strict", strict, "boolean"),
            ("telling", telling, "boolean"),
            ("reading", reading, "string"),
        ):
            scores[name] = pd.Series(values, np.flatnonzero(given), kind)
        for name in OF_REPLIES:
            own = pd.NA if replies is None else replies[name]
            scores[name] = pd.Series(own, scores.index, "Int32")
        return scores

    def _readings(
        self, rows: pd.DataFrame, said: Sequence[str], right: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(telling, reading), each (n,), of answers that are right or not (n,)."""
        reading = np.where(right, "structure", "other").astype(object)
        answers = {name: solve(solver, rows, self.encoder) for name, solver in MISLED.items()}
        for name, own in answers.items():
            follows = strict_scorer.score(rows.assign(answer=own), said) & (np.array(own) != "")
            reading[follows & (reading == "other")] = name
        return ~strict_scorer.score(rows, answers["shortcut"]), reading


def frame(questions: Sequence[dict]) -> pd.DataFrame:
    return pd.DataFrame(questions, columns=QUESTION + ASKED)
