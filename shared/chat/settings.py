"""How a setting names a model that is asked in a chat. No torch here: rules and tables read it."""

from shared.models.spec import ModelSpec
from shared.settings import Strict


class Asked(Strict):
    """One model, and how it is asked."""

    model: ModelSpec
    thinking: bool | None = None  # None: as the model does by itself
    body: dict = {}  # further fields of an endpoint's requests
    # US dollars per million prompt tokens and per million reply tokens, for an estimate
    prices: tuple[float, float] | None = None
