"""How often a paper calls models behind an endpoint. Nothing is opened or asked here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.settings import ScaleSettings

UNCOUNTED = "as many as the steps need"
_ENDPOINT = re.compile(r'api:([^",\s]+)')


@dataclass(frozen=True)
class Calls:
    """Of one model for one purpose, without those that are made again after an error.

    most: None where the settings alone don't tell it; `what` then says what it depends on.
    """

    model: str
    what: str
    most: int | None = None
    once: bool = False  # for all models of a scale together, such as to make their data


def calls(settings: ScaleSettings) -> list[Calls]:
    """What the steps ask of models behind an endpoint: what the paper's settings say by a method of
    this name, or else that they ask."""
    own = getattr(settings, "calls", None)
    if own:
        return own()
    return [Calls(name, UNCOUNTED) for name in endpoints(settings.model_dump_json())]


def endpoints(settings: str) -> Iterator[str]:
    """Every model behind an endpoint that settings (as JSON) name, as judge or otherwise, once."""
    yield from dict.fromkeys(_ENDPOINT.findall(settings))
