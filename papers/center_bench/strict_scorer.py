"""A strict scorer: who did what to whom, which the authors' scorer does not see.

Answer and gold are taken apart into events (subject, verb phrase, object), which must be the same
and in the same order. Free are the tense (past, base form or gerund, with or without
auxiliaries), articles, case, hyphens, active or passive voice, what connects the events of a
sequence, where a particle stands ("carried out the waiter", "carried the waiter out"), a short
name for an entity ("the officer", if there is one officer only) and the wording of "none". An
entity, a number or a "none" may have more words with it, if these say what the sentence says:
"The dog did.", "the dog that the boy adopted", "3: one cat, one dog, one boy", "None, the cat
meowed". Not understood, and so wrong: events told in reverse ("after", "because"), pronouns,
synonyms.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from papers.center_bench.lemmas import bases
from papers.center_bench.solvers import oracle, read

ARTICLES = frozenset(("the", "a", "an"))
TO_BE = frozenset(("be", "been", "being", "is", "are", "was", "were"))
TO_DO = frozenset(("do", "does", "did", "doing", "has", "have", "had", "having", "to"))
IN_ORDER = frozenset(("first", "firstly", "next", "finally", "so"))  # before an event
RELATIVE = frozenset(("which", "who", "that"))  # the object of the event before
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty"
)
NUMBERS = _NUMBERS.split()
CONNECTIVES = re.compile(
    r"[.,;:→]|-+>|=>|\b(?:(?:and|which|this|that|then)\s+)*"
    r"(?:led\s+to|leading\s+to|resulted\s+in|resulting\s+in|caused|causing)\b"
    r"|\b(?:and\s+then|then(?=\s+(?:the|an?)\b)|and|after\s+which|before)\b"
)
NOTHING = re.compile(
    r"(there (is|are|was|were) )?(none|nothing|no( \w+)? (event|action|consequence)s?)"
    r"( (happened|occurred|led to)\b.*)?"
)


class Event(NamedTuple):
    """`subject` and `object` are places in the sentence's list of entities; None: not named."""

    subject: int | None
    verb: tuple[str, ...]  # words
    object: int | None

    def same(self, other: "Event") -> bool:
        return (
            (self.subject, self.object) == (other.subject, other.object)
            and len(self.verb) == len(other.verb)
            and all(bases(a) & bases(b) for a, b in zip(self.verb, other.verb, strict=True))
        )


class Entities:
    """The entities of a sentence: its nouns, each known by its whole name and by every ending of
    it that no other noun has. `verbs`: phrases, in the order of the sentence."""

    def __init__(self, sentence: str):
        nouns, verbs = read(sentence) or ([], [])
        self.names = [tuple(words(noun)) for noun in nouns]
        self.verbs = [words(verb) for verb in verbs]
        endings = [[name[i:] for i in range(1, len(name))] for name in self.names]
        short = [ending for each in endings for ending in each]
        self._places = {
            ending: place
            for place, each in enumerate(endings)
            for ending in each
            if short.count(ending) == 1
        } | {name: place for place, name in enumerate(self.names)}
        self._longest = max(map(len, self.names), default=0)
        self._happened = [
            Event(
                self.place(words(event.subject)),
                tuple(words(event.verb)),
                self.place(words(event.object)) if event.object else None,
            )
            for event in oracle(sentence) or []
        ]

    def place(self, name: Sequence[str]) -> int | None:
        return self._places.get(tuple(name))

    def mentions(self, text: Sequence[str]) -> list[tuple[int, int, int]]:
        """(first word, word after the last, place of the entity), in order; longest name first."""
        found, at = [], 0
        while at < len(text):
            lengths = range(min(self._longest, len(text) - at), 0, -1)
            length = next((n for n in lengths if self.place(text[at : at + n]) is not None), 0)
            if length:
                found.append((at, at + length, self.place(text[at : at + length])))
            at += length or 1
        return found

    def true(self, event: Event) -> bool:
        """Whether the sentence tells this event."""
        return any(map(event.same, self._happened))

    def describes(self, said: Sequence[str], entity: int) -> bool:
        """Whether words after a relative pronoun say of the entity what the sentence says: what was
        done to it, what it did, or all that stands between it and its verb."""
        inner = range(entity + 1, len(self.names))
        whole = [word for place in inner for word in (*self.names[place], "that")][:-1]
        whole += [word for verb in self.verbs[: len(inner)] for word in verb]
        mentions = self.mentions(said)
        if mentions and mentions[0][0] == 0:
            _, end, subject = mentions[0]
            return list(said) == whole or self.true(Event(subject, tuple(said[end:]), entity))
        return self.true(self._event(["that", *said], entity))

    def events(self, text: str) -> list[Event]:
        """The events that a text tells, in order."""
        events: list[Event] = []
        for part in CONNECTIVES.split(text.lower()):
            told = [word for word in words(part) if word != "then"]
            while told and told[0] in IN_ORDER:
                told = told[1:]
            if told:
                events.append(self._event(told, events[-1].object if events else None))
        return events

    def _event(self, told: list[str], before: int | None) -> Event:
        """`before` is the object of the event before, which a relative pronoun takes up."""
        mentions = self.mentions(told)
        subject = obj = None
        taken: set[int] = set()
        if told[0] in RELATIVE:
            subject, taken = before, {0}
        elif mentions and mentions[0][0] == 0:
            start, end, subject = mentions.pop(0)
            taken = set(range(start, end))
        passive = False
        if mentions:
            start, end, obj = mentions[-1]
            taken |= set(range(start, end))
            passive = subject is not None and told[start - 1] == "by"
            passive = passive and any(word in TO_BE for word in told[:start])
            if passive:
                taken.add(start - 1)
        verb = [word for i, word in enumerate(told) if i not in taken]
        while len(verb) > 1 and verb[0] in TO_BE | TO_DO:
            verb = verb[1:]
        return Event(obj, tuple(verb), subject) if passive else Event(subject, tuple(verb), obj)


