"""How often a paper calls models behind an endpoint. Nothing is opened or asked here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


def endpoints(settings: str) -> Iterator[str]:
    """Every model behind an endpoint that settings (as JSON) name, as judge or otherwise, once."""
    yield from dict.fromkeys(_ENDPOINT.findall(settings))
