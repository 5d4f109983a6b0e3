"""What comes into a language model for a batch with pictures, computed without their pixels."""

import torch
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from shared.planning.measure.architecture import Architecture, Picture

# Qwen's image encoder splits a picture into windows by numbers that only real pixels tell. This
# takes them all at once and copies what comes out, as joining the windows does.
WINDOWS = "flash_of_windows"


def _all_at_once(module, query, key, value, attention_mask, **how) -> tuple[torch.Tensor, None]:
    found, _ = sdpa_attention_forward(module, query, key, value, None, is_causal=False)
    return torch.cat([found]), None


AttentionInterface.register(WINDOWS, _all_at_once)


def embedded(model: PreTrainedModel, of: Architecture, ids: torch.Tensor) -> dict:
    """What the model takes in place of tokens (rows, length) of which the first are a picture's.

    model: without adapters around it. The pictures are of the architecture's size.
    """
    features = _features(model, of.picture, len(ids)).flatten(0, -2)
    words = model.get_input_embeddings()(ids)
    place = torch.zeros_like(ids, dtype=torch.bool).unsqueeze(-1).expand_as(words)
    inputs = {"inputs_embeds": words.masked_scatter(place, features.to(words.dtype))}
    if of.picture.image_grid_thw:
        inputs["position_ids"] = torch.zeros(3, *ids.shape, dtype=torch.long)
    return inputs


def _features(model: PreTrainedModel, picture: Picture, rows: int) -> torch.Tensor:
    """(..., hidden) of all pictures."""
    first, *others = picture.pixel_values
    pixels = torch.zeros(rows * first, *others)
    if not picture.image_grid_thw:
        made = model.model.get_image_features(pixel_values=pixels).pooler_output
        return made if isinstance(made, torch.Tensor) else torch.cat([*made])
    encoder, patches = model.model.visual, len(pixels)
    encoder.config._attn_implementation = WINDOWS
    bounds = {"cu_seqlens": torch.zeros(2), "cu_window_seqlens": torch.zeros(2)}
    return encoder(
        pixels,
        grid_thw=torch.zeros(rows, 3, dtype=torch.long),
        position_ids=torch.zeros(patches, 2, dtype=torch.long),
        window_index=torch.zeros(rows * picture.tokens, dtype=torch.long),
        max_seqlen=patches,
        max_window_seqlen=patches,
        **bounds,
    ).pooler_output