def score(questions: pd.DataFrame, predictions: Sequence[str]) -> np.ndarray:
    """Which answers are right, bool (n,). `questions` has type, sentence, entity and answer."""
    columns = (questions[name] for name in ("type", "sentence", "entity", "answer"))
    return np.array([right(*each) for each in zip(*columns, predictions, strict=True)], bool)


def right(kind: str, sentence: str, entity: str, gold: str, prediction: str) -> bool:
    """Whether `prediction` answers a question of type `kind` about `entity` as `gold` does."""
    entities = _entities(sentence)
    if kind == "entity_count":
        return _numbers(prediction, entities) == _numbers(gold, entities)
    if _says_nothing(gold):
        first, *more = re.split("[,;.:]", prediction, maxsplit=1)
        told = entities.events(" ".join(more))
        return _says_nothing(prediction) or (
            _says_nothing(first) and bool(told) and all(map(entities.true, told))
        )
    if kind == "agent_identification":
        return _names(entities, words(prediction), words(gold))
    said, meant = entities.events(prediction), entities.events(gold)
    if kind in ("action_performed", "nested_dependency"):
        doer = _doer(entities, entity, kind)
        said = [each._replace(subject=None) if each.subject == doer else each for each in said]
    return len(said) == len(meant) and all(map(Event.same, said, meant))


def words(text: str) -> list[str]:
    """Words in lower case without articles; a hyphen parts words."""
    found = re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())
    return [word for word in found if word not in ARTICLES]


@cache
def _entities(sentence: str) -> Entities:
    return Entities(sentence)


def _names(entities: Entities, said: list[str], meant: list[str]) -> bool:
    """Whether an answer names the entity that is meant, and says nothing untrue with it."""
    if said[:1] == ["it"] and said[1:2] in (["is"], ["was"]):
        said = said[2:]
    entity, mentions = entities.place(meant), entities.mentions(said)
    if said == meant or entity is None or not mentions or mentions[0][::2] != (0, entity):
        return said == meant
    rest = said[mentions[0][1] :]
    if rest and rest[0] in RELATIVE:
        return entities.describes(rest[1:], entity)
    return rest in ([], ["did"]) or [*map(entities.true, entities.events(" ".join(said)))] == [True]


def _doer(entities: Entities, entity: str, kind: str) -> int | None:
    """Whose action is asked for. The innermost entity is acted on by none: the question of type
    nested_dependency is then about the one that it acts on."""
    place = entities.place(words(entity))
    innermost = place is not None and place == len(entities.names) - 1
    return place - 1 if innermost and kind == "nested_dependency" else place


def _says_nothing(text: str) -> bool:
    return NOTHING.fullmatch(" ".join(words(text))) is not None


def _numbers(text: str, entities: Entities) -> set[str]:
    """In digits, however many these are, but for the 1 of "one cat, one dog"."""
    said = words(text)
    starts = {start for start, _, _ in entities.mentions(said)}
    listed = {i for i, word in enumerate(said) if word in ("1", "one") and i + 1 in starts}
    found = {word for i, word in enumerate(said) if i not in listed}
    digits = {word.lstrip("0") or "0" for word in found if word.isdecimal()}
    return digits | {str(number) for number, word in enumerate(NUMBERS) if word in found}
