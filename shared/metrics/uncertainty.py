"""Uncertainty of a model about a question, from its answers."""

import math
from collections import Counter


def answer_entropy(answers: list[str]) -> float:
    """Entropy in nats of the empirical distribution over distinct answers.

    u = -sum over distinct answers a of p(a) ln p(a) (R-Tuning, arXiv 2311.09677, section 5.1).
    0 when all agree, ln(len(answers)) when all differ.
    """
    shares = [count / len(answers) for count in Counter(answers).values()]
    return sum(share * math.log(1 / share) for share in shares)
