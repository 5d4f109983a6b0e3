"""The processor of a small vision-language model that reads lines of text."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from transformers import BatchFeature, PreTrainedTokenizerBase, ProcessorMixin

from shared.models.ocr_tower import OcrTower, stacked
from shared.models.processors import IMAGE


class LineProcessor(ProcessorMixin):
    """Tokenizer and OCR tower together: pictures of lines become features, and every image token
    in a text as many tokens as the line has features.

    `stack` neighbouring features make one, so that a token is about as wide as a letter.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, stack: int = 3, **keywords: object):
        super().__init__(tokenizer, chat_template=tokenizer.chat_template, **keywords)
        self.stack = stack
        self.tower = OcrTower()
        self.image_token = IMAGE
        self.image_token_id = tokenizer.convert_tokens_to_ids(IMAGE)

    def __call__(
        self,
        images: Sequence | None = None,
        text: str | Sequence[str] = "",
        videos: None = None,
        audio: None = None,
        padding: bool = False,
        return_tensors: str | None = None,
        **ignored: object,
    ) -> BatchFeature:
        """images: a list of pictures, or one for each text. Texts are padded on the left."""
        texts = [text] if isinstance(text, str) else list(text)
        lists = [each if isinstance(each, list) else [each] for each in images or ()]
        features = [self.features(picture) for pictures in lists for picture in pictures]
        counts = iter([len(each) for each in features])
        wide = [
            "".join(IMAGE * next(counts) if piece == IMAGE else piece for piece in _pieces(each))
            for each in texts
        ]
        made = self.tokenizer(
            wide,
            add_special_tokens=False,
            padding=padding,
            padding_side="left",
            return_tensors=return_tensors,
            return_token_type_ids=False,
        )
        if features:
            made["pixel_values"] = torch.from_numpy(np.stack(features).astype(np.float32))
        return BatchFeature(dict(made))

    def features(self, picture: Image.Image) -> np.ndarray:
        return stacked(self.tower(np.asarray(picture.convert("L"))), self.stack)


def _pieces(text: str) -> list[str]:
    """The text cut around its image tokens, which stay."""
    before, *rest = text.split(IMAGE)
    return [before] + [piece for after in rest for piece in (IMAGE, after)]
