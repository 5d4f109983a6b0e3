"""Answers to questions of CenterBench under both scorers, as the rows of a score file.

id, source, subset, level, type, sentence_id, pair, middle    which question
prediction          the answer as it was scored, null if no reply came
correct_official    under the authors' scorer, null if no reply came
rule                what decided there
correct_strict      under the strict scorer, null if no reply came
reply_tokens, thoughts_words    of a model's reply; null for a solver
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from papers.center_bench import official_scorer, strict_scorer
from papers.center_bench.lemmas import Lemmatizer
from shared.models.embeddings import SentenceEncoder

QUESTION = ["id", "source", "subset", "level", "type", "sentence_id", "pair", "middle"]
ASKED = ["sentence", "entity", "question", "answer"]  # also of a question, not of its scores
OF_REPLIES = ["reply_tokens", "thoughts_words"]


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
        for name, values, kind in (
            ("prediction", said, "string"),
            ("correct_official", official, "boolean"),
            ("rule", rule, "string"),
            ("correct_strict", strict, "boolean"),
        ):
            scores[name] = pd.Series(values, np.flatnonzero(given), kind)
        for name in OF_REPLIES:
            own = pd.NA if replies is None else replies[name]
            scores[name] = pd.Series(own, scores.index, "Int32")
        return scores


def frame(questions: Sequence[dict]) -> pd.DataFrame:
    return pd.DataFrame(questions, columns=QUESTION + ASKED)
