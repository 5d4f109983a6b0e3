"""Counting what is wrong in the released files: one defect at a time, then all of the real ones."""

import pandas as pd
import pytest

from papers.center_bench import checks, official
from papers.center_bench.official import Item
from shared.data.ledger import Ledger

# The boy adopted the dog, the dog chased the cat, the cat meowed: (question, answer) by noun and
# type, as the authors' files have them.
ASKED = {
    "dog": {
        "action_performed": ("What did the dog do?", "chase the cat"),
        "agent_identification": ("Who adopted the dog?", "the boy"),
        "entity_count": ("How many?", "3"),
        "nested_dependency": ("What did the entity that was adopted do?", "chased the cat"),
        "causal_sequence": ("What led to the dog's action?", "the boy adopting the dog"),
        "chain_consequence": ("What is the consequence of the dog?", "the cat meowed"),
    },
    "cat": {
        "action_performed": ("What did the cat do?", "meow"),
        "agent_identification": ("What chased the cat?", "the dog"),
        "entity_count": ("How many?", "3"),
        "nested_dependency": ("What did the entity that was chased do?", "meowed"),
        "causal_sequence": (
            "What led to the cat's action?",
            "the boy adopting the dog which led to the dog chasing the cat",
        ),
        "chain_consequence": ("What is the consequence of the cat?", "none"),
    },
    "boy": {
        "action_performed": ("What did the boy do?", "adopt the dog"),
        "agent_identification": ("What was affected by the boy?", "the dog"),
        "entity_count": ("How many?", "3"),
        "nested_dependency": ("What did the entity acted upon by the boy do?", "chased the cat"),
        "causal_sequence": ("What led to the boy's action?", "no prior events"),
        "chain_consequence": ("What is the consequence of the boy?", "the dog chased the cat"),
    },
}
FLAGS = checks.OF_SENTENCES + checks.OF_QUESTIONS


def item_of(**changes):
    """The sentence above; `changes` are fields of the item, or noun__type=fields of a question."""
    fields = {
        "subset": "plausible",
        "level": 2,
        "number": 1,
        "printed_total": 18,
        "id": "complexity_2_sentence_1",
        "sentence": "The cat that the dog that the boy adopted chased meowed.",
        "structure": [
            {"subject": "cat", "action": "meowed", "object": None},
            {"subject": "dog", "action": "chased", "object": "cat"},
            {"subject": "boy", "action": "adopted", "object": "dog"},
        ],
        "middle_entity": "dog",
        "all_entities": ["boy", "cat", "dog"],
        "questions_by_entity": {
            noun: [
                {
                    "question": question,
                    "answer": answer,
                    "type": kind,
                    "difficulty": "easy",
                    "entity": noun,
                    "is_middle_entity": noun == "dog",
                    **changes.get(f"{noun}__{kind}", {}),
                }
                for kind, (question, answer) in asked.items()
            ]
            for noun, asked in ASKED.items()
        },
        "total_questions": 18,
    }
    return Item.model_validate(fields | {k: v for k, v in changes.items() if k in fields})


def flagged(*items):
    """{flag: (noun/type, ...)} of the flags that are set."""
    frame = checks.official_data(items)
    short = frame["id"].str.split("/").str[-2:].str.join("/")
    return {flag: set(short[frame[flag]]) for flag in FLAGS if frame[flag].any()}


def test_nothing_is_wrong_with_a_right_item():
    assert flagged(item_of()) == {}


def test_columns_and_rows():
    frame = checks.official_data([item_of()])
    assert list(frame) == list(checks.COLUMNS)
    assert list(frame["id"]) == [row["id"] for row in official.records([item_of()])]
    assert set(frame["sentence_words"]) == {11}
    assert frame["middle"].sum() == 6
    nothing = checks.official_data([])
    assert len(nothing) == 0
    pd.testing.assert_series_equal(nothing.dtypes, frame.dtypes)


