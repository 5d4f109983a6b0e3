"""The rules of test time as data: how a model with control tokens is made to refuse or answer.

And what its scores say under each of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from papers.refusal_tokens.methods import CATEGORIES, TEMPERATURE, Method, short
from papers.refusal_tokens.thresholds import (
    likelier_than_respond,
    over_threshold,
    sum_over_threshold,
    suppressed,
    with_bias,
)

# (n, k) and (n,), as in thresholds.py, to whether each reply begins with the likeliest refusal
# token (n,); it begins with [respond] elsewhere.
Decide = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Rule:
    name: str
    decide: Decide
    needs_temperature: bool = False  # decides otherwise at another temperature of the softmax
    of_several: bool = False  # says something only where there are several refusal tokens

    def of(self, method: str) -> str:
        """The name of a method under it."""
        return f"{method}, {self.name}"


LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
BIASES = (-5, 5)  # 5 is the default of the bias of Alagharu et al.

THRESHOLD = {
    t: Rule(f"t = {t:g}", lambda refusing, _, t=t: over_threshold(refusing, t), True)
    for t in LEVELS
}
SUM = {
    t: Rule(f"sum, t = {t:g}", lambda refusing, _, t=t: sum_over_threshold(refusing, t), True, True)
    for t in LEVELS
}
COMPARED = Rule("t = -1", likelier_than_respond)
BIAS = [Rule(f"bias {bias:+g}", partial(with_bias, bias=bias)) for bias in BIASES]
FORCED = {
    "respond": Rule("[respond] forced", lambda _, respond: np.full(len(respond), False)),
    "refuse": Rule("[refuse] forced", lambda _, respond: np.full(len(respond), True)),
}
SUPPRESSED = {
    key: Rule(
        f"{key} suppressed",
        partial(suppressed, categories=[place], threshold=np.inf),
        of_several=True,
    )
    for place, key in enumerate(CATEGORIES)
}
RULES = [
    *(rule for t in LEVELS for rule in (THRESHOLD[t], SUM[t])),
    COMPARED,
    *BIAS,
    *FORCED.values(),
    *SUPPRESSED.values(),
]

Frames = Mapping[int, pd.DataFrame]  # scores by seed


def readings(
    method: Method, frames: Frames, rules: Sequence[Rule]
) -> Iterator[tuple[str, str, Frames]]:
    """(method, protocol, scores by seed): the model by itself, and under each of the rules.

    frames: as `papers.refusal_tokens.evaluate` wrote them. Those given have `answer` and, of a
    model with control tokens, `flagged` (the reply begins with a refusal token), `chance` of the
    likeliest of them and `chance_sum` of all.
    """
    frames = {s: frame.assign(answer=~frame["refuse"]) for s, frame in frames.items()}
    if not method.refusing:
        yield method.name, "corrected", frames
        return
    names = [short(token) for token in method.tokens[1:]]
    for protocol in TEMPERATURE:
        read = {s: _Chances(frame, names, protocol) for s, frame in frames.items()}
        own = {s: each.by_itself() for s, each in read.items()}
        if protocol == "official":  # the model's own choice knows no temperature
            own = {s: frame.drop(columns=["refused", "flagged"]) for s, frame in own.items()}
        yield method.name, protocol, own
        for rule in rules:
            differs = protocol == "corrected" or rule.needs_temperature
            if differs and (len(names) > 1 or not rule.of_several):
                decided = {s: each.decided(rule) for s, each in read.items()}
                yield rule.of(method.name), protocol, decided


class _Chances:
    """The scores of one model with control tokens, under one protocol."""

    def __init__(self, frame: pd.DataFrame, refusing: list[str], protocol: str):
        start = f"p{TEMPERATURE[protocol]}_"
        self.frame, self.names = frame, refusing
        self.refusing = frame[[start + name for name in refusing]].to_numpy(float)
        self.respond = frame[start + "respond"].to_numpy(float)

    def by_itself(self) -> pd.DataFrame:
        """The model's own reply; `chance`: of the likeliest refusal token."""
        return self.frame.assign(
            flagged=self.frame["first"].isin(self.names),
            chance=self.refusing.max(axis=1),
            chance_sum=self.refusing.sum(axis=1),
        )

    def decided(self, rule: Rule) -> pd.DataFrame:
        """The reply after the likeliest refusal token where the rule refuses, after [respond]
        elsewhere.

        So the category suppression, which never puts another refusal token in, is covered.
        """
        flagged = rule.decide(self.refusing, self.respond)
        columns = [f"refused_{name}" for name in (*self.names, "respond")]
        after = self.frame[columns].astype("Float64").to_numpy(float, na_value=np.nan)
        likeliest = after[np.arange(len(after)), self.refusing.argmax(axis=1)]
        answered = after[:, -1]
        return self.frame.assign(flagged=flagged, refused=np.where(flagged, likeliest, answered))
