"""Questions and answers about sentences that were parsed by hand."""

from collections import Counter

import pytest

from papers.center_bench.generate import generate
from papers.center_bench.grammar import Sentence, vocabulary
from papers.center_bench.questions import TYPES, questions, records

VERBS = {verb.base: verb for verb in vocabulary().licences}


def sentence(nouns, verbs):
    return Sentence(tuple(nouns.split()), tuple(VERBS[verb] for verb in verbs.split()))


# The farmer fed the dog, the dog chased the cat, the cat purred.
FED = sentence("cat dog farmer", "feed chase purr")


def about(text, entity):
    return {q.type: (q.question, q.answer) for q in questions(text) if q.entity == entity}


def test_an_entity_in_between():
    assert about(FED, "dog") == {
        "action_performed": ("What did the dog do?", "chase the cat"),
        "agent_identification": ("Who fed the dog?", "the farmer"),
        "entity_count": ("How many distinct entities are in the sentence?", "3"),
        "nested_dependency": ("What did the entity that was fed do?", "chased the cat"),
        "causal_sequence": (
            "What series of events led to the dog's action?",
            "the farmer feeding the dog",
        ),
        "chain_consequence": (
            "What is the consequence of the dog's involvement?",
            "the cat purred",
        ),
    }


def test_the_outermost_entity():
    found = about(FED, "cat")
    assert found["action_performed"] == ("What did the cat do?", "purr")
    assert found["agent_identification"] == ("What chased the cat?", "the dog")
    assert found["nested_dependency"] == ("What did the entity that was chased do?", "purred")
    assert found["causal_sequence"][1] == (
        "the farmer feeding the dog which led to the dog chasing the cat"
    )
    assert found["chain_consequence"][1] == "none"


def test_the_innermost_entity():
    found = about(FED, "farmer")
    assert found["action_performed"][1] == "feed the dog"
    assert found["agent_identification"] == ("What was affected by the farmer?", "the dog")
    assert found["nested_dependency"] == (
        "What did the entity acted upon by the farmer do?",
        "chased the cat",
    )
    assert found["causal_sequence"][1] == "no prior events"
    assert found["chain_consequence"][1] == "the dog chased the cat"


def test_who_if_the_answer_is_a_person():
    text = sentence("chef waiter bee", "sting summon sneeze")
    assert about(text, "bee")["agent_identification"] == (
        "Who was affected by the bee?",
        "the waiter",
    )
    assert about(text, "chef")["agent_identification"] == ("Who summoned the chef?", "the waiter")
    assert about(text, "waiter")["agent_identification"] == ("What stung the waiter?", "the bee")


def test_forms_of_an_irregular_verb():
    """A wolf bit a thief, the thief stole a pony, the pony neighed."""
    text = sentence("pony thief wolf", "bite steal neigh")
    thief, pony = about(text, "thief"), about(text, "pony")
    assert thief["action_performed"][1] == "steal the pony"
    assert thief["agent_identification"][0] == "What bit the thief?"
    assert thief["nested_dependency"] == (
        "What did the entity that was bitten do?",
        "stole the pony",
    )
    assert pony["nested_dependency"][0] == "What did the entity that was stolen do?"
    assert pony["causal_sequence"][1] == (
        "the wolf biting the thief which led to the thief stealing the pony"
    )


def test_order_and_middle_flag():
    found = questions(FED)
    assert [(q.entity, q.type) for q in found] == [
        (noun, kind) for noun in FED.nouns for kind in TYPES
    ]
    assert {q.entity for q in found if q.middle} == {"dog"}
    even = sentence("truck priest goat cowboy", "lasso headbutt drive swerve")
    assert {q.entity for q in questions(even) if q.middle} == {"priest"}


def test_records_of_questions():
    rows = records("Generated", "plausible", 2, "generated/x/L2/01", "p", str(FED), questions(FED))
    assert rows[6] == {
        "id": "generated/x/L2/01/dog/action_performed",
        "source": "Generated",
        "subset": "plausible",
        "level": 2,
        "sentence_id": "generated/x/L2/01",
        "pair": "p",
        "sentence": "The cat that the dog that the farmer fed chased purred.",
        "entity": "dog",
        "type": "action_performed",
        "question": "What did the dog do?",
        "answer": "chase the cat",
        "middle": True,
    }


def test_a_noun_of_two_words_in_an_id():
    (row,) = records("s", "x", 1, "i", "i", "", [questions(FED)[0]._replace(entity="park ranger")])
    assert row["id"] == "i/park-ranger/action_performed"


# all generated questions


@pytest.fixture(scope="module")
def rows():
    found = []
    for each in generate(0, 30):
        text, asked = str(each.sentence), questions(each.sentence)
        found += records("s", each.subset, each.level, each.id, each.pair, text, asked)
    return found


def test_as_many_questions_as_the_paper(rows):
    """30 sentences × (2 + 3 + 4 + 5 + 6 + 7) entities × 6 = 4,860 of each subset."""
    assert len({row["id"] for row in rows}) == 3 * 4860
    assert Counter(row["subset"] for row in rows) == {
        "plausible": 4860,
        "implausible": 4860,
        "matched": 4860,
    }
    levels = Counter(row["level"] for row in rows if row["subset"] != "matched")
    assert levels == {1: 720, 2: 1080, 3: 1440, 4: 1800, 5: 2160, 6: 2520}
    types = Counter((row["subset"], row["type"]) for row in rows)
    assert set(types.values()) == {810} and len(types) == 18
    assert sum(row["middle"] for row in rows) == 3 * 6 * 30 * 6


def test_fixed_answers_are_as_frequent_as_in_the_paper(rows):
    """One entity of each of 180 sentences has no cause, and one no consequence."""
    for subset in ("plausible", "implausible", "matched"):
        answers = Counter(row["answer"] for row in rows if row["subset"] == subset)
        assert answers["no prior events"] == answers["none"] == 180
        assert answers["7"] == 210


def test_a_question_has_one_answer(rows):
    """Within a sentence: no verb occurs twice, so no question is ambiguous."""
    answers = {}
    for row in rows:
        answers.setdefault((row["sentence_id"], row["question"]), set()).add(row["answer"])
    assert {len(found) for found in answers.values()} == {1}


def test_matched_questions_have_other_answers(rows):
    """The same words, but who did what to whom is another story for nearly every question."""
    subsets = {
        subset: {
            (row["pair"], row["entity"], row["type"]): row["answer"]
            for row in rows
            if row["subset"] == subset and row["type"] != "entity_count"
        }
        for subset in ("plausible", "matched")
    }
    plausible, matched = subsets.values()
    assert plausible.keys() == matched.keys()
    same = sum(plausible[key] == matched[key] for key in plausible)
    assert 0 < same < 0.15 * len(plausible)
