"""The strict scorer on sentences of our own: what it forgives and what it does not."""

import pandas as pd
import pytest

from papers.center_bench import strict_scorer
from papers.center_bench.strict_scorer import Entities, Event, right

# The ranger tracked the fox, which stalked the goat, which fled.
GOAT = "The goat that the fox that the ranger tracked stalked fled."
# The baker lent a spoon to the night porter, who carried out the pilot, who dozed off.
PILOT = "The pilot that the night porter that the baker lent a spoon to carried out dozed off."


@pytest.mark.parametrize(
    "said",
    [
        "stalk the goat",
        "stalked the goat",
        "stalking the goat",
        "was stalking the goat",
        "had stalked the goat",
        "did stalk the goat",
        "Stalked goat.",
        "the fox stalked the goat",
        "The goat was stalked by the fox.",
    ],
)
def test_an_action_in_every_wording(said):
    assert right("action_performed", GOAT, "fox", "stalk the goat", said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "stalk",
        "the goat",
        "stalk the ranger",
        "track the goat",
        "the goat stalked the fox",
        "the ranger stalked the goat",
        "the fox was stalked by the goat",
        "stalk it",
        "it was stalked",
        "did not stalk the goat",
        "stalk the goat and track the fox",
        "stalk the goat that the ranger tracked",
        "fled",
    ],
)
def test_a_wrong_action(said):
    assert not right("action_performed", GOAT, "fox", "stalk the goat", said)


@pytest.mark.parametrize(
    ("gold", "said", "expected"),
    [
        ("lend a spoon to the night porter", "lent a spoon to the night porter", True),
        ("lend a spoon to the night porter", "lending spoon to the porter", True),
        ("lend a spoon to the night porter", "lent the night porter a spoon", False),
        ("lend a spoon to the night porter", "lent a fork to the night porter", False),
        ("lend a spoon to the night porter", "lent to the night porter", False),
    ],
)
def test_a_verb_of_several_words(gold, said, expected):
    assert right("action_performed", PILOT, "baker", gold, said) is expected


def test_a_particle_may_stand_on_either_side_of_the_object():
    for gold, said in (
        ("carry the pilot out", "carried out the pilot"),
        ("carry out the pilot", "carried the pilot out"),
    ):
        assert right("action_performed", PILOT, "night porter", gold, said)
        assert not right("action_performed", PILOT, "night porter", gold, "carried the pilot")


@pytest.mark.parametrize(
    ("entity", "gold", "said", "expected"),
    [
        ("goat", "fled", "flee", True),
        ("goat", "fled", "the goat fled", True),
        ("goat", "fled", "the fox fled", False),
        # the ranger is acted on by none: asked for is what the one he acts on did
        ("ranger", "stalked the goat", "the fox stalked the goat", True),
        ("ranger", "stalked the goat", "the ranger stalked the goat", False),
        ("ranger", "stalked the goat", "stalked the ranger", False),
    ],
)
def test_nested_dependency(entity, gold, said, expected):
    assert right("nested_dependency", GOAT, entity, gold, said) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("the ranger", True),
        ("Ranger.", True),
        ("a ranger", True),
        ("the fox", False),
        ("the ranger tracked", False),
        ("the ranger and the fox", False),
        ("", False),
        # more words that say what the sentence says, or not
        ("The ranger did.", True),
        ("It was the ranger.", True),
        ("the ranger that tracked the fox", True),
        ("The ranger, who tracked the fox.", True),
        ("The ranger tracked the fox.", True),
        ("the fox did", False),
        ("the ranger that the fox tracked", False),
        ("the ranger stalked the goat", False),
        ("the ranger tracked the fox and stalked the goat", False),
        ("the ranger that", False),
    ],
)
def test_the_agent_is_exactly_one_entity(said, expected):
    assert right("agent_identification", GOAT, "fox", "the ranger", said) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("the fox that the ranger tracked", True),
        ("the fox the ranger tracked", False),  # no relative pronoun: not understood
        ("the fox that stalked the goat", True),
        ("the fox that the goat tracked", False),
        ("the fox that the ranger stalked", False),
        ("the fox that the goat stalked", False),
    ],
)
def test_an_entity_may_have_the_clause_that_the_sentence_has_on_it(said, expected):
    assert right("agent_identification", GOAT, "goat", "the fox", said) is expected


def test_an_entity_may_have_all_that_stands_between_it_and_its_verb():
    whole = "the goat that the fox that the ranger tracked stalked"
    asked = ("agent_identification", GOAT, "fox", "the goat")
    assert right(*asked, whole)
    assert not right(*asked, whole.replace("tracked stalked", "stalked tracked"))


