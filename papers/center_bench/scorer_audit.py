"""What the two scorers accept of answers that are right or wrong by construction.

The answers are made from the oracle parser's reading of a sentence, so from the sentence alone,
and scored against the published gold answers. Where a gold answer does not agree with its
sentence ("siren at the boat" for "blared the siren at"), a right answer is rejected through no
fault of the scorers.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from papers.center_bench import official_scorer, strict_scorer
from papers.center_bench.lemmas import Lemmatizer
from papers.center_bench.official_scorer import Encoder
from papers.center_bench.questions import LEADS_TO
from papers.center_bench.solvers import Event, base_phrase, done_by, oracle

Answer = tuple[str, bool, str]  # kind of answer, whether it is right, its text
COLUMNS = (
    "id",
    "subset",
    "type",
    "answer_kind",
    "right",
    "accepted_official",
    "accepted_strict",
)


def audit(
    questions: pd.DataFrame, encoder: Encoder, lemmatizer: Lemmatizer, similarity: float
) -> pd.DataFrame:
    """One row per question and prepared answer, with the columns COLUMNS. No questions, no rows."""
    rows = prepared(questions)
    said = rows["said"].tolist()
    rows["accepted_official"], _ = official_scorer.score(
        rows, said, encoder, lemmatizer, similarity
    )
    rows["accepted_strict"] = strict_scorer.score(rows, said)
    return rows[list(COLUMNS)]


def prepared(questions: pd.DataFrame) -> pd.DataFrame:
    """The questions, each repeated for its prepared answers (answer_kind, right, said)."""
    reading = {sentence: oracle(sentence) for sentence in questions["sentence"].unique()}
    rows = [
        (*question, *answer)
        for question in questions.itertuples(index=False)
        for answer in answers_to(question.type, reading[question.sentence] or [], question.entity)
    ]
    return pd.DataFrame(rows, columns=[*questions.columns, "answer_kind", "right", "said"])


def answers_to(kind: str, happened: Sequence[Event], entity: str) -> Iterator[Answer]:
    """Prepared answers to the question of this type about this entity."""
    own = done_by(happened, entity)
    if own:
        place = happened.index(own)
        yield from _MAKERS[kind](happened, place)


def _action(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    own = happened[place]
    if own.object:
        base = base_phrase(own.verb)
        yield "past tense", True, own.action(own.verb)
        yield "with its subject", True, own.told()
        yield "another object", False, _another_object(happened, own).action(base)
        yield "verb alone", False, base


def _agent(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    own = happened[place]
    right = happened[place - 1].subject if place else own.object
    yield "without article", True, right
    yield "with did", True, f"The {right} did."
    if doer := next((event for event in happened if event.object == right), None):
        yield "with its clause", True, f"the {right} that the {doer.subject} {doer.verb}"
        untrue = _another(happened, doer.subject, right)
        yield "with an untrue clause", False, f"the {right} that the {untrue} {doer.verb}"
    yield "another entity", False, f"the {_another(happened, right, own.subject)}"


def _count(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    yield "as a word", True, strict_scorer.NUMBERS[len(happened)]
    listed = ", ".join(f"one {event.subject}" for event in happened)
    yield "with a list", True, f"{len(happened)}: {listed}"
    yield "one more", False, str(len(happened) + 1)


def _nested(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    place = place or 1  # the innermost entity is asked about the one that it acts on
    meant, other = happened[place], happened[(place + 1) % len(happened)]
    if meant.object:
        wrong = _another_object(happened, meant)
        yield "as in the sentence", True, meant.action(meant.verb)
        yield "another object", False, wrong.action(wrong.verb)
    yield "another event", False, other.action(other.verb)


def _causes(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    before = happened[:place]
    if not before:
        yield "nothing", True, "nothing"
        return
    swapped = [_reversed(event) for event in before]
    yield "past tense, joined by commas", True, ", ".join(map(Event.told, before))
    yield "past tense, joined by which led to", True, LEADS_TO.join(map(Event.told, before))
    yield "roles reversed", False, LEADS_TO.join(map(Event.told, swapped))
    yield "roles reversed, gerunds", False, LEADS_TO.join(map(Event.led, swapped))
    if len(before) > 1:
        yield "order reversed", False, LEADS_TO.join(map(Event.told, before[::-1]))
        yield "nearest event alone", False, before[-1].told()


def _consequence(happened: Sequence[Event], place: int) -> Iterator[Answer]:
    if place == len(happened) - 1:
        yield "nothing", True, "nothing"
        yield "none, with its own event", True, f"None, {happened[place].told()}"
        yield "empty", False, ""
        return
    own, then = happened[place : place + 2]
    yield "as in the sentence", True, then.told()
    yield "own event", False, own.told()
    if then.object:
        yield "roles reversed", False, _reversed(then).told()
        yield "another object", False, _another_object(happened, then).told()


_MAKERS = {
    "action_performed": _action,
    "agent_identification": _agent,
    "entity_count": _count,
    "nested_dependency": _nested,
    "causal_sequence": _causes,
    "chain_consequence": _consequence,
}


def _reversed(event: Event) -> Event:
    return Event(event.object, event.verb, event.subject)


def _another_object(happened: Sequence[Event], event: Event) -> Event:
    return event._replace(object=_another(happened, event.object, event.subject))


def _another(happened: Sequence[Event], right: str, best_not: str) -> str:
    """An entity other than `right`; `best_not` only if there are just two."""
    others = (event.subject for event in happened if event.subject not in (right, best_not))
    return next(others, best_not)
