"""The rules of test time on five prompts, worked by hand.

             P(a)  P(b)  P(respond)   likeliest  sum
sure refusal .70   .10   .10          a .70      .80
sure answer  .05   .01   .90          a .05      .06
split        .30   .32   .35          b .32      .62
close        .45   .05   .45          a .45      .50
neither      .02   .03   .04          b .03      .05
"""

import numpy as np
import pytest

from papers.refusal_tokens import thresholds

REFUSING = np.array([[0.70, 0.10], [0.05, 0.01], [0.30, 0.32], [0.45, 0.05], [0.02, 0.03]])
RESPOND = np.array([0.10, 0.90, 0.35, 0.45, 0.04])


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.0, [1, 1, 1, 1, 1]),  # everything reaches 0
        (0.05, [1, 1, 1, 1, 0]),  # equal counts as reached
        (0.32, [1, 0, 1, 1, 0]),
        (0.5, [1, 0, 0, 0, 0]),
        (1.1, [0, 0, 0, 0, 0]),
    ],
)
def test_the_likeliest_token_against_a_threshold(threshold, expected):
    assert thresholds.over_threshold(REFUSING, threshold).tolist() == [bool(e) for e in expected]


def test_the_sum_finds_a_refusal_that_is_split_between_two_tokens():
    """At 0.6: sums .80 and .62 are over it, of the likeliest tokens only .70."""
    assert thresholds.sum_over_threshold(REFUSING, 0.6).tolist() == [1, 0, 1, 0, 0]
    assert thresholds.over_threshold(REFUSING, 0.6).tolist() == [1, 0, 0, 0, 0]


def test_with_one_token_sum_and_likeliest_are_the_same():
    one = REFUSING[:, :1]
    for t in (0.01, 0.3, 0.45, 0.9):
        assert (thresholds.over_threshold(one, t) == thresholds.sum_over_threshold(one, t)).all()


def test_compared_with_respond():
    """.70 >= .10, .05 < .90, .32 < .35, .45 >= .45 (equal refuses), .03 < .04."""
    assert thresholds.likelier_than_respond(REFUSING, RESPOND).tolist() == [1, 0, 0, 1, 0]


def test_suppression_touches_only_where_the_category_is_likeliest():
    """Suppressing a takes back its two refusals (sure, close); suppressing b has none to take."""
    by_itself = thresholds.likelier_than_respond(REFUSING, RESPOND)
    without_a = thresholds.suppressed(REFUSING, RESPOND, [0], np.inf)
    without_b = thresholds.suppressed(REFUSING, RESPOND, [1], np.inf)
    assert without_a.tolist() == [0, 0, 0, 0, 0]
    assert (without_b == by_itself).all()


def test_a_controlled_category_is_held_to_its_threshold():
    """a at 0.5: .70 stays, .45 goes. b, controlled at 0.3, refuses "split" though [respond] is
    likelier there: the released rule does not look at [respond] of a controlled category."""
    assert thresholds.suppressed(REFUSING, RESPOND, [0], 0.5).tolist() == [1, 0, 0, 0, 0]
    assert thresholds.suppressed(REFUSING, RESPOND, [1], 0.3).tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        (0.0, [1, 0, 0, 1, 0]),  # no bias: compared with [respond]
        (0.5, [1, 0, 1, 1, 1]),  # x 1.65: .32 -> .53 > .35, .03 -> .049 > .04; .05 -> .08 < .90
        (3.0, [1, 1, 1, 1, 1]),  # x 20.1: .05 -> 1.004 > .90
        (-2.0, [0, 0, 0, 0, 0]),  # x 0.135: .70 -> .095 < .10
    ],
)
def test_bias_multiplies_the_odds(bias, expected):
    found = thresholds.with_bias(REFUSING, RESPOND, bias)
    assert found.tolist() == [bool(e) for e in expected]


def test_bias_is_what_adding_to_the_logits_does():
    """Against softmax of the biased logits over a vocabulary of five, written out."""
    logits = np.random.default_rng(0).normal(size=(50, 5)) * 3

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    chances = softmax(logits)
    for bias in (-5, -0.7, 2, 5):
        moved = softmax(logits + np.array([bias, bias, 0, 0, 0]))
        expected = moved[:, :2].max(axis=1) >= moved[:, 2]
        assert (thresholds.with_bias(chances[:, :2], chances[:, 2], bias) == expected).all()


def test_a_higher_threshold_never_refuses_more():
    chances = np.random.default_rng(1).random((200, 3)) / 3
    for rule in (thresholds.over_threshold, thresholds.sum_over_threshold):
        counts = [rule(chances, t).sum() for t in np.linspace(0, 1, 50)]
        assert counts == sorted(counts, reverse=True) and counts[0] == 200
