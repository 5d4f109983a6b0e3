"""An image encoder that was run before: its features come in where a LLaVA takes pixels.

For encoders that Transformers has no class for and that stay frozen: features are computed once,
and training and generation see the rest of a real LLaVA. Importing this module registers it.
"""

import torch
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class FeatureTowerConfig(PreTrainedConfig):
    """hidden_size: width of a feature; image_tokens: features of every picture."""

    model_type = "feature_tower"
    hidden_size: int = 1
    image_tokens: int = 1


class FeatureTower(PreTrainedModel):
    """`pixel_values` (pictures, image_tokens, hidden_size) pass through unchanged."""

    config_class = FeatureTowerConfig
    config: FeatureTowerConfig
    main_input_name = "pixel_values"
    _supports_sdpa = True  # it has no attention, so whoever asks for a kind may have it

    def forward(self, pixel_values: torch.Tensor, **ignored: object) -> BaseModelOutput:
        return BaseModelOutput(last_hidden_state=pixel_values, hidden_states=(pixel_values,))


AutoConfig.register(FeatureTowerConfig.model_type, FeatureTowerConfig)
AutoModel.register(FeatureTowerConfig, FeatureTower)
