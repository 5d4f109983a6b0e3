"""Settings changed for one run: `--config set=r_tuning.training.learning_rate=5e-4 name=lr5e-4`.

Several have commas between them. A change outranks what paper.yaml says, of a scale and of each of
its models. The values are YAML.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import BaseModel

from shared.errors import UserError
from shared.settings.plain import did_you_mean

Change = tuple[str, str]  # of a paper: the setting, with dots between its levels, and the value

VARIABLE = "REPLICATIONS_SET"
ELSEWHERE = ("name", "model", "stands_in_for")  # settings by which a run is named
_ONE = re.compile(r"(\w+)\.([^=,\s]+)=(.*?)(?:,\s*(?=\w+\.[^=,\s]+=)|$)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # which YAML takes for text without a point


def wanted() -> dict[str, tuple[Change, ...]]:
    """The changes of this run by paper. Raises `UserError` for a text that says none."""
    text, found, place = os.environ.get(VARIABLE, "").strip(), {}, 0
    while place < len(text):
        one = _ONE.match(text, place)
        if not one:
            raise UserError(
                f"set: found '{text[place:]}'; expected PAPER.SETTING=VALUE, such as"
                " r_tuning.training.learning_rate=5e-4"
            )
        paper, setting, value = one.groups()
        found[paper] = (*found.get(paper, ()), (setting, value.strip()))
        place = one.end()
    return found


def every(settings: object) -> Any:
    """All settings by name, also those that are left out of what is written down."""
    if isinstance(settings, BaseModel):
        return {name: every(getattr(settings, name)) for name in type(settings).model_fields}
    if isinstance(settings, Mapping):
        return {name: every(value) for name, value in settings.items()}
    return [every(value) for value in settings] if isinstance(settings, list) else settings


def laid_over(values: dict, known: Mapping, changes: Sequence[Change], paper: str) -> dict:
    """The settings of a paper as written, with the changes. known: all settings there are, as they
    were. Raises `UserError` for one that there is not."""
    for setting, text in changes:
        if setting in ELSEWHERE:
            raise UserError(f"set: {paper}.{setting} is not changed so; expected model=… for that")
        values = _changed(values, known, setting, _value(setting, text), f"{paper}.")
    return values


def _changed(values: Mapping, known: Mapping, setting: str, value: object, above: str) -> dict:
    names = {str(name): name for name in known}
    begins = [name for name in names if f"{setting}.".startswith(f"{name}.")]
    if not begins:
        near = did_you_mean(setting.partition(".")[0], names, under=above)
        there = f"there are {', '.join(names)}"
        raise UserError(f"set: no setting {above}{setting}; {near or there}")
    name = max(begins, key=len)
    rest, here = setting[len(name) + 1 :], names[name]
    if not rest:
        return {**values, here: value}
    if not isinstance(known[here], Mapping):
        raise UserError(f"set: {above}{name} is {known[here]!r}, without settings of its own")
    below = values.get(here)
    below = below if isinstance(below, Mapping) else known[here]
    return {**values, here: _changed(below, known[here], rest, value, f"{above}{name}.")}


def _value(setting: str, text: str) -> object:
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UserError(f"set: {setting}: found '{text}'; expected a value in YAML") from None
