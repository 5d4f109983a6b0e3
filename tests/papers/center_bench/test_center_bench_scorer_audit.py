"""Prepared answers on a sentence of our own, and on the published questions where we have them."""

import pandas as pd
import pytest

from papers.center_bench import official, official_scorer, strict_scorer
from papers.center_bench.lemmas import Lemmatizer
from papers.center_bench.questions import LEADS_TO
from papers.center_bench.scorer_audit import COLUMNS, answers_to, audit, prepared
from papers.center_bench.solvers import (
    Event,
    base_phrase,
    done_by,
    gerund_phrase,
    oracle,
    solve,
)
from shared.data.sources import mirror_folder
from shared.models.embeddings import SentenceEncoder

GOAT = "The goat that the fox that the ranger tracked stalked fled."

# What is prepared for each question about GOAT: kind -> (right, answer).
PREPARED = {
    ("action_performed", "goat"): {},  # no object to be wrong about
    ("action_performed", "fox"): {
        "past tense": (True, "stalked the goat"),
        "with its subject": (True, "the fox stalked the goat"),
        "another object": (False, "stalk the ranger"),
        "verb alone": (False, "stalk"),
    },
    ("agent_identification", "goat"): {
        "without article": (True, "fox"),
        "with did": (True, "The fox did."),
        "with its clause": (True, "the fox that the ranger tracked"),
        "with an untrue clause": (False, "the fox that the goat tracked"),
        "another entity": (False, "the ranger"),
    },
    ("agent_identification", "ranger"): {
        "without article": (True, "fox"),
        "with did": (True, "The fox did."),
        "with its clause": (True, "the fox that the ranger tracked"),
        "with an untrue clause": (False, "the fox that the goat tracked"),
        "another entity": (False, "the goat"),
    },
    ("entity_count", "fox"): {
        "as a word": (True, "three"),
        "with a list": (True, "3: one ranger, one fox, one goat"),
        "one more": (False, "4"),
    },
    ("nested_dependency", "ranger"): {
        "as in the sentence": (True, "stalked the goat"),
        "another object": (False, "stalked the ranger"),
        "another event": (False, "fled"),
    },
    ("nested_dependency", "goat"): {"another event": (False, "tracked the fox")},
    ("causal_sequence", "ranger"): {"nothing": (True, "nothing")},
    ("causal_sequence", "fox"): {
        "past tense, joined by commas": (True, "the ranger tracked the fox"),
        "past tense, joined by which led to": (True, "the ranger tracked the fox"),
        "roles reversed": (False, "the fox tracked the ranger"),
        "roles reversed, gerunds": (False, "the fox tracking the ranger"),
    },
    ("causal_sequence", "goat"): {
        "past tense, joined by commas": (
            True,
            "the ranger tracked the fox, the fox stalked the goat",
        ),
        "past tense, joined by which led to": (
            True,
            "the ranger tracked the fox which led to the fox stalked the goat",
        ),
        "roles reversed": (
            False,
            "the fox tracked the ranger which led to the goat stalked the fox",
        ),
        "roles reversed, gerunds": (
            False,
            "the fox tracking the ranger which led to the goat stalking the fox",
        ),
        "order reversed": (
            False,
            "the fox stalked the goat which led to the ranger tracked the fox",
        ),
        "nearest event alone": (False, "the fox stalked the goat"),
    },
    ("chain_consequence", "goat"): {
        "nothing": (True, "nothing"),
        "none, with its own event": (True, "None, the goat fled"),
        "empty": (False, ""),
    },
    ("chain_consequence", "fox"): {
        "as in the sentence": (True, "the goat fled"),
        "own event": (False, "the fox stalked the goat"),
    },
    ("chain_consequence", "ranger"): {
        "as in the sentence": (True, "the fox stalked the goat"),
        "own event": (False, "the ranger tracked the fox"),
        "roles reversed": (False, "the goat stalked the fox"),
        "another object": (False, "the fox stalked the ranger"),
    },
}
GOLD = {
    ("action_performed", "fox"): "stalk the goat",
    ("agent_identification", "goat"): "the fox",
    ("agent_identification", "ranger"): "the fox",
    ("entity_count", "fox"): "3",
    ("nested_dependency", "ranger"): "stalked the goat",
    ("nested_dependency", "goat"): "fled",
    ("causal_sequence", "ranger"): "no prior events",
    ("causal_sequence", "fox"): "the ranger tracking the fox",
    ("causal_sequence", "goat"): (
        "the ranger tracking the fox which led to the fox stalking the goat"
    ),
    ("chain_consequence", "goat"): "none",
    ("chain_consequence", "fox"): "the goat fled",
    ("chain_consequence", "ranger"): "the fox stalked the goat",
}


