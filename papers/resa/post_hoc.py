"""The post-hoc filter: a guard that withholds the replies of an untrained model.

A logistic regression on sentence embeddings of requests, learned from the training prompts. It
stands in for Llama Guard, whose weights an ordinary installation does not have, and like any such
guard sees a request with the attack around it. It reads no reply: an untrained model never
refuses here, so the request alone decides whether a reply should be withheld.
"""

from collections.abc import Sequence

from sklearn.linear_model import LogisticRegression

from shared.models.embeddings import SentenceEncoder

INVERSE_REGULARISATION = 10.0  # as of the classifier of refusals (shared/judges/classifier.py)


class PostHocGuard:
    """samples: the training samples, of which prompt and `harmful` are used."""

    def __init__(self, samples: Sequence[dict], encoder: SentenceEncoder | None = None):
        self.encoder = encoder or SentenceEncoder()
        self.regression = LogisticRegression(C=INVERSE_REGULARISATION, tol=1e-8, max_iter=1000)
        vectors = self.encoder([sample["prompt"] for sample in samples]).astype(float)
        self.regression.fit(vectors, [sample["harmful"] for sample in samples])

    def withheld(self, prompts: Sequence[str]) -> list[bool]:
        """Whether the reply to each prompt is withheld."""
        return self.regression.predict(self.encoder(prompts)).tolist()