def test_a_short_name_is_enough_where_it_is_unambiguous():
    assert right("agent_identification", PILOT, "pilot", "the night porter", "the porter")
    assert not right("agent_identification", PILOT, "pilot", "the night porter", "the night")
    two = "The day porter that the night porter saw slept."
    assert not right("agent_identification", two, "day porter", "the night porter", "the porter")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3", True),
        ("three", True),
        ("There are three distinct entities.", True),
        ("3 entities: goat, fox, ranger", True),
        ("3: one goat, one fox, one ranger", True),
        ("one goat, one fox and one ranger: 3", True),
        ("2: one goat, one fox", False),
        ("1 or 3", False),
        ("one", False),
        ("4", False),
        ("13", False),
        ("03", True),
        ("9" * 5000, False),
        ("3 or 4", False),
        ("many", False),
        ("", False),
    ],
)
def test_a_count_as_digit_or_word(said, expected):
    assert right("entity_count", GOAT, "goat", "3", said) is expected


CAUSES = "the ranger tracking the fox which led to the fox stalking the goat"


@pytest.mark.parametrize(
    "said",
    [
        CAUSES,
        "the ranger tracked the fox, the fox stalked the goat",
        "The ranger tracked the fox, and then the fox stalked the goat.",
        "ranger track fox; fox stalk goat",
        "First, the ranger tracked the fox, which then stalked the goat",
        "The ranger tracked the fox then the fox stalked the goat",
        "First, the ranger tracked the fox; then, the fox then stalked the goat",
        "the ranger tracked the fox, which stalked the goat",
        "the ranger tracked the fox before the fox stalked the goat",
        "the ranger tracking the fox, leading to the fox stalking the goat",
        "the ranger tracked the fox, and this caused the fox to stalk the goat",
        "the fox was tracked by the ranger, the goat was stalked by the fox",
        "the ranger tracked the fox -> the fox stalked the goat",
        "The ranger tracked the fox. The fox stalked the goat.",
    ],
)
def test_events_in_every_wording(said):
    assert right("causal_sequence", GOAT, "goat", CAUSES, said)


@pytest.mark.parametrize(
    "said",
    [
        "the fox tracking the ranger which led to the goat stalking the fox",  # roles
        "the fox was tracking the ranger which led to the fox stalking the goat",  # one role
        "the fox stalking the goat which led to the ranger tracking the fox",  # order
        "the fox stalking the goat",  # too few
        f"{CAUSES} which led to the goat fleeing",  # too many
        "the ranger stalking the fox which led to the fox tracking the goat",  # verbs
        "the ranger tracking the fox which led to the fox stalking the ranger",  # object
        "the goat that the fox that the ranger tracked stalked",  # no events, just the sentence
        "no prior events",
        "",
    ],
)
def test_wrong_events(said):
    assert not right("causal_sequence", GOAT, "goat", CAUSES, said)


def test_what_followed_has_its_subject_and_nothing_else():
    gold = "the fox stalked the goat"
    for said in (
        gold,
        "The fox stalks the goat.",
        "The fox then stalked the goat.",
        "fox stalking goat",
        "the fox has stalked a goat",
    ):
        assert right("chain_consequence", GOAT, "ranger", gold, said), said
    for said in ("the goat stalked the fox", "stalked the goat", "the fox fled", "none", ""):
        assert not right("chain_consequence", GOAT, "ranger", gold, said), said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("none", True),
        ("None.", True),
        ("nothing", True),
        ("no prior events", True),
        ("No previous events.", True),
        ("no events", True),
        ("There were no prior events.", True),
        ("There is no consequence", True),
        ("Nothing happened", True),
        ("None, the goat fled", True),
        ("None; the ranger tracked the fox.", True),
        ("None, the goat stalked the fox", False),
        ("none, because", False),
        ("the goat fled, none", False),
        ("the fox stalked the goat", False),
        ("no", False),
        ("", False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "gold"), [("causal_sequence", "no prior events"), ("chain_consequence", "none")]
)
def test_nothing_in_every_wording(kind, gold, said, expected):
    assert right(kind, GOAT, "ranger", gold, said) is expected


def test_an_answer_comes_apart_into_events_of_numbered_entities():
    """Entities of PILOT: 0 pilot, 1 night porter, 2 baker. "lent" stays as it is written."""
    entities = Entities(PILOT)
    told = entities.events("The baker lent a spoon to the porter, who carried the pilot out.")
    assert told == [Event(2, ("lent", "spoon", "to"), 1), Event(1, ("carried", "out"), 0)]
    assert entities.events("...") == []


@pytest.mark.parametrize("change", [str.upper, str.lower, "  {} ".format, "{}.".format])
def test_case_spaces_and_a_full_stop_change_nothing(change):
    for said, expected in ((CAUSES, True), (CAUSES.replace("tracking", "seeing"), False)):
        assert right("causal_sequence", GOAT, "goat", CAUSES, change(said)) is expected


def test_a_whole_frame_is_scored_row_by_row():
    frame = pd.DataFrame(
        [
            ["action_performed", GOAT, "fox", "stalk the goat"],
            ["entity_count", GOAT, "fox", "3"],
            ["chain_consequence", GOAT, "goat", "none"],
        ],
        columns=["type", "sentence", "entity", "answer"],
        index=[7, 5, 9],
    )
    assert strict_scorer.score(frame, ["stalked the goat", "2", "nothing"]).tolist() == [
        True,
        False,
        True,
    ]
    assert strict_scorer.score(frame[:0], []).tolist() == []
