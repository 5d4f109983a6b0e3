"""Processors of vision-language models: the tokenizer and what prepares pictures, together."""

from transformers import (
    CLIPImageProcessor,
    GotOcr2ImageProcessor,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlavaProcessor,
    PreTrainedTokenizerBase,
    ProcessorMixin,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from shared.errors import UserError
from shared.models.spec import RandomModel

IMAGE = "<image>"
# The format of LLaVA 1.5: the picture before the words, an end of sequence after an answer
LLAVA_TEMPLATE = (
    "{% for message in messages %}"
    "{{ 'USER: ' if message['role'] == 'user' else 'ASSISTANT: ' }}"
    "{% for part in message['content'] %}"
    "{{ '<image>\n' if part['type'] == 'image' else part['text'] }}"
    "{% endfor %}"
    "{{ ' ' if message['role'] == 'user' else eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
INTERNVL_TOKENS = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
QWEN_TOKENS = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
# ChatML, as InternVL and Qwen have it; what stands for a picture is the model's own
CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{{ 'PICTURE' if part['type'] == 'image' }}"
    "{{ part['text'] if part['type'] == 'text' }}"
    "{% endfor %}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_processor(spec: RandomModel, tokenizer: PreTrainedTokenizerBase) -> ProcessorMixin:
    """The processor of a model with random weights, made to fit its configuration.

    It has what a released one has: the picture's own tokens and a chat template.
    """
    if spec.architecture not in BUILDERS:
        known = ", ".join(BUILDERS)
        raise UserError(f"no processor for {spec.architecture}; vision-language models: {known}")
    return BUILDERS[spec.architecture](spec.config["vision_config"], tokenizer)


def llava_processor(
    image_size: int, patch_size: int, tokenizer: PreTrainedTokenizerBase
) -> LlavaProcessor:
    """Square pictures of `image_size` pixels, cut into patches; the encoder adds one token."""
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]})
    size = {"height": image_size, "width": image_size}
    return LlavaProcessor(
        CLIPImageProcessor(size=size, do_center_crop=False),
        tokenizer,
        patch_size=patch_size,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
    )


def _llava(vision: dict, tokenizer: PreTrainedTokenizerBase) -> LlavaProcessor:
    return llava_processor(vision["image_size"], vision["patch_size"], tokenizer)


def _qwen(vision: dict, tokenizer: PreTrainedTokenizerBase) -> Qwen2_5_VLProcessor:
    tokenizer.add_special_tokens({"additional_special_tokens": QWEN_TOKENS})
    patches = {
        "patch_size": vision["patch_size"],
        "merge_size": vision["spatial_merge_size"],
        "temporal_patch_size": vision["temporal_patch_size"],
    }
    return Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(**patches),
        tokenizer,
        Qwen2VLVideoProcessor(**patches),
        chat_template=CHATML.replace("PICTURE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )


def _internvl(vision: dict, tokenizer: PreTrainedTokenizerBase) -> InternVLProcessor:
    """Squares cut from a picture, each of as many tokens as the model joins its patches to."""
    tokenizer.add_special_tokens({"additional_special_tokens": [*INTERNVL_TOKENS.values()]})
    for name, token in INTERNVL_TOKENS.items():
        setattr(tokenizer, name, token)
        setattr(tokenizer, f"{name}_id", tokenizer.convert_tokens_to_ids(token))
    height, width = vision["image_size"]
    patches = height // vision["patch_size"][0] * (width // vision["patch_size"][1])
    return InternVLProcessor(
        GotOcr2ImageProcessor(size={"height": height, "width": width}),
        tokenizer,
        InternVLVideoProcessor(),
        image_seq_length=patches // 4,  # the model's downsample_ratio of 0.5
        chat_template=CHATML.replace("PICTURE", "<IMG_CONTEXT>\n"),
    )


BUILDERS = {
    "InternVLForConditionalGeneration": _internvl,
    "LlavaForConditionalGeneration": _llava,
    "Qwen2_5_VLForConditionalGeneration": _qwen,
}


def token_fields(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """The configuration's names of the tokens that stand for pictures, of those there are."""
    names = [
        ("image_token_index", IMAGE),
        ("image_token_id", "<|image_pad|>"),
        ("image_token_id", INTERNVL_TOKENS["context_image_token"]),
        ("video_token_id", "<|video_pad|>"),
        ("vision_start_token_id", "<|vision_start|>"),
        ("vision_end_token_id", "<|vision_end|>"),
    ]
    vocabulary = tokenizer.get_vocab()
    return {field: vocabulary[token] for field, token in names if token in vocabulary}
