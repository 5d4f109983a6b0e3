"""Vision-language models of the real classes, with random weights and a few thousand parameters."""

import pytest
from PIL import Image

from shared.models.spec import RandomModel

TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,  # weights large enough to have opinions
    "pad_token_id": 2,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LLAVA = {
    "text_config": {"model_type": "llama", **TEXT},
    "vision_config": {
        "model_type": "clip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
        "initializer_range": 0.3,
    },
}
QWEN = {
    "text_config": {
        "model_type": "qwen2_5_vl_text",
        **TEXT,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [1, 1, 2],
            "rope_theta": 10000.0,
        },
    },
    "vision_config": {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 56,
        "fullatt_block_indexes": [1],
        "out_hidden_size": 32,
    },
}
CONFIGS = {
    "LlavaForConditionalGeneration": LLAVA,
    "Qwen2_5_VLForConditionalGeneration": QWEN,
}


@pytest.fixture(params=CONFIGS)
def vlm(request, tiny_tokenizer, tmp_path):
    """The spec of a tiny model of each class, on a byte-level tokenizer in a folder."""
    tiny_tokenizer.save_pretrained(tmp_path / "tokenizer")
    return RandomModel(
        name="tiny",
        architecture=request.param,
        config=CONFIGS[request.param],
        tokenizer=f"path:{tmp_path / 'tokenizer'}",
    )


@pytest.fixture
def pictures():
    """Four pictures, each half in one colour and half in another."""
    made = []
    for upper, lower in (("red", "blue"), ("blue", "red"), ("white", "black"), ("green", "red")):
        picture = Image.new("RGB", (56, 56), upper)
        picture.paste(lower, (0, 28, 56, 56))
        made.append(picture)
    return made
