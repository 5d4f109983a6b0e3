"""The reference solvers on sentences worked by hand, and the verb forms they are written in."""

import numpy as np
import pandas as pd
import pytest

from papers.center_bench.lemmas import base, bases, gerund, is_past
from papers.center_bench.solvers import (
    Event,
    answer,
    done_by,
    nearest_verb,
    oracle,
    plausibility,
    read,
    solve,
)

GOAT = "The goat that the fox that the ranger tracked stalked fled."
PILOT = "The pilot that the night porter that the baker lent a spoon to shouted at dozed off."

# What happened in GOAT: the ranger tracked the fox, which stalked the goat, which fled.
ANSWERS = [
    ("action_performed", "What did the goat do?", "flee"),
    ("action_performed", "What did the fox do?", "stalk the goat"),
    ("agent_identification", "What stalked the goat?", "the fox"),
    ("agent_identification", "Who tracked the fox?", "the ranger"),
    ("agent_identification", "What was affected by the ranger?", "the fox"),
    ("entity_count", "How many distinct entities are in the sentence?", "3"),
    ("nested_dependency", "What did the entity that was tracked do?", "stalked the goat"),
    ("nested_dependency", "What did the entity that was stalked do?", "fled"),
    (
        "nested_dependency",
        "What did the entity acted upon by the ranger do?",
        "stalked the goat",
    ),
    ("causal_sequence", "What series of events led to the ranger's action?", "no prior events"),
    (
        "causal_sequence",
        "What series of events led to the goat's action?",
        "the ranger tracking the fox which led to the fox stalking the goat",
    ),
    (
        "chain_consequence",
        "What is the consequence of the ranger's involvement?",
        "the fox stalked the goat",
    ),
    ("chain_consequence", "What is the consequence of the fox's involvement?", "the goat fled"),
    ("chain_consequence", "What is the consequence of the goat's involvement?", "none"),
]


def test_a_sentence_comes_apart_into_nouns_and_verb_phrases():
    assert read(GOAT) == (["goat", "fox", "ranger"], ["tracked", "stalked", "fled"])
    assert read(PILOT) == (
        ["pilot", "night porter", "baker"],
        ["lent a spoon to", "shouted at", "dozed off"],
    )


@pytest.mark.parametrize(
    ("sentence", "nouns", "verbs"),
    [
        # "wound" could be a past form, but not after "the"
        (
            "The cat that the vet saw dressed the wound.",
            ["cat", "vet"],
            ["saw", "dressed the wound"],
        ),
        # the first word after "that the" is a noun, even if it ends as a past form does
        ("The van that the moped cut off honked .", ["van", "moped"], ["cut off", "honked"]),
        # a verb too many stays with the last phrase
        ("The cat that the dog saw bit ran.", ["cat", "dog"], ["saw", "bit ran"]),
        ("The bus that the van lane-split past spun.", ["bus", "van"], ["lane-split past", "spun"]),
    ],
)
def test_where_verb_phrases_begin(sentence, nouns, verbs):
    assert read(sentence) == (nouns, verbs)


def test_a_sentence_with_too_few_verbs_is_not_read():
    assert read("The cat that the dog that the boy saw chased.") is None
    questions = pd.DataFrame(
        [["The cat that the dog chased.", "entity_count", "How many?"]],
        columns=["sentence", "type", "question"],
    )
    for name in ("oracle", "nearest-verb", "plausibility"):
        assert solve(name, questions, lambda texts: np.zeros((len(texts), 2))) == [""]


def test_the_solvers_differ_in_the_verb_of_each_noun():
    """Nouns goat, fox, ranger; verbs tracked, stalked, fled. Reversed: goat fled, fox stalked,
    ranger tracked. In order: goat tracked, fox stalked, ranger fled. Each acts on the noun before
    it, the innermost first."""
    assert oracle(GOAT) == [
        Event("ranger", "tracked", "fox"),
        Event("fox", "stalked", "goat"),
        Event("goat", "fled", None),
    ]
    assert nearest_verb(GOAT) == [
        Event("ranger", "fled", "fox"),
        Event("fox", "stalked", "goat"),
        Event("goat", "tracked", None),
    ]


def association(vectors):
    return lambda texts: np.array([vectors[text] for text in texts], np.float32)


