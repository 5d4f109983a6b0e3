"""From the probabilities of the first token to a decision: refuse or answer.

Pure functions of arrays. `refusing` (n, k) are the probabilities of k refusal tokens, `respond`
(n,) that of [respond], all of the same softmax over the whole vocabulary. Decisions are (n,) bool.
"""

import numpy as np


def over_threshold(refusing: np.ndarray, threshold: float) -> np.ndarray:
    """Refuse if the likeliest refusal token has at least this probability, which is not set
    against that of [respond] (released code, `--threshold`)."""
    return refusing.max(axis=1) >= threshold


def sum_over_threshold(refusing: np.ndarray, threshold: float) -> np.ndarray:
    """Refuse if the refusal tokens together have at least this probability."""
    return refusing.sum(axis=1) >= threshold


def likelier_than_respond(refusing: np.ndarray, respond: np.ndarray) -> np.ndarray:
    """Refuse if a refusal token is at least as likely as [respond] (released code, t = -1)."""
    return refusing.max(axis=1) >= respond


def suppressed(
    refusing: np.ndarray, respond: np.ndarray, categories: list[int], threshold: float
) -> np.ndarray:
    """The rule of the released code for `--tokens_supress`.

    Where the likeliest refusal token is one of `categories` it must reach the threshold, or else
    [respond] is put in its place (with a threshold above 1: always). Elsewhere the likelier of
    refusal and [respond] stays; there the released code lets the model write on by itself, which
    is the same where it begins with one of these tokens.
    """
    controlled = np.isin(refusing.argmax(axis=1), categories)
    return np.where(
        controlled,
        over_threshold(refusing, threshold),
        likelier_than_respond(refusing, respond),
    )


def with_bias(refusing: np.ndarray, respond: np.ndarray, bias: float) -> np.ndarray:
    """Refuse if a refusal token is likelier once `bias` is added to the logits of them all.

    Adding b to a logit multiplies what the softmax sets against the others by e^b, and [respond]
    keeps its own: P(refuse) e^b >= P(respond).
    """
    return likelier_than_respond(refusing * np.exp(bias), respond)
