"""The six questions about each entity of a sentence, with the answers that follow from it.

As in the authors' data. For "The cat that the dog that the boy adopted chased meowed.":

    type                    of the dog                          answer
    action_performed        What did the dog do?                chase the cat
    agent_identification    Who adopted the dog?                the boy
    entity_count            How many distinct entities are …    3
    nested_dependency       What did the entity that was        chased the cat
                            adopted do?
    causal_sequence         What series of events led to the    the boy adopting the dog
                            dog's action?
    chain_consequence       What is the consequence of the      the cat meowed
                            dog's involvement?

Nobody acts on the innermost entity, so two of its questions are about what it acts on.
"""

from collections.abc import Iterable
from typing import NamedTuple

from papers.center_bench.grammar import PEOPLE, Event, Sentence, middle, vocabulary

TYPES = (
    "action_performed",
    "agent_identification",
    "entity_count",
    "nested_dependency",
    "causal_sequence",
    "chain_consequence",
)
# The readings of a sentence that an answer may follow; of those that it agrees with, the first:
# "shortcut" may be the nearest verb too (at level 1, where there are but two ways to give verbs to
# nouns, it always is).
READINGS = ("structure", "shortcut", "nearest verb", "other")
LEADS_TO = " which led to "
NO_EVENTS, NO_CONSEQUENCE = "no prior events", "none"


class Question(NamedTuple):
    entity: str
    type: str
    question: str
    answer: str
    middle: bool


def questions(sentence: Sentence) -> list[Question]:
    """Six questions for each noun, in the order of the sentence."""
    found = []
    for place, noun in enumerate(reversed(sentence.nouns)):
        asked = _about(sentence.events, place)
        centre = noun == middle(sentence.nouns)
        found[:0] = [
            Question(noun, kind, *text, centre) for kind, text in zip(TYPES, asked, strict=True)
        ]
    return found


def records(
    source: str,
    subset: str,
    level: int,
    sentence_id: str,
    pair: str,
    sentence: str,
    asked: Iterable[Question],
) -> list[dict]:
    """Questions as the rows of `generated.jsonl` and `official.jsonl`."""
    return [
        {
            "id": f"{sentence_id}/{each.entity.replace(' ', '-')}/{each.type}",
            "source": source,
            "subset": subset,
            "level": level,
            "sentence_id": sentence_id,
            "pair": pair,
            "sentence": sentence,
            **each._asdict(),
        }
        for each in asked
    ]


def _about(events: list[Event], place: int) -> list[tuple[str, str]]:
    """(question, answer) by type, about the subject of the event at this place."""
    own = events[place]
    entity = own.subject
    if place:
        agent, verb = events[place - 1].subject, events[place - 1].verb
        agent_question = f"{_who(agent)} {verb.past} the {entity}?"
        nested = f"What did the entity that was {verb.participle} do?", own.acted("past")
    else:
        agent = own.object
        agent_question = f"{_who(agent)} was affected by the {entity}?"
        acted_upon = f"What did the entity acted upon by the {entity} do?"
        nested = acted_upon, events[1].acted("past")
    before = LEADS_TO.join(_told(event, "gerund") for event in events[:place])
    after = _told(events[place + 1], "past") if own.object else NO_CONSEQUENCE
    return [
        (f"What did the {entity} do?", own.acted("base")),
        (agent_question, f"the {agent}"),
        ("How many distinct entities are in the sentence?", str(len(events))),
        nested,
        (f"What series of events led to the {entity}'s action?", before or NO_EVENTS),
        (f"What is the consequence of the {entity}'s involvement?", after),
    ]


def _told(event: Event, form: str) -> str:
    return f"the {event.subject} {event.acted(form)}"


def _who(noun: str) -> str:
    return "Who" if vocabulary().domains[noun] == PEOPLE else "What"
