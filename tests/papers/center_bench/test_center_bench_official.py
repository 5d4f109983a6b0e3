"""Reading the released files: little ones in their format, and, with a mirror, the real ones."""

import json
from collections import Counter

import pytest

from papers.center_bench import official, questions
from papers.center_bench.grammar import Sentence, Verb
from shared.errors import UserError


def released(text, entities, actions):
    """A sentence as the files have it; `entities` and `actions` from the last event to the first.

    The nouns in `questions_by_entity` are in the order of the alphabet, as any order may occur.
    """
    sentence = Sentence(tuple(entities), tuple(Verb(a, a, a, a) for a in reversed(actions)))
    asked = {entity: [] for entity in sorted(entities)}
    for kind in questions.TYPES:
        for entity in entities:
            asked[entity].append(
                {
                    "question": f"{kind} of {entity}?",
                    "answer": "none",
                    "type": kind,
                    "difficulty": "easy",
                    "entity": entity,
                    "is_middle_entity": entity == entities[(len(entities) - 1) // 2],
                }
            )
    return {
        "id": "complexity_1_sentence_1",
        "sentence": text,
        "structure": [
            {"subject": e.subject, "action": e.verb.past, "object": e.object}
            for e in sentence.events[::-1]
        ],
        "middle_entity": entities[(len(entities) - 1) // 2],
        "all_entities": sorted(entities),
        "questions_by_entity": asked,
        "total_questions": 6 * len(entities),
    }


@pytest.fixture
def content():
    two = released("The cat that the dog chased meowed.", ["cat", "dog"], ["meowed", "chased"])
    owner = released(
        "The mouse that the CEO that the dog owner hired saw hid.",
        ["mouse", "ceo", "dog owner"],
        ["hid", "saw", "hired"],
    )
    return {
        "complexity_1": {"sentences": [two], "total_questions": 12, "entities_processed": 2},
        "complexity_2": {"sentences": [owner, owner], "total_questions": 17},
    }


def reading(tmp_path, content):
    path = tmp_path / "plausible_subset.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return official.read(path, "plausible")


def test_sentences_and_questions(tmp_path, content):
    first, _, third = reading(tmp_path, content)
    assert (first.level, first.number, first.printed_total) == (1, 1, 12)
    assert (third.level, third.number, third.printed_total) == (2, 2, 17)
    assert third.sentence_id == "official/plausible/L2/02"
    assert third.structure[1].acted == "saw the mouse"


def test_the_middle_noun_is_found_in_the_sentence(tmp_path, content):
    """Whatever the order of the keys, and with a noun that ends in another's first word."""
    assert [item.middle for item in reading(tmp_path, content)] == ["cat", "ceo", "ceo"]


def test_a_noun_may_be_short_for_a_phrase(tmp_path, content):
    content["complexity_1"]["sentences"] = [
        released("The delivery man that the dog bit ran.", ["man", "dog"], ["ran", "bit"])
    ]
    assert reading(tmp_path, content)[0].middle == "man"


def test_records(tmp_path, content):
    rows = official.records(reading(tmp_path, content))
    assert len(rows) == 12 + 18 + 18
    assert len({row["id"] for row in rows}) == len(rows)
    assert rows[12] == {
        "id": "official/plausible/L2/01/ceo/action_performed",
        "source": "CenterBench",
        "subset": "plausible",
        "level": 2,
        "sentence_id": "official/plausible/L2/01",
        "pair": "official/plausible/L2/01",
        "sentence": "The mouse that the CEO that the dog owner hired saw hid.",
        "entity": "ceo",
        "type": "action_performed",
        "question": "action_performed of ceo?",
        "answer": "none",
        "middle": True,
    }
    assert rows[18]["id"] == "official/plausible/L2/01/dog-owner/action_performed"


def test_known_slips_are_read_as_they_are(tmp_path, content):
    """A question under one noun that says it is about another, spaces, no question mark."""
    (item,) = content["complexity_1"]["sentences"]
    slip = item["questions_by_entity"]["dog"][1]
    slip |= {"entity": "cat", "answer": " the  cat ", "question": "Who", "is_middle_entity": True}
    row = official.records(reading(tmp_path, content))[7]
    assert (row["entity"], row["middle"]) == ("dog", True)
    assert (row["question"], row["answer"]) == ("Who", " the  cat ")


def drop_type(item):
    item["questions_by_entity"]["cat"].pop()


def drop_noun(item):
    del item["questions_by_entity"]["cat"]


def drop_event(item):
    item["structure"].pop()


def change_type(item):
    item["questions_by_entity"]["cat"][0]["type"] = "count"


def change_sentence(item):
    item["sentence"] = "The cow that the dog chased mooed."


def change_last_noun(item):
    item["sentence"] = "The cat that the cow chased meowed."


def drop_answer(item):
    del item["questions_by_entity"]["dog"][2]["answer"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_type, r"questions_by_entity\.cat: expected one of each type"),
        (drop_noun, "questions_by_entity: expected 2 nouns, found 1"),
        (drop_event, "structure: expected one event for each noun"),
        (change_type, r"questions_by_entity\.cat\.0\.type: expected 'action_performed'"),
        (change_sentence, "sentence: no questions about 'cow'"),
        (change_last_noun, "sentence: dog not found as its last noun"),
        (drop_answer, r"questions_by_entity\.dog\.2\.answer: found nothing"),
    ],
)
def test_a_malformed_item_is_named(tmp_path, content, change, message):
    change(content["complexity_1"]["sentences"][0])
    where = r"plausible_subset\.json: level 1, sentence 1: "
    with pytest.raises(UserError, match=where + message) as caught:
        reading(tmp_path, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"1:2: not JSON "),
        ([], " found a list; expected an object"),
        ({"complexity_7": {}}, " unknown level complexity_7; expected complexity_1, "),
        ({"complexity_1": []}, " level 1: expected NAME: VALUE"),
        ({"complexity_1": {"sentences": []}}, " level 1: total_questions: found nothing"),
        (
            {"complexity_2": {"sentences": ["The"], "total_questions": 0}},
            r" level 2: sentences\.0: expected NAME: VALUE",
        ),
    ],
)
def test_a_malformed_file_is_named(tmp_path, content, message):
    with pytest.raises(UserError, match=rf"plausible_subset\.json:{message}"):
        reading(tmp_path, content)


