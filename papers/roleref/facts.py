"""Atomic facts of a role and the questions that are made of them.

A fact is one line of a file in `works/`, such as

    keep/kept ~ burn: {what: your tobacco | your gloves} {where: in a slipper | in a tankard}

a verb with its past, another verb that makes the fact false, and a phrase with slots of the kinds
who, what, where, when, why and how. A slot holds what is true and, if it is who, what or where,
something else that is false. The subject is the role. A question asks for one slot; a false one
also changes something else (the kinds of falsification of RoleRef, `EDITS`).

An event is what happened, with what each role that was there did. A role that was not there can't
know, and is asked in the same words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.errors import UserError

WH = {"who": "Who", "what": "What", "where": "Where", "when": "When", "why": "Why", "how": "How"}
# What is falsified: a slot, the verb, a name that exists nowhere, or what the role understands.
SLOT_EDITS = {"who": "character", "what": "object", "where": "location"}
EDITS = (*SLOT_EDITS.values(), "action", "invented", "knowledge")
TOPIC = "With all that you know of"
EVENT_QUESTIONS = ("What did you do when {}?", "How did you act when {}?")

_LINE = re.compile(r"(?P<verb>[\w -]+)/(?P<past>[\w -]+) ~ (?P<other>[\w -]+): (?P<rest>.+)")
_SLOT = re.compile(r"{(?P<kind>\w+): (?P<text>[^|}]+?)(?: \| (?P<false>[^}]+))?}")
_FIRST_PERSON = {"your": "my", "you": "I", "yourself": "myself"}
_SMALL = {
    *("a", "an", "and", "at", "by", "for", "from", "her", "his", "i", "in", "into", "it", "me"),
    *("my", "no", "of", "on", "or", "that", "the", "to", "was", "were", "with"),
}


@dataclass(frozen=True)
class Slot:
    kind: str
    text: str
    false: str | None


@dataclass(frozen=True)
class Fact:
    """`parts` are texts and slots in order; `in_profile`: the role's profile states it."""

    id: str
    in_profile: bool
    verb: str
    past: str
    other_verb: str
    parts: tuple[str | Slot, ...]

    @property
    def slots(self) -> list[Slot]:
        return [part for part in self.parts if isinstance(part, Slot)]

    def statement(self, person: str = "I") -> str:
        """ "I kept my tobacco in a slipper." or, of another person, "You kept your ..."."""
        phrase = _joined(part.text if isinstance(part, Slot) else part for part in self.parts)
        return f"{person} {self.past} {first_person(phrase) if person == 'I' else phrase}."

    def question(self, asked: Slot, changed: Mapping[Slot, str] | None = None, verb="") -> str:
        """A question for the slot `asked`, with other words in the slots of `changed`."""
        phrase = _joined(
            (changed or {}).get(part, part.text) if isinstance(part, Slot) else part
            for part in self.parts
            if part is not asked
        )
        return f"{WH[asked.kind]} did you {_joined([verb or self.verb, phrase])}?"

    def indirect(self, asked: Slot) -> str:
        """An indirect question for a slot: "where you kept your tobacco"."""
        rest = (
            part.text if isinstance(part, Slot) else part
            for part in self.parts
            if part is not asked
        )
        return _joined([asked.kind, "you", self.past, *rest])


@dataclass(frozen=True)
class Event:
    id: str
    clause: str
    done: Mapping[str, str]  # role -> what it did; a role that is not in it was not there


def read_fact(line: str, id: str, in_profile: bool) -> Fact:
    """Raises `UserError` for a line that is no fact or has fewer than two slots."""
    match = _LINE.fullmatch(line)
    slots = list(_SLOT.finditer(match["rest"])) if match else []
    if len(slots) < 2 or any(slot["kind"] not in WH for slot in slots):
        raise UserError(
            f"fact {id}: {line!r}; expected 'verb/past ~ other verb: ...' with two slots or more "
            f"of the kinds {', '.join(WH)}"
        )
    parts: list[str | Slot] = []
    position = 0
    for slot in slots:
        parts.append(match["rest"][position : slot.start()].strip())
        parts.append(Slot(slot["kind"], slot["text"], slot["false"]))
        position = slot.end()
    parts.append(match["rest"][position:].strip())
    kept = tuple(part for part in parts if part)
    return Fact(id, in_profile, match["verb"], match["past"], match["other"], kept)


def true_questions(fact: Fact, topics: Sequence[str]) -> Iterator[tuple[str, Slot]]:
    """(question, asked slot): one for each slot, and one about what the role understands."""
    for slot in fact.slots:
        yield fact.question(slot), slot
    for topic in topics[:1]:
        yield with_topic(topic, fact.question(fact.slots[0])), fact.slots[0]


def false_questions(
    fact: Fact, invented: Mapping[str, Sequence[str]], topics: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """(edit, question, what is false): all that the edits make of a fact.

    Each asks for a slot that is left as it is. `topics` are what the role does not understand.
    """
    for slot in fact.slots:
        asked = next(other for other in fact.slots if other is not slot)
        if slot.kind in SLOT_EDITS:
            yield SLOT_EDITS[slot.kind], fact.question(asked, {slot: slot.false}), slot.false
        for name in invented.get(slot.kind, ()):
            yield "invented", fact.question(asked, {slot: name}), name
    yield "action", fact.question(fact.slots[0], verb=fact.other_verb), fact.other_verb
    for topic in topics:
        yield "knowledge", with_topic(topic, fact.question(fact.slots[-1])), topic


def with_topic(topic: str, question: str) -> str:
    return f"{TOPIC} {topic}, {question[0].lower()}{question[1:]}"


def first_person(text: str) -> str:
    """ "your tobacco" -> "my tobacco"."""
    words = "|".join(_FIRST_PERSON)
    return re.sub(rf"\b({words})\b", lambda match: _FIRST_PERSON[match[1]], text)


def key_words(text: str) -> list[str]:
    """The words of an answer that a right reply must have, without the small ones."""
    words = re.findall(r"[\w']+", first_person(text).lower())
    return [word for word in words if word not in _SMALL] or words


def has_name(question: str) -> bool:
    """Whether a question names someone or some place: a capital after its first word."""
    return bool(re.search(r"(?<!^)(?<!\. )\b[A-Z][a-z]", question))


def _joined(parts) -> str:
    return re.sub(r"\s+", " ", " ".join(parts)).strip()
