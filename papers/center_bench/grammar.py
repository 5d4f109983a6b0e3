"""Center-embedded sentences: the words, who plausibly does what to whom, how events are told.

"The cat that the dog that the boy adopted chased meowed." tells three events: the boy adopted
the dog, the dog chased the cat, the cat meowed. Nouns stand from the last event to the first,
verbs from the first to the last; the noun of the last event acts on nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from shared.errors import UserError
from shared.files import read_yaml

FILES = ("vocabulary.yaml",)

VOCABULARY = Path(__file__).with_name("vocabulary.yaml")
LEVELS = range(1, 7)  # a sentence of level L has L + 1 nouns, L + 1 verbs and L "that"
PEOPLE = "people"


class Verb(NamedTuple):
    base: str
    past: str
    participle: str
    gerund: str


class Event(NamedTuple):
    subject: str
    verb: Verb
    object: str | None = None  # None: the verb is intransitive

    def acted(self, form: str) -> str:
        """The predicate with the verb in a form: "chased the cat", "meow"."""
        verb = getattr(self.verb, form)
        return f"{verb} the {self.object}" if self.object else verb


@dataclass(frozen=True)
class Sentence:
    """Nouns and verbs in the order of the sentence, as many of one as of the other."""

    nouns: tuple[str, ...]
    verbs: tuple[Verb, ...]

    def __str__(self) -> str:
        verbs = " ".join(verb.past for verb in self.verbs)
        return f"The {' that the '.join(self.nouns)} {verbs}."

    @property
    def events(self) -> list[Event]:
        """In order of happening: the innermost noun acts first, on the noun before it."""
        objects = (None, *self.nouns[:-1])
        return [
            Event(subject, verb, whom)
            for subject, verb, whom in zip(
                reversed(self.nouns), self.verbs, reversed(objects), strict=True
            )
        ]


def middle(nouns: tuple[str, ...]) -> str:
    """The noun in the centre; of two the left one."""
    return nouns[(len(nouns) - 1) // 2]


@dataclass(frozen=True)
class Vocabulary:
    domains: dict[str, str]  # noun -> animals, people or vehicles
    # verb -> the (subject, object) it is licensed for; no object with intransitive verbs
    licences: dict[Verb, frozenset[tuple[str, str | None]]]
    # verb -> nouns of which it would not be a surprise, licensed or not
    usual: dict[Verb, frozenset[str]]

    def licenses(self, event: Event) -> bool:
        return (event.subject, event.object) in self.licences[event.verb]

    def surprises(self, subject: str, verb: Verb) -> bool:
        """Nobody expects this of the subject, whoever it is done to."""
        return subject not in self.usual[verb]

    @cached_property
    def actors(self) -> dict[str | None, dict[str, list[Verb]]]:
        """Object (None: intransitive) -> subject -> verbs licensed between them."""
        found: dict[str | None, dict[str, list[Verb]]] = {}
        for verb, pairs in self.licences.items():
            for subject, whom in sorted(pairs, key=str):
                found.setdefault(whom, {}).setdefault(subject, []).append(verb)
        return found

    @cached_property
    def typical(self) -> dict[bool, dict[str, list[Verb]]]:
        """Transitive or not -> noun -> verbs that the noun is licensed to do."""
        found: dict[bool, dict[str, list[Verb]]] = {True: {}, False: {}}
        for verb, pairs in self.licences.items():
            for subject, transitive in sorted({(who, whom is not None) for who, whom in pairs}):
                found[transitive].setdefault(subject, []).append(verb)
        return found


@cache
def vocabulary(path: Path = VOCABULARY) -> Vocabulary:
    """The checked words of `vocabulary.yaml`. Raises `UserError` for a word it doesn't explain."""
    words = read_yaml(path)
    groups: dict[str, list[str]] = {}
    domains: dict[str, str] = {}
    for domain, kinds in words["nouns"].items():
        groups |= kinds | {domain: [noun for nouns in kinds.values() for noun in nouns]}
        domains |= dict.fromkeys(groups[domain], domain)
    groups |= {noun: [noun] for noun in domains}

    def nouns(base: str, names: Iterable[str]) -> list[str]:
        if unknown := [name for name in names if name not in groups]:
            raise UserError(
                f"{path.name}: {base}: found {unknown[0]!r}, expected a domain, kind or noun"
            )
        return [noun for name in names for noun in groups[name]]

    licences, usual = {}, {}
    for base, entry in words["transitive"].items():
        pairs = {
            (who, whom)
            for event in entry["events"]
            for who in nouns(base, event["who"])
            for whom in nouns(base, event["whom"])
            if who != whom
        }
        licences[Verb(base, *entry["forms"])] = frozenset(pairs)
    for base, entry in words["intransitive"].items():
        pairs = {(who, None) for who in nouns(base, entry["who"])}
        licences[Verb(base, *entry["forms"])] = frozenset(pairs)
    entries = words["transitive"] | words["intransitive"]
    for verb, pairs in licences.items():
        could = nouns(verb.base, entries[verb.base].get("could", []))
        usual[verb] = frozenset({who for who, _ in pairs} | set(could))
    return Vocabulary(domains, licences, usual)
