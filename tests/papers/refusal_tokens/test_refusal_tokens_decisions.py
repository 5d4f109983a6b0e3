"""What a model's replies are under each rule, on three instructions worked by hand.

              P(a)  P(b)  P(respond)   after a  after b  after [respond]
sure refusal  .70   .10   .10          refuses  answers  answers
sure answer   .05   .01   .90          refuses  refuses  answers
defiant       .10   .20   .60          answers  refuses  refuses
"""

import numpy as np
import pandas as pd
import pytest

from papers.refusal_tokens import decisions
from papers.refusal_tokens.decisions import RULES, readings
from papers.refusal_tokens.methods import Method

SEVERAL = Method("Two", refusing={"x": " [a]", "y": " [b]"})
ONE = Method("One", refusing={"x": " [a]", "y": " [a]"})
CHANCES = {"a": [0.7, 0.05, 0.1], "b": [0.1, 0.01, 0.2], "respond": [0.1, 0.9, 0.6]}
AFTER = {"a": [1, 1, 0], "b": [0, 1, 1], "respond": [0, 0, 1]}


def frame():
    columns = {"id": list("123"), "refuse": [True, False, False]}
    columns |= {"first": ["a", "respond", "respond"], "refused": [True, False, True]}
    for name, chances in CHANCES.items():
        columns[f"p1_{name}"], columns[f"p2_{name}"] = chances, np.full(3, 0.15)
        columns[f"refused_{name}"] = np.array(AFTER[name], dtype=bool)
    return pd.DataFrame(columns)


def under(method, rules=RULES):
    return {
        (name, protocol): frames[0]
        for name, protocol, frames in readings(method, {0: frame()}, rules)
    }


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        (decisions.THRESHOLD[0.1], [1, 0, 1]),  # tokens a, none, b
        (decisions.THRESHOLD[0.3], [1, 0, 1]),  # a, none, none: the last refuses all the same
        (decisions.THRESHOLD[0.9], [0, 0, 1]),
        (decisions.SUM[0.3], [1, 0, 1]),
        (decisions.COMPARED, [1, 0, 1]),
        (decisions.BIAS[1], [1, 1, 1]),  # .05 x e^5 = 7.4 > .90
        (decisions.BIAS[0], [0, 0, 1]),
        (decisions.FORCED["respond"], AFTER["respond"]),
        (decisions.FORCED["refuse"], [1, 1, 1]),  # after a, a and b
    ],
)
def test_the_words_are_those_after_the_token_that_is_decided_for(rule, refused):
    found = under(SEVERAL)[rule.of("Two"), "corrected"]
    assert found["refused"].tolist() == refused


def test_only_what_depends_on_the_temperature_is_read_at_another():
    official = {name for name, protocol in under(SEVERAL) if protocol == "official"}
    needing = {rule.of("Two") for rule in RULES if rule.needs_temperature}
    assert official == {"Two", *needing}
    assert needing == {f"Two, {kind}t = {t:g}" for kind in ("", "sum, ") for t in decisions.LEVELS}


def test_rules_of_several_tokens_say_nothing_of_one():
    names = {name for name, _ in under(ONE)}
    assert not [name for name in names if "sum" in name or "suppressed" in name]
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_model_without_tokens_is_read_by_itself():
    assert list(under(Method("Plain"))) == [("Plain", "corrected")]
