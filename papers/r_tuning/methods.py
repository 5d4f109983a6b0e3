"""The methods of R-Tuning as data: what each learns, how it is asked, how its scores are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from papers.r_tuning import prompts
from shared.training.examples import Segment

# What a training question is learnt with: the protocol, whether it is in D1 (certain), and random
# numbers for what is drawn.
Target = Callable[[dict, str, bool, np.random.Generator], list[Segment]]


@dataclass(frozen=True)
class Method:
    name: str  # in tables and figures, as the paper writes it
    learns: Target | None = None  # None: the model before tuning
    # Which questions are D1: all of them, those answered right (2.1), the half with less entropy of
    # the answers (5.1)
    certain: Literal["all", "right", "low entropy"] = "all"
    lead: str = ""  # what it says before its answer
    may_refuse: str = ""  # told on questions that may have no answer, as it was not tuned to refuse
    checks: bool = False  # says whether it is sure
    unanswerable: bool = True  # is in Tables 3 and 7
    two_stages: bool = False  # A.8
    willing: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame  # of `corrected` scores

    def is_asked(self, free: bool) -> bool:
        """Tables 3 and 7 are about models trained on questions with free answers."""
        return self.unanswerable and free


def _answer(row: dict, protocol: str, sure: bool, rng: np.random.Generator) -> list[Segment]:
    return prompts.answer_segments(row)


def _padded(row: dict, protocol: str, sure: bool, rng: np.random.Generator) -> list[Segment]:
    return prompts.answer_segments(row) + prompts.check_segments(sure)


def _replaced(row: dict, protocol: str, sure: bool, rng: np.random.Generator) -> list[Segment]:
    if sure:
        return prompts.answer_segments(row)
    return prompts.refusal_segments(str(rng.choice(prompts.REFUSALS[protocol])))


def _cheaper(row: dict, protocol: str, sure: bool, rng: np.random.Generator) -> list[Segment]:
    answer = f" {row['answers'][0]}" if sure else prompts.MIN_LOSS_REFUSAL
    return [Segment(prompts.MIN_LOSS_LEAD, False), Segment(f"{answer}.", True)]


def _if_sure(frame: pd.DataFrame) -> pd.DataFrame:
    """Willing if sure; ranked by half of each confidence (released calculate_ap.py)."""
    sure = frame["sure_probability"]
    return frame.assign(
        willing=sure > 0.5, refused=sure <= 0.5, confidence=0.5 * frame["confidence"] + 0.5 * sure
    )


def _unless_refused(frame: pd.DataFrame) -> pd.DataFrame:
    """Willing unless the answer is an uncertainty sentence."""
    return frame.assign(willing=~frame["refused"].astype(bool))


BASE = Method("Pretrain-T", may_refuse=prompts.MAY_REFUSE)
METHODS = {
    "vanilla": Method("Vanilla", _answer, may_refuse=prompts.MAY_REFUSE),
    "r-tuning": Method("R-Tuning", _padded, "right", checks=True, willing=_if_sure),
    "r-tuning-r": Method("R-Tuning-R", _replaced, "right", willing=_unless_refused),
    "r-tuning-u": Method(
        "R-Tuning-U", _padded, "low entropy", checks=True, unanswerable=False, willing=_if_sure
    ),
    "min-loss": Method(
        "Min-loss",
        _cheaper,
        "right",
        lead=prompts.MIN_LOSS_LEAD,
        two_stages=True,
        willing=_unless_refused,
    ),
}
