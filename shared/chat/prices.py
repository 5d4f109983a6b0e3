"""What a model behind an endpoint costs where settings don't say it: `prices.yaml`."""

from functools import cache
from pathlib import Path

from shared.files import read_yaml

FILE = Path(__file__).with_name("prices.yaml")
Prices = tuple[float, float]  # US dollars of a million prompt and a million reply tokens


def list_prices(model: str) -> Prices | None:
    """Of a model by the name that an endpoint knows it by, with its maker before it or without."""
    return _listed().get(model.rpartition("/")[2])


@cache
def _listed() -> dict[str, Prices]:
    rows = read_yaml(FILE)
    return {name.rpartition("/")[2]: tuple(prices) for name, prices in rows.items()}
