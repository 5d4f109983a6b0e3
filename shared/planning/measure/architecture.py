"""Models of the papers' own size, by `architectures.yaml`, with random weights.

What only counts (a plan) starts without torch, so it is imported where a model is built.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import UserError
from shared.files import read_yaml
from shared.models.spec import Made, ModelSpec, SmallLm, SmallVlm, display_name, is_endpoint
from shared.settings import ROOT, Strict

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from shared.models.images import Seen

RECORDS = ROOT / "resources" / "measurements"
WORDS = 4096  # of the vocabulary of a small model: more than its texts have
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

    @property
    def image_layers(self) -> int:
        """Of the image encoder; 0 of a model without one, or on features."""
        vision = self.config.get("vision_config", {})
        return vision.get("depth", vision.get("num_hidden_layers", 0))

    def seeing(self, tokens: int) -> Architecture:
        """With pictures of so many tokens, if they are of one part or patch for each so many."""
        if not (tokens and self.picture and self.picture.pixel_values[0] > 1):
            return self
        parts = tokens * self.picture.pixel_values[0] // self.picture.tokens
        sizes = {"tokens": tokens, "pixel_values": [parts, *self.picture.pixel_values[1:]]}
        return self.model_copy(update={"picture": self.picture.model_copy(update=sizes)})

    def with_layers(self, layers: int, image_layers: int) -> Architecture:
        """The same with so many layers, each of which sees all tokens; an image encoder has at most
        those that it has."""
        text = {**self.text, "num_hidden_layers": layers}
        if text.get("sliding_window"):
            text["layer_types"] = ["full_attention"] * layers
        if "text_config" not in self.config:
            return self.model_copy(update={"config": text})
        config = self.config | {"text_config": text}
        if self.image_layers:
            vision = dict(self.config["vision_config"])
            vision["depth" if "depth" in vision else "num_hidden_layers"] = min(
                image_layers, self.image_layers
            )
            config["vision_config"] = vision
        return self.model_copy(update={"config": config})

    def build(self, layers: int, device: str, dtype: torch.dtype | None = None) -> PreTrainedModel:
        """In evaluation mode, with so many layers of the language model. On the device `meta` it
        takes no memory. dtype: of its weights; None: float32."""
        import torch
        import transformers

        made = getattr(transformers, self.architecture)
        config = self.with_layers(layers, self.image_layers).config
        torch.manual_seed(0)
        usual = torch.get_default_dtype()
        torch.set_default_dtype(dtype or torch.float32)
        try:
            with torch.device(device):
                return made(made.config_class(**config)).eval()
        finally:
            torch.set_default_dtype(usual)


@cache
def architectures() -> dict[str, Architecture]:
    rows = read_yaml(SIZES)
    return {name: Architecture(name=name, **row) for name, row in rows.items()}


def of_model(spec: ModelSpec | Made | None) -> Architecture:
    """The architecture of a model of the hub, the bundled one or a small one that the pipeline
    trains. Raises `UserError` if its sizes are not known."""
    if spec is None or is_endpoint(spec):
        raise UserError("this paper has no model of its own to measure at this scale")
    if isinstance(spec, Made):
        return _small(spec)
    if isinstance(spec, str) and spec.startswith(("hub:", "bundled:")):
        name = spec.partition(":")[2].partition("@")[0]
        for each in architectures().values():
            if name in each.models:
                return each
    raise UserError(
        f"{display_name(spec)}: its sizes are not in {SIZES.name}; there are: "
        + ", ".join(model for each in architectures().values() for model in each.models)
    )


def _small(spec: Made) -> Architecture:
    """With a vocabulary that is larger than that of any small model's texts."""
    from shared.models import small_lm, small_vlm

    made = small_lm if isinstance(spec, SmallLm) else small_vlm
    words = (f"w{number}" for number in range(WORDS))
    model = made.assemble(spec, made.vocabulary("words", words), seed=0)
    return Architecture(
        name=spec.name,
        models=[],
        source="made in the pipeline",
        parameters=sum(weight.numel() for weight in model.parameters()),
        architecture=type(model).__name__,
        config=model.config.to_dict(),
        picture=None if isinstance(spec, SmallLm) else _of_small(spec, model),
    )


def _of_small(spec: SmallVlm, model: PreTrainedModel) -> Picture:
    vision = model.config.vision_config
    if spec.image_size:
        tokens = (spec.image_size // vision.patch_size) ** 2
        pixels = [1, 3, spec.image_size, spec.image_size]
    else:
        tokens, pixels = vision.image_tokens, [1, vision.image_tokens, vision.hidden_size]
    return Picture(token=model.config.image_token_index, tokens=tokens, pixel_values=pixels)
