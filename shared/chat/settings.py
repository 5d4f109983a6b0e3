"""How a setting says whom to ask in a chat, and how. No torch here: rules read it too."""

from shared.models.spec import ModelSpec
from shared.settings import Strict


class Asked(Strict):
    """One model, and how it is asked. The settings of a paper that asks each of its models in one
    way may extend this beside `ScaleSettings`."""

    model: ModelSpec
    thinking: bool | None = None  # None: as the model does by itself
    body: dict = {}  # further fields of an endpoint's requests
    prices: tuple[float, float] | None = None  # of a million prompt and reply tokens