def frame_of(golds):
    rows = [
        {
            "id": f"own/{entity}/{kind}",
            "subset": "plausible",
            "type": kind,
            "sentence": GOAT,
            "entity": entity,
            "answer": answer,
        }
        for (kind, entity), answer in golds.items()
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


@pytest.fixture(scope="module")
def lemmatizer():
    return Lemmatizer()


@pytest.mark.parametrize(("kind", "entity"), PREPARED)
def test_prepared_answers(kind, entity):
    told = {name: rest for name, *rest in answers_to(kind, oracle(GOAT), entity)}
    assert told == {name: list(rest) for name, rest in PREPARED[kind, entity].items()}


def test_with_two_entities_the_wrong_one_is_all_there_is():
    told = oracle("The goat that the ranger tracked fled.")
    answers = dict((name, text) for name, _, text in answers_to("action_performed", told, "ranger"))
    assert answers["another object"] == "track the ranger"
    answers = dict(
        (name, text) for name, _, text in answers_to("agent_identification", told, "goat")
    )
    assert answers["another entity"] == "the goat"


def test_the_audit_of_one_sentence(encoder, lemmatizer):
    """The strict scorer agrees with what is right by construction, in every row. The official one
    accepts reversed roles, a verb alone and an empty answer to "none", and not "three" for 3."""
    rows = audit(frame_of(GOLD), encoder, lemmatizer, 0.9)
    assert tuple(rows) == COLUMNS
    assert len(rows) == sum(len(PREPARED[key]) for key in GOLD)
    assert (rows["accepted_strict"] == rows["right"]).all()
    official_says = rows.groupby("answer_kind")["accepted_official"].agg(["min", "max"])
    for kind in ("roles reversed", "verb alone", "empty", "past tense", "without article"):
        assert official_says.loc[kind, "min"], kind
    for kind in ("another entity", "another event", "as a word", "one more"):
        assert not official_says.loc[kind, "max"], kind


def test_no_questions_give_no_rows(lemmatizer):
    def never(texts):
        raise AssertionError("nothing to embed")

    rows = audit(frame_of(GOLD)[:0], never, lemmatizer, 0.9)
    assert tuple(rows) == COLUMNS
    assert len(rows) == 0


@pytest.fixture(scope="module")
def published():
    """All published questions; only for tests marked `mirror`."""
    items = [
        item
        for subset, file in official.FILE_OF.items()
        for item in official.read(mirror_folder() / file, subset)
    ]
    return pd.DataFrame(official.records(items))


# Answers of the fact sheet's table that we prepare too: number of published questions.
COUNTS = {
    ("chain_consequence", "roles reversed"): 900,
    ("causal_sequence", "roles reversed"): 1260,
    ("chain_consequence", "another object"): 900,
    ("chain_consequence", "own event"): 1260,
    ("causal_sequence", "nearest event alone"): 900,
    ("nested_dependency", "another object"): 1200,
    ("nested_dependency", "another event"): 1620,
    ("action_performed", "another object"): 1260,
    ("agent_identification", "another entity"): 1620,
    ("causal_sequence", "past tense, joined by commas"): 1260,
    ("causal_sequence", "past tense, joined by which led to"): 1260,
    ("action_performed", "past tense"): 1260,
    ("nested_dependency", "as in the sentence"): 1200,
    ("chain_consequence", "as in the sentence"): 1260,
}


@pytest.mark.mirror
def test_as_many_prepared_answers_as_the_published_questions_allow(published):
    found = prepared(published).groupby(["type", "answer_kind"]).size()
    assert {key: found[key] for key in COUNTS} == COUNTS


# Percentage of reversed roles that the official scorer accepts, by the fact sheet: of all
# sentences, of implausible ones.
REVERSED = {"chain_consequence": (97.2, 99.8), "causal_sequence": (93.3, 95.6)}


@pytest.mark.mirror
def test_the_official_scorer_accepts_reversed_roles(published, encoder, lemmatizer):
    """Those numbers are of answers made from the files' `structure`, which is wrong in 26
    plausible and 2 implausible sentences; ours are made from the sentences. So they agree to 0.5
    points on the implausible ones, and are higher, by 1.5 points at most overall, with the others.
    """
    rows = prepared(published[published["type"].isin(REVERSED)])
    rows = rows[rows["answer_kind"] == "roles reversed"]
    said = rows["said"].tolist()
    accepted, _ = official_scorer.score(rows, said, encoder, lemmatizer, 0.9)
    rows = rows.assign(accepted=100 * accepted)
    for kind, (overall, implausible) in REVERSED.items():
        found = rows[rows["type"] == kind]
        by_subset = found.groupby("subset")["accepted"].mean()
        assert by_subset["implausible"] == pytest.approx(implausible, abs=0.5)
        assert overall <= found["accepted"].mean() <= overall + 1.5
    assert not strict_scorer.score(rows, said).any()


@pytest.mark.mirror
def test_with_answers_from_the_structure_the_fact_sheet_is_met_to_the_digit(encoder, lemmatizer):
    rows = pd.DataFrame(from_structure(), columns=["subset", "type", "answer", "said"])
    accepted, _ = official_scorer.score(rows, rows["said"].tolist(), encoder, lemmatizer, 0.9)
    rows = rows.assign(accepted=100 * accepted)
    for kind, expected in REVERSED.items():
        found = rows[rows["type"] == kind]
        implausible = found.loc[found["subset"] == "implausible", "accepted"].mean()
        assert (round(found["accepted"].mean(), 1), round(implausible, 1)) == expected


def from_structure():
    """Role-reversed answers made from the field `structure`, which has the last event first."""
    for subset, file in official.FILE_OF.items():
        for item in official.read(mirror_folder() / file, subset):
            place = {event.subject: i for i, event in enumerate(item.structure)}
            for noun, asked in item.questions_by_entity.items():
                before, then = item.structure[: place[noun] : -1], item.structure[place[noun] - 1]
                told = {"causal_sequence": before}
                told["chain_consequence"] = [then] if place[noun] and then.object else []
                for each in asked:
                    if events := told.get(each.type):
                        swapped = [f"the {e.object} {e.action} the {e.subject}" for e in events]
                        yield subset, each.type, each.answer, LEADS_TO.join(swapped)


@pytest.mark.mirror
def test_the_strict_scorer_accepts_every_published_gold_answer(published):
    assert strict_scorer.score(published, published["answer"].tolist()).all()


TENSES = {"past": str, "base": base_phrase, "gerund": gerund_phrase}
CONNECTIVES = (LEADS_TO, ", ", "; then ", " and then ", ", leading to ", " before ", ". ")


def wordings(question, happened, tense):
    """(answer, whether it is right) in this tense, with the roles right and reversed."""

    def told(event):
        return f"the {event.subject} {event.action(TENSES[tense](event.verb))}"

    def swapped(event):
        return Event(event.object, event.verb, event.subject)

    place = happened.index(done_by(happened, question.entity))
    if question.type == "causal_sequence":
        before = happened[:place]
        for connective in CONNECTIVES if before else ():
            yield connective.join(map(told, before)), True
            yield connective.join(told(swapped(event)) for event in before), False
        return
    later = {"nested_dependency": place or 1, "chain_consequence": place + 1}
    for event in happened[later.get(question.type, place) :][:1]:
        yield told(event), True
        if event.object:
            yield told(swapped(event)), False
        if question.type != "chain_consequence":
            yield event.action(TENSES[tense](event.verb)), True


@pytest.mark.mirror
@pytest.mark.parametrize("tense", TENSES)
def test_the_strict_scorer_knows_roles_in_every_wording(published, tense):
    """At least 97 % of right answers and no role-reversed one. What is missing are gold answers
    that don't agree with their sentence."""
    asked = published[~published["type"].isin(["agent_identification", "entity_count"])]
    reading = {sentence: oracle(sentence) for sentence in asked["sentence"].unique()}
    rows = [
        (*question, *said)
        for question in asked.itertuples(index=False)
        for said in wordings(question, reading[question.sentence], tense)
    ]
    frame = pd.DataFrame(rows, columns=[*asked, "said", "right"])
    frame["accepted"] = strict_scorer.score(frame, frame["said"].tolist())
    found = frame.groupby(["right", "type"])["accepted"].mean()
    assert (found[True] >= 0.97).all()
    assert (found[False] == 0).all()


@pytest.mark.mirror
def test_the_oracle_parser_on_the_published_questions(published):
    """98 % and more; the rest are slips in the questions and gold answers, and two sentences with
    a verb too many. The heuristic in string order is right by chance alone."""
    right = {
        name: strict_scorer.score(published, solve(name, published, None)).mean()
        for name in ("oracle", "nearest-verb")
    }
    assert right["oracle"] >= 0.98
    assert right["nearest-verb"] < 0.4
