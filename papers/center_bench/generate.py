"""Sentences in three conditions, decided by a seed.

    plausible    every event is one that the vocabulary licenses
    implausible  as the paper makes them: nouns of one domain, and each noun gets a verb that is
                 typical of the next one (the last of the first): intransitive for the first noun,
                 transitive for all others. Here also: a verb that surprises of the noun it gets
    matched      the words of a plausible sentence with the nouns in another order, the one that
                 leaves no event licensed and makes most of them surprising. At level 1 the two
                 nouns change places

The verbs stay where they are, so that what is transitive stays transitive. A plausible sentence
whose nouns have no such order is drawn again: what could as well be the other way round can't
show whether a reader goes by the order.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import permutations

import numpy as np

from papers.center_bench.grammar import LEVELS, Event, Sentence, Verb, Vocabulary, vocabulary

SUBSETS = ("plausible", "implausible", "matched")


@dataclass(frozen=True)
class Generated:
    subset: str
    level: int
    number: int  # from 1, in its subset and level
    sentence: Sentence

    @property
    def id(self) -> str:
        return f"generated/{self.subset}/L{self.level}/{self.number:02d}"

    @property
    def pair(self) -> str:
        """What is resampled as one: a plausible sentence and the matched one of its words."""
        if self.subset == "implausible":
            return self.id
        return f"generated/L{self.level}/{self.number:02d}"


def generate(seed: int, sentences: int) -> list[Generated]:
    """`sentences` of each subset and level. More of them begin with the same ones."""
    words, found = vocabulary(), []
    for level in LEVELS:
        plausible = _distinct(f"{seed} plausible {level}", partial(_pair, words, level))
        implausible = _distinct(f"{seed} implausible {level}", partial(_implausible, words, level))
        for number in range(1, sentences + 1):
            pair = (*next(plausible), *next(implausible))
            for subset, sentence in zip(("plausible", "matched", "implausible"), pair, strict=True):
                found.append(Generated(subset, level, number, sentence))
    return sorted(found, key=lambda each: SUBSETS.index(each.subset))


Drawn = tuple[Sentence, ...]


def _distinct(seed: str, draw: Callable[[random.Random], Drawn | None]) -> Iterator[Drawn]:
    """What `draw` gives, one after another, without failures and without any sentence twice."""
    rng, seen = random.Random(seed), set()
    while True:
        drawn = draw(rng)
        if drawn and seen.isdisjoint(drawn):
            seen.update(drawn)
            yield drawn


def _pair(words: Vocabulary, level: int, rng: random.Random) -> Drawn | None:
    """A plausible sentence and the matched one; None if the draw has run into a dead end."""
    nouns, verbs = [], []
    for _ in range(level + 1):  # from the last event back to the first
        options = {
            noun: free
            for noun, known in words.actors.get(nouns[-1] if nouns else None, {}).items()
            if noun not in nouns and (free := [verb for verb in known if verb not in verbs])
        }
        if not options:
            return None
        nouns.append(rng.choice(list(options)))
        verbs.append(rng.choice(options[nouns[-1]]))
    sentence = Sentence(tuple(nouns), tuple(reversed(verbs)))
    other = matched(words, sentence, rng)
    return other and (sentence, other)


def plausible(words: Vocabulary, level: int, rng: random.Random) -> Sentence | None:
    """A plausible sentence alone; None if the draw has run into a dead end."""
    drawn = _pair(words, level, rng)
    return drawn and drawn[0]


def implausible(words: Vocabulary, level: int, rng: random.Random) -> Sentence:
    return _implausible(words, level, rng)[0]


def matched(words: Vocabulary, sentence: Sentence, rng: random.Random) -> Sentence | None:
    """The nouns in another order; None if every order leaves an event licensed."""
    nouns, orders = sentence.nouns, _orders(len(sentence.nouns))
    surprises, licensed = np.zeros(len(orders), int), np.zeros(len(orders), bool)
    for place, verb in enumerate(reversed(sentence.verbs)):
        # of each noun as subject and, but for the last event, each other noun as object
        objects = nouns if place else (None,)
        known = np.array([[words.licenses(Event(n, verb, o)) for o in objects] for n in nouns])
        subject = orders[:, place]
        licensed |= known[subject, orders[:, place - 1] if place else 0]
        surprises += np.array([words.surprises(noun, verb) for noun in nouns])[subject]
    surprises[licensed] = -1
    if surprises.max() < 0:
        return None
    best = rng.choice(np.flatnonzero(surprises == surprises.max()).tolist())
    return Sentence(tuple(nouns[index] for index in orders[best]), sentence.verbs)


@cache
def _orders(size: int) -> np.ndarray:
    """All orders (size!, size) of `size` things."""
    return np.array(list(permutations(range(size))))


def _implausible(words: Vocabulary, level: int, rng: random.Random) -> Drawn:
    """A sentence of nouns of one domain with each other's verbs."""
    domain = rng.choice(list(dict.fromkeys(words.domains.values())))
    known = [noun for noun, own in words.domains.items() if own == domain]
    while True:
        nouns = rng.sample(known, level + 1)
        if verbs := _swapped(words, nouns, rng):
            return (Sentence(tuple(nouns), tuple(reversed(verbs))),)


def _swapped(words: Vocabulary, nouns: list[str], rng: random.Random) -> list[Verb] | None:
    """For each noun a verb of the next one; None if one of them has none to give."""
    verbs: list[Verb] = []
    for place, noun in enumerate(nouns):
        giver = nouns[(place + 1) % len(nouns)]
        options = [
            verb
            for verb in words.typical[place > 0].get(giver, [])
            if verb not in verbs and words.surprises(noun, verb)
        ]
        if not options:
            return None
        verbs.append(rng.choice(options))
    return verbs