def test_a_structure_that_does_not_give_the_sentence():
    structure = [
        {"subject": "cat", "action": "loudly", "object": None},
        {"subject": "dog", "action": "chased", "object": "cat"},
        {"subject": "boy", "action": "adopted", "object": "dog"},
    ]
    assert flagged(item_of(structure=structure)) == {
        "structure_wrong": {row for noun in ASKED for row in (f"{noun}/{t}" for t in ASKED[noun])},
        "gold_differs_from_structure": {"cat/nested_dependency", "dog/chain_consequence"},
    }


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("dog__agent_identification", "the cat"),
        ("boy__agent_identification", "the cat"),
        ("dog__nested_dependency", "chase the cat"),
        ("boy__nested_dependency", "meowed"),
        ("cat__causal_sequence", "the dog chasing the cat"),
        ("boy__causal_sequence", "none"),
        ("cat__chain_consequence", "the cat meowed"),
        ("boy__chain_consequence", "the cat chased the dog"),
    ],
)
def test_an_answer_that_does_not_follow_from_the_structure(place, answer):
    found = flagged(item_of(**{place: {"answer": answer}}))
    assert found == {"gold_differs_from_structure": {place.replace("__", "/")}}


def test_spaces_make_no_other_answer():
    found = flagged(item_of(dog__nested_dependency={"answer": " chased  the cat"}))
    assert found == {"stray_spaces": {"dog/nested_dependency"}}


def test_the_same_question_with_two_answers():
    """As if the cat, too, had been adopted."""
    twice = {"question": "What did the entity that was  adopted do?"}
    found = flagged(item_of(cat__nested_dependency=twice))
    assert found == {"ambiguous": {"cat/nested_dependency", "dog/nested_dependency"}}


def test_a_question_under_another_noun():
    """It makes the question of the noun it names not ambiguous: that one is as it should be."""
    slip = {"entity": "dog", "question": "What did the dog do?", "is_middle_entity": True}
    found = flagged(item_of(boy__action_performed=slip))
    assert found == {
        "entity_slip": {"boy/action_performed"},
        "middle_slip": {"boy/action_performed"},
    }


def test_a_flag_that_is_missing():
    found = flagged(item_of(dog__entity_count={"is_middle_entity": False}))
    assert found == {"middle_slip": {"dog/entity_count"}}


def test_no_question_mark():
    found = flagged(item_of(dog__agent_identification={"question": "Who adopted the dog"}))
    assert found == {"no_question_mark": {"dog/agent_identification"}}


def test_constant_answers():
    """Of 3 nouns: "chased the cat" twice of 3, "the dog" twice, "3" always; else the first by the
    alphabet of three answers ("adopt the dog", "no prior events", "none")."""
    frame = checks.official_data([item_of()])
    priors = frame.groupby("type")["constant"].mean()
    assert priors.to_dict() == pytest.approx(
        {
            "action_performed": 1 / 3,
            "agent_identification": 2 / 3,
            "entity_count": 1,
            "nested_dependency": 2 / 3,
            "causal_sequence": 1 / 3,
            "chain_consequence": 1 / 3,
        }
    )
    constant = frame[frame["constant"] & (frame["type"] == "causal_sequence")]
    assert list(constant["id"]) == ["official/plausible/L2/01/boy/causal_sequence"]


# The real files: numbers of the fact sheet, sections in brackets.


@pytest.fixture(scope="module")
def real():
    """The checks of the released files; only for tests marked `mirror`."""
    from papers.center_bench.data import released

    return checks.official_data(released("required", Ledger()))


@pytest.mark.mirror
def test_questions_by_level_and_type(real):
    """[1.1] 30 sentences with L + 1 nouns each: 60, 90, ... 210 of each type and subset."""
    sizes = real.groupby(["subset", "level", "type"]).size()
    assert len(sizes) == 2 * 6 * 6
    assert all(size == 30 * (level + 1) for (_, level, _), size in sizes.items())
    assert sizes.groupby("level").sum().to_list() == [720, 1080, 1440, 1800, 2160, 2520]
    assert real["sentence_id"].nunique() == 360


