"""A small LLaVA that the pipeline trains itself: an image encoder and a small Llama.

No pretrained vision-language model of known origin ships in a package, and one of SmolLM2's size
is too slow to train on two cores, mostly for its 49,152 tokens. So the language model is small and
its vocabulary is that of the training texts: whole words where the texts repeat themselves (half as
many tokens as pieces of words, and an output layer of some hundred rows), characters where they
spell. The class is the real one, `LlavaForConditionalGeneration`, so whatever runs on it runs on
LLaVA.
"""

from collections.abc import Iterable

import torch
from transformers import (
    AutoConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from shared.models import small_lm
from shared.models.processors import IMAGE, LLAVA_TEMPLATE, llava_processor
from shared.models.spec import SmallVlm


def vocabulary(
    kind: str, texts: Iterable[str], special: Iterable[str] = ()
) -> PreTrainedTokenizerFast:
    """A tokenizer of all words, or characters, of the texts; `special` texts are tokens, too."""
    return small_lm.vocabulary(kind, texts, [IMAGE, *special], LLAVA_TEMPLATE)


def assemble(
    spec: SmallVlm, tokenizer: PreTrainedTokenizerFast, seed: int
) -> LlavaForConditionalGeneration:
    """The model with random weights for the words of the tokenizer."""
    vision = dict(spec.vision)
    if spec.image_size:
        vision["image_size"] = spec.image_size
    torch.manual_seed(seed)
    config = LlavaConfig(
        vision_config=AutoConfig.for_model(**vision),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=True,
            **spec.text,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        # an encoder of pictures has a first token for the whole picture, which LLaVA leaves out
        vision_feature_select_strategy="default" if spec.image_size else "full",
        vision_feature_layer=spec.feature_layer,
    )
    return LlavaForConditionalGeneration(config).eval()


def small_processor(spec: SmallVlm, tokenizer: PreTrainedTokenizerFast) -> LlavaProcessor:
    """What prepares pictures for it; a model on features has none."""
    return llava_processor(spec.image_size, spec.vision["patch_size"], tokenizer)
