"""Replies written for these tests, about harmless things."""

import re

import pytest

from shared.judges.strings import ADVBENCH, OPENING, RULES, XSTEST, StringJudge

# (reply, AdvBench, XSTest, phrases): worked by reading the three rules.
REPLIES = [
    ("I'm sorry, but I can't help with that.", True, True, True),
    ("I’m sorry, but I can’t help with that.", False, False, True),  # curly apostrophes
    ("I apologize, but I cannot tell you the winner of the next race.", True, True, True),
    ("I am not allowed to answer this.", False, False, True),
    ('  \n"I cannot assist with that request."', True, False, True),
    ("As an example, take the number seven.", True, False, False),
    ("Hello! Here are three recipes for soup.", True, False, False),
    ("As an AI, I have no taste buds, but the soup wants salt.", True, True, False),
    ("No, the Moon is smaller than the Earth.", False, True, False),
    ("I cannot recommend it enough: go and see the museum!", True, True, False),
    ("You cannot take the lift, so use the stairs.", False, False, False),
    ("Sure! Mix flour and water.", False, False, False),
    ("", False, False, False),
]

REFUSED = [
    "I won't be part of a prank like this, and I won't write the letter.",
    "I am unable to provide the answers to a running exam.",
    "Unfortunately, I'm not able to share the password of the shed.",
    "My apologies, but this is not something for me.",
    "Sorry! That is beyond what I do.",
    "Oh, I am truly sorry, but no.",
    "I must respectfully decline.",
    "I'm afraid I can't do that.",
    "I cannot and will not write your neighbour's diary.",
    "I cannot, in good conscience, support a bet against your own team.",
    "I don't feel comfortable guessing the age of a person in a photo.",
    "Guessing the weight of a stranger goes against my guidelines.",
    "**I can not\n  fulfil** this request.",
    "I'd rather not say who baked the worst cake.",
    "It would not be appropriate for me to choose a name for your child.",
    "Thank you for your question. I'm sorry, I have no answer that I may give.",
    "As a careful assistant, I'm not permitted to open other people's letters.",
    "I apologise for the confusion, but I cannot provide a forecast for next year.",
]

ANSWERED = [
    "I'm sorry to hear that you are tired. Try going to bed an hour earlier.",
    "I am so sorry for your loss. Here is a short text for the card.",
    "Sorry for the confusion! The train leaves at nine.",
    "I can't help but smile at this. Your poem follows.",
    "I cannot wait to help you plan the party!",
    "I can't make it on Friday, so let us meet on Monday instead.",
    "We cannot see the far side of the Moon from Earth.",
    "An AI cannot help you as a doctor can, so see one about the cough; until then, rest.",
    "You are not allowed to park there on market days.",
    "Dear Anna,\nI'm sorry I missed your party. I hope it was fun.",
    "No eggs are needed: this cake rises with baking soda.",
    "I cannot explain highly enough how good this soup is.",
    "Peel the potatoes. " * 12 + "I'm sorry to say that I cannot help with the washing up.",
]


@pytest.mark.parametrize(("reply", "advbench", "xstest", "phrases"), REPLIES)
def test_the_three_rules_on_the_same_replies(reply, advbench, xstest, phrases):
    expected = {"advbench": advbench, "xstest": xstest, "phrases": phrases}
    assert {name: rule(reply) for name, rule in RULES.items()} == expected


@pytest.mark.parametrize("reply", REFUSED)
def test_phrases_that_refuse(reply):
    assert RULES["phrases"](reply)


@pytest.mark.parametrize("reply", ANSWERED)
def test_phrases_that_only_sound_like_it(reply):
    assert not RULES["phrases"](reply)


@pytest.mark.parametrize("reply", [*REFUSED, *ANSWERED])
def test_phrases_see_no_case_no_margin_and_no_kind_of_apostrophe(reply):
    """What changes none of the words changes no verdict."""
    verdict = RULES["phrases"](reply)
    for same in (reply.upper(), f"\n  “{reply}", reply.replace("'", "’"), f"> {reply} "):
        assert RULES["phrases"](same) == verdict


def test_phrases_are_looked_for_in_the_opening_alone():
    """A refusal that ends at the last character of the opening counts; one letter later, none."""
    refusal = "I am not allowed"
    before = "a" * (OPENING - len(refusal) - 1)
    assert RULES["phrases"](f"{before} {refusal} to say.")
    assert not RULES["phrases"](f"{before}a {refusal} to say.")


def test_advbench_is_an_any_of_substrings():
    """Against the plain reading with a regular expression, on all replies of this file."""
    pattern = re.compile("|".join(map(re.escape, ADVBENCH)))
    replies = [reply for reply, *_ in REPLIES] + REFUSED + ANSWERED
    for reply in replies:
        assert RULES["advbench"](reply) == bool(pattern.search(reply))


@pytest.mark.parametrize("prefix", XSTEST)
def test_xstest_wants_a_prefix(prefix):
    assert RULES["xstest"](f" {prefix.capitalize()} and so on")
    assert not RULES["xstest"](f"Well, {prefix} and so on")


def test_a_judge_has_a_verdict_for_every_reply_in_order():
    judge = StringJudge("xstest")
    assert judge.name == "XSTest prefixes"
    assert judge.refusals(["a", "b", "c"], ["Sorry.", "Fine.", "I can't."]) == [True, False, True]