def test_a_file_that_is_no_utf_8_is_named(tmp_path):
    path = tmp_path / "plausible_subset.json"
    path.write_bytes(b"\xff{}")
    with pytest.raises(UserError, match=r"plausible_subset\.json: expected UTF-8, found byte 0xff"):
        official.read(path, "plausible")


@pytest.fixture(scope="module")
def real():
    """The released sentences of both subsets; only for tests marked `mirror`."""
    from shared.data.catalogue import sources
    from shared.data.sources import fetch

    source = sources()["center_bench"]
    files = {subset: fetch(source, file) for subset, file in official.FILE_OF.items()}
    return [item for subset, file in files.items() for item in official.read(file.path, subset)]


@pytest.mark.mirror
def test_counts_of_the_released_files(real):
    """Fact sheet, 1.1: 180 sentences and 4,860 questions of each subset."""
    assert Counter(item.subset for item in real) == {"plausible": 180, "implausible": 180}
    rows = official.records(real)
    assert len({row["id"] for row in rows}) == len(rows) == 9720
    assert Counter(row["level"] for row in rows) == {
        1: 720,
        2: 1080,
        3: 1440,
        4: 1800,
        5: 2160,
        6: 2520,
    }
    types = Counter((row["subset"], row["type"]) for row in rows)
    assert len(types) == 12 and set(types.values()) == {810}


@pytest.mark.mirror
def test_released_sentences_are_numbered_in_order(real):
    assert all(item.id == f"complexity_{item.level}_sentence_{item.number}" for item in real)


@pytest.mark.mirror
def test_what_is_known_of_middle_nouns(real):
    """Fact sheet, section 6: 2,166 flags where 2,160 are meant, and "child" for "cat"."""
    rows = official.records(real)
    assert sum(row["middle"] for row in rows) == 2166
    other = [item for item in real if item.middle != item.middle_entity]
    assert [(i.sentence_id, i.middle_entity, i.middle) for i in other] == [
        ("official/plausible/L5/20", "child", "cat")
    ]


@pytest.mark.mirror
def test_entities_of_the_plausible_subset(real):
    """Fact sheet, 1.3: 208 distinct entities."""
    plausible = [item for item in real if item.subset == "plausible"]
    assert len({noun for item in plausible for noun in item.questions_by_entity}) == 208


@pytest.mark.mirror
def test_subsets_share_next_to_no_entity_sets(real):
    """Fact sheet, 1.4: no pair of sentences with the same id, and one plausible sentence in all."""
    sets = {(i.subset, i.level, i.number): frozenset(i.questions_by_entity) for i in real}
    implausible = {key[1:]: own for key, own in sets.items() if key[0] == "implausible"}
    plausible = {key[1:]: own for key, own in sets.items() if key[0] == "plausible"}
    assert not any(own == implausible[key] for key, own in plausible.items())
    assert sum(own in implausible.values() for own in plausible.values()) == 1
