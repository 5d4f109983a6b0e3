"""Facts, and the questions that are made of them."""

import pytest

from papers.roleref import facts
from shared.errors import UserError

LINE = (
    "keep/kept ~ burn: {what: your tobacco | your gloves} "
    "{where: in a slipper | in a tankard} with {who: Mycroft | Moran}"
)


@pytest.fixture
def fact():
    return facts.read_fact(LINE, "holmes/facts/00", True)


def test_a_line_as_a_statement(fact):
    assert fact.statement() == "I kept my tobacco in a slipper with Mycroft."
    assert fact.statement("You") == "You kept your tobacco in a slipper with Mycroft."
    assert [(slot.kind, slot.false) for slot in fact.slots] == [
        ("what", "your gloves"),
        ("where", "in a tankard"),
        ("who", "Moran"),
    ]


def test_a_question_leaves_out_what_it_asks_for(fact):
    """A preposition before a slot stays behind."""
    asked = [question for question, _ in facts.true_questions(fact, [])]
    assert asked == [
        "What did you keep in a slipper with Mycroft?",
        "Where did you keep your tobacco with Mycroft?",
        "Who did you keep your tobacco in a slipper with?",
    ]
    (*_, known) = facts.true_questions(fact, ["poisons", "ash"])
    assert known[0] == (
        "With all that you know of poisons, what did you keep in a slipper with Mycroft?"
    )


def test_the_six_kinds_of_falsification(fact):
    made = list(facts.false_questions(fact, {"who": ["Sir Q"], "what": ["the orb"]}, ["stars"]))
    assert [edit for edit, _, _ in made] == [
        *("object", "invented", "location", "character", "invented", "action", "knowledge"),
    ]
    assert {edit for edit, _, _ in made} == set(facts.EDITS)
    texts = [question for _, question, _ in made]
    assert texts[0] == "Where did you keep your gloves with Mycroft?"
    assert texts[1] == "Where did you keep the orb with Mycroft?"
    assert texts[2] == "What did you keep in a tankard with Mycroft?"
    assert texts[3] == "What did you keep in a slipper with Moran?"
    assert texts[5] == "What did you burn in a slipper with Mycroft?"
    assert (
        texts[6]
        == "With all that you know of stars, who did you keep your tobacco in a slipper with?"
    )


def test_no_false_question_is_true(fact):
    """What it asks for is left as it is, and what it changes is in its text."""
    true = {question for question, _ in facts.true_questions(fact, ["poisons"])}
    for _, question, false in facts.false_questions(fact, {"who": ["Sir Q"]}, ["stars"]):
        assert question not in true and false in question


@pytest.mark.parametrize(
    "line",
    [
        "keep {what: a}",
        "keep/kept: {what: a | b} {where: in c | in d}",
        "keep/kept ~ burn: {what: a | b}",
        "keep/kept ~ burn: {what: a | b} {which: c}",
    ],
)
def test_a_line_that_is_no_fact(line):
    with pytest.raises(UserError, match=r"fact x: .*expected 'verb/past ~ other verb"):
        facts.read_fact(line, "x", False)


def test_words_of_an_answer():
    assert facts.key_words("with your brother in the Persian slipper") == [
        *("brother", "persian", "slipper"),
    ]
    assert facts.key_words("I was in it") == ["i", "was", "in", "it"]  # nothing else is left
    assert (
        facts.first_person("before you met your friend yourself") == "before I met my friend myself"
    )


def test_names():
    assert facts.has_name("Where did you meet Alice?")
    assert facts.has_name("Who called at Baker Street?")
    assert not facts.has_name("Where did you keep your tobacco?")