@pytest.mark.mirror
def test_words_of_a_sentence(real):
    """[1.4] Implausible sentences are longer."""
    sentences = real.drop_duplicates("sentence_id").groupby(["subset", "level"])
    lengths = sentences["sentence_words"].mean().round(1)
    assert lengths["plausible"].to_list() == [7.6, 11.8, 15.9, 19.3, 23.5, 28.7]
    assert lengths["implausible"].to_list() == [8.6, 13.1, 17.8, 22.9, 28.4, 33.0]


@pytest.mark.mirror
def test_what_constant_answers_get_right(real):
    """[4.3] 210, 180 and 180 of 810; every other type below 8.1 %."""
    priors = real.groupby(["subset", "type"])["constant"].mean()
    for subset in ("plausible", "implausible"):
        assert priors[subset, "entity_count"] == 210 / 810
        assert priors[subset, "causal_sequence"] == 180 / 810
        assert priors[subset, "chain_consequence"] == 180 / 810
    others = ["action_performed", "agent_identification", "nested_dependency"]
    assert priors.loc[:, others].max() < 0.081


@pytest.mark.mirror
def test_all_defects(real):
    """[6, no. 3, 5, 6] by (plausible, implausible): questions, or sentences that have one."""
    sentences = real.groupby(["subset", "sentence_id"])[list(checks.OF_SENTENCES)].any()
    of_sentences = sentences.groupby("subset").sum()
    of_questions = real.groupby("subset")[list(checks.OF_QUESTIONS)].sum()
    found = pd.concat([of_sentences, of_questions], axis=1).T[["plausible", "implausible"]]
    assert {flag: tuple(row) for flag, row in found.iterrows()} == {
        "structure_wrong": (26, 2),
        "middle_slip": (2, 0),
        "gold_differs_from_structure": (61 + 40 + 1 + 2, 11 + 6),
        "ambiguous": (6, 2),
        "entity_slip": (6, 0),
        "stray_spaces": (2, 22),
        "no_question_mark": (1, 0),
    }


@pytest.mark.mirror
def test_answers_that_do_not_follow_from_structure(real):
    """[6, no. 3]"""
    wrong = real[real["gold_differs_from_structure"]]
    assert wrong.groupby(["subset", "type"]).size().to_dict() == {
        ("plausible", "nested_dependency"): 61,
        ("implausible", "nested_dependency"): 11,
        ("plausible", "chain_consequence"): 40,
        ("implausible", "chain_consequence"): 6,
        ("plausible", "agent_identification"): 1,
        ("plausible", "causal_sequence"): 2,
    }


@pytest.mark.mirror
def test_where_the_ambiguous_and_the_slipped_ones_are(real):
    """[6, no. 5 and 6]"""
    ambiguous = real[real["ambiguous"]]
    assert set(ambiguous["type"]) == {"nested_dependency"}
    assert ambiguous.groupby("sentence_id").size().to_dict() == {
        "official/plausible/L6/02": 2,
        "official/plausible/L6/09": 2,
        "official/plausible/L6/25": 2,
        "official/implausible/L5/10": 2,
    }
    slips = real[real["entity_slip"]]
    assert slips["id"].str.startswith("official/plausible/L5/06/grandmother/").all()
    assert slips["middle"].all()
    middle = real[real["middle_slip"]]
    assert set(middle["sentence_id"]) == {"official/plausible/L5/06", "official/plausible/L5/20"}
    (bare,) = real.loc[real["no_question_mark"], "id"]
    assert bare == "official/plausible/L1/22/squirrel/agent_identification"
    assert real["middle"].sum() == 2166


@pytest.mark.mirror
def test_stale_totals(real):
    """[6, no. 4] All levels of the plausible file but the last."""
    levels = real.groupby(["subset", "level"])["printed_total"].agg(printed="first", counted="size")
    stale = levels[levels["printed"] != levels["counted"]]
    assert stale["printed"].to_dict() == {
        ("plausible", 1): 366,
        ("plausible", 2): 528,
        ("plausible", 3): 714,
        ("plausible", 4): 888,
        ("plausible", 5): 1068,
    }
    assert stale["counted"].to_list() == [360, 540, 720, 900, 1080]
