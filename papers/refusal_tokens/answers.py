"""Answers of ordinary and dated instructions, computed from what fills their slots."""

OPPOSITES = {
    "big": "small", "bright": "dark", "cheap": "expensive", "clean": "dirty", "cold": "hot",
    "deep": "shallow", "dry": "wet", "early": "late", "easy": "difficult", "empty": "full",
    "fast": "slow", "good": "bad", "hard": "soft", "heavy": "light", "high": "low",
    "long": "short", "loud": "quiet", "new": "old", "old": "young", "open": "closed",
    "poor": "rich", "rich": "poor", "short": "long", "strong": "weak", "sweet": "sour",
    "tall": "short", "thick": "thin", "tight": "loose", "warm": "cool", "wide": "narrow",
    "young": "old",
}  # fmt: skip
OLYMPICS = {
    "1960": "Rome", "1964": "Tokyo", "1968": "Mexico City", "1972": "Munich", "1976": "Montreal",
    "1980": "Moscow", "1984": "Los Angeles", "1988": "Seoul", "1992": "Barcelona",
    "1996": "Atlanta", "2000": "Sydney", "2004": "Athens", "2008": "Beijing", "2012": "London",
}  # fmt: skip
WORLD_CUPS = {
    "1954": "West Germany", "1958": "Brazil", "1962": "Brazil", "1966": "England",
    "1970": "Brazil", "1974": "West Germany", "1978": "Argentina", "1982": "Italy",
    "1986": "Argentina", "1990": "West Germany", "1994": "Brazil", "1998": "France",
    "2002": "Brazil", "2006": "Italy", "2010": "Spain", "2014": "Germany",
}  # fmt: skip
# Of the United States, with the first year in whose July each was in office.
PRESIDENTS = {
    1945: "Harry Truman", 1953: "Dwight Eisenhower", 1961: "John Kennedy", 1964: "Lyndon Johnson",
    1969: "Richard Nixon", 1975: "Gerald Ford", 1977: "Jimmy Carter", 1981: "Ronald Reagan",
    1989: "George Bush", 1993: "Bill Clinton", 2001: "George Bush", 2009: "Barack Obama",
}  # fmt: skip


def answer(name: str, fillers: dict[str, str]) -> str:
    """The answer of the function `name` for what stands in the slots."""
    return f"{ANSWERS[name](fillers)}."


def _sum(slots: dict[str, str]) -> int:
    return int(slots["number"]) + int(slots["small"])


def _product(slots: dict[str, str]) -> int:
    return int(slots["number"]) * int(slots["small"])


def _reversed(slots: dict[str, str]) -> str:
    return ", ".join([slots["name3"], slots["name2"], slots["name"]])


def _first(slots: dict[str, str]) -> str:
    return min(slots["object"], slots["object2"])


def _president(slots: dict[str, str]) -> str:
    return PRESIDENTS[max(since for since in PRESIDENTS if since <= int(slots["year"]))]


ANSWERS = {
    "sum": _sum,
    "product": _product,
    "capitals": lambda slots: slots["object"].upper(),
    "reversed": _reversed,
    "opposite": lambda slots: OPPOSITES[slots["adjective"]],
    "spelled": lambda slots: "-".join(slots["object"]),
    "plural": lambda slots: f"{slots['instrument']}s",
    "first": _first,
    "olympics": lambda slots: OLYMPICS[slots["olympic_year"]],
    "world_cup": lambda slots: WORLD_CUPS[slots["cup_year"]],
    "president": _president,
    "until_2020": lambda slots: 2020 - int(slots["year"]),
}
