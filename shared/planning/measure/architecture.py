"""Models of the papers' own size, by `architectures.yaml`, with random weights.

What only counts (a plan) starts without torch, so it is imported where a model is built.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from shared.errors import UserError
from shared.models.spec import ModelSpec, display_name, is_endpoint
from shared.settings import ROOT, Strict

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from shared.models.images import Seen

RECORDS = ROOT / "resources" / "measurements"
SIZES = Path(__file__).with_name("architectures.yaml")


class Picture(Strict):
    """Shapes of what a picture becomes: its tensors, and the tokens that stand for it."""

    token: int
    tokens: int
    pixel_values: list[int]
    image_grid_thw: list[int] | None = None

    def drawn(self) -> Seen:
        """Noise, as `shared.models.images` prepares a picture."""
        import torch

        from shared.models.images import Seen

        tensors = {"pixel_values": torch.randn(*self.pixel_values)}
        if self.image_grid_thw:
            tensors["image_grid_thw"] = torch.tensor([self.image_grid_thw])
        return Seen(tensors, self.tokens)


class Architecture(Strict):
    name: str
    models: list[str]  # ids on the hub
    source: str
    parameters: int
    architecture: str  # class name in transformers
    config: dict
    picture: Picture | None = None

    @property
    def text(self) -> dict:
        """The part of the configuration that is about the language model."""
        return self.config.get("text_config", self.config)

    @property
    def picture_tokens(self) -> int:
        return self.picture.tokens if self.picture else 0

    @property
    def layers(self) -> int:
        return self.text["num_hidden_layers"]

    def build(self, layers: int, device: str) -> PreTrainedModel:
        """float32, evaluation mode, with so many layers of the language model. On the device
        `meta` it takes no memory."""
        import torch
        import transformers

        text = {**self.text, "num_hidden_layers": layers}
        config = self.config | ({"text_config": text} if "text_config" in self.config else text)
        made = getattr(transformers, self.architecture)
        torch.manual_seed(0)
        with torch.device(device):
            return made(made.config_class(**config)).eval()


@cache
def architectures() -> dict[str, Architecture]:
    rows = yaml.safe_load(SIZES.read_text(encoding="utf-8"))
    return {name: Architecture(name=name, **row) for name, row in rows.items()}


def of_model(spec: ModelSpec | None) -> Architecture:
    """The architecture of a model of the hub. Raises `UserError` if its sizes are not known."""
    if spec is None or is_endpoint(spec):
        raise UserError("this paper has no model of its own to measure at this scale")
    if isinstance(spec, str) and spec.startswith("hub:"):
        name = spec.removeprefix("hub:").partition("@")[0]
        for each in architectures().values():
            if name in each.models:
                return each
    raise UserError(
        f"{display_name(spec)}: its sizes are not in {SIZES.name}; there are: "
        + ", ".join(model for each in architectures().values() for model in each.models)
    )