def test_plausibility_takes_the_best_whole_assignment():
    """Cosines, nouns by verbs track, stalk, flee:

    goat    .9 .6 .7       the best verb of each noun is track twice and stalk once. Of the
    fox     .8 .9 .0       whole assignments goat-flee, fox-stalk, ranger-track gives
    ranger  .8 .0 .1       .7 + .9 + .8 = 2.4; goat-track, fox-stalk, ranger-flee only 1.9.
    """
    vectors = {
        "goat": [0.9, 0.6, 0.7],
        "fox": [0.8, 0.9, 0.0],
        "ranger": [0.8, 0.0, 0.1],
        "track": [1, 0, 0],
        "stalk": [0, 1, 0],
        "flee": [0, 0, 1],
    }
    assert plausibility(association(vectors), [GOAT]) == [oracle(GOAT)]
    # swap what the goat and the ranger go with: the reading follows the words, not the structure
    vectors["goat"], vectors["ranger"] = vectors["ranger"], vectors["goat"]
    assert plausibility(association(vectors), [GOAT]) == [
        [
            Event("ranger", "fled", "fox"),
            Event("fox", "stalked", "goat"),
            Event("goat", "tracked", None),
        ]
    ]


@pytest.mark.parametrize(("kind", "question", "expected"), ANSWERS)
def test_the_oracle_answers_all_types(kind, question, expected):
    assert answer(oracle(GOAT), kind, question) == expected


def test_a_wrong_reading_gives_the_answers_that_follow_from_it():
    """In string order the ranger fled (the fox) and the goat tracked."""
    told = {question: answer(nearest_verb(GOAT), kind, question) for kind, question, _ in ANSWERS}
    assert told["What did the goat do?"] == "track"
    assert told["Who tracked the fox?"] == "the goat"
    assert told["What did the entity that was tracked do?"] == ""  # nobody was
    assert told["What is the consequence of the fox's involvement?"] == "the goat tracked"
    assert (
        told["What series of events led to the goat's action?"]
        == "the ranger fleeing the fox which led to the fox stalking the goat"
    )


def test_phrases_keep_what_follows_the_verb():
    told = oracle(PILOT)
    assert answer(told, "action_performed", "What did the baker do?") == (
        "lend a spoon to the night porter"
    )
    assert answer(told, "causal_sequence", "What series of events led to the pilot's action?") == (
        "the baker lending a spoon to the night porter"
        " which led to the night porter shouting at the pilot"
    )
    assert answer(told, "nested_dependency", "What did the entity that was lent a spoon do?") == (
        "shouted at the pilot"
    )


def test_an_entity_may_be_named_in_short_if_no_other_has_that_name():
    told = oracle(PILOT)
    assert done_by(told, "porter").subject == "night porter"
    assert done_by([*told, Event("porter", "slept", None)], "porter").subject == "porter"
    assert done_by(told, "night") is None
    assert answer(told, "action_performed", "What did the porter do?") == "shout at the pilot"


def test_of_two_equal_verbs_the_named_object_decides():
    """The dog chased the cat and the boy chased the dog: who chased which is in the question."""
    told = oracle("The cat that the dog that the boy chased chased ran.")
    assert answer(told, "agent_identification", "What chased the cat?") == "the dog"
    assert answer(told, "agent_identification", "Who chased the dog?") == "the boy"


# past, base form, gerund
FORMS = """
chased chase chasing
spotted spot spotting
hurried hurry hurrying
died die dying
eyed eye eyeing
stared stare staring
planned plan planning
filled fill filling
freed free freeing
taxied taxi taxiing
wheelied wheelie wheelying
mimicked mimic mimicking
froze freeze freezing
ran run running
outran outrun outrunning
hit hit hitting
read read reading
saw see seeing
left leave leaving
lane-split lane-split lane-splitting
cross-examined cross-examine cross-examining
dive-bombed dive-bomb dive-bombing
echolocated echolocate echolocating
was be being
"""


@pytest.mark.parametrize("line", FORMS.split("\n")[1:-1])
def test_verb_forms(line):
    past, stem, ing = line.split()
    assert is_past(past)
    assert (base(past), gerund(past)) == (stem, ing)
    heads = [form.rpartition("-")[2] for form in (past, stem, ing)]
    assert all(bases(one) & bases(other) for one in heads for other in heads)


def test_other_words_are_not_past_forms_and_other_verbs_share_no_base():
    for word in ("the", "at", "past", "toward", "homework", "boat", "bear", "running", "runs"):
        assert not is_past(word)
    for one, other in (("chased", "caught"), ("hissed", "hit"), ("startled", "started")):
        assert not bases(one) & bases(other), (one, other)
