"""Answers of ordinary and dated instructions, from what fills their slots (words.yaml)."""

from functools import cache
from pathlib import Path

from shared.files import read_yaml

FILES = ("words.yaml",)
LOOKED_UP = {  # answer -> the slot whose fillers it is known of
    "opposite": "adjective",
    "olympics": "olympic_year",
    "world_cup": "cup_year",
    "president": "year",
}
COMPUTED = {
    "sum": lambda slots: int(slots["number"]) + int(slots["small"]),
    "product": lambda slots: int(slots["number"]) * int(slots["small"]),
    "capitals": lambda slots: slots["object"].upper(),
    "reversed": lambda slots: ", ".join([slots["name3"], slots["name2"], slots["name"]]),
    "spelled": lambda slots: "-".join(slots["object"]),
    "plural": lambda slots: f"{slots['instrument']}s",
    "first": lambda slots: min(slots["object"], slots["object2"]),
    "until_2020": lambda slots: 2020 - int(slots["year"]),
}


def answer(name: str, fillers: dict[str, str]) -> str:
    """The answer of this name for what stands in the slots."""
    slot = LOOKED_UP.get(name)
    return f"{words()[slot][fillers[slot]] if slot else COMPUTED[name](fillers)}."


@cache
def words() -> dict[str, dict[str, str] | list[str]]:
    """What may fill a slot, by slot: with what answers a question about it, or a list."""
    return read_yaml(Path(__file__).with_name("words.yaml"))
