"""How often a paper calls models behind an endpoint. Nothing is opened or asked here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.chat.prices import Prices, list_prices
from shared.settings import ScaleSettings

UNCOUNTED = "as many as the steps need"
_ENDPOINT = re.compile(r'api:([^",\s]+)')


@dataclass(frozen=True)
class Calls:
    """Of one model for one purpose, without those that are made again after an error.

    most: None where the settings alone don't tell it; `what` then says what it depends on.
    tokens: of one call, about so many of the prompt and at most so many of the reply.
    """

    model: str
    what: str
    most: int | None = None
    once: bool = False  # for all models of a scale together, such as to make their data
    tokens: tuple[int, int] | None = None
    prices: Prices | None = None  # None: `list_prices`

    def dollars(self, times: int = 1) -> float | None:
        """At most, but for the length of a prompt; None where something is not known."""
        prices = self.prices or list_prices(self.model)
        if None in (self.most, self.tokens, prices):
            return None
        cost = sum(n * price for n, price in zip(self.tokens, prices, strict=True)) / 1e6
        return times * self.most * cost


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
