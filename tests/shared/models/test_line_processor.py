import numpy as np
import pytest
import torch
from PIL import Image

from shared.data.documents import crop, render
from shared.models.images import see
from shared.models.line_processor import LineProcessor
from shared.models.ocr_tower import encode, stacked
from shared.models.small_vlm import vocabulary


@pytest.fixture
def processor():
    return LineProcessor(vocabulary("characters", ["read this: 0123"]), stack=3)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    document = render("", {"A": "123", "B": "45.6g"}, ["DejaVuSans"], rng)
    return [Image.fromarray(crop(document.pixels, field.line)) for field in document.fields]


def test_an_image_token_becomes_as_many_as_the_line_has_features(processor, pictures):
    made = processor(images=pictures, text=["<image>re", "<image>"], padding=True)
    image, pad = processor.image_token_id, processor.tokenizer.pad_token_id
    letters = processor.tokenizer.convert_tokens_to_ids(["r", "e"])
    assert made["input_ids"] == [[image] * 8 + letters, [pad] * 2 + [image] * 8]
    assert made["attention_mask"] == [[1] * 10, [0] * 2 + [1] * 8]


def test_features_are_those_of_the_tower_in_order(processor, pictures):
    made = processor(images=[[each] for each in pictures], text=["<image>"] * 2)
    expected = [stacked(encode(np.asarray(each)), 3).astype(np.float32) for each in pictures]
    torch.testing.assert_close(made["pixel_values"], torch.tensor(np.array(expected)))


def test_a_picture_is_seen_as_by_any_processor(processor, pictures):
    seen = see(processor, pictures[0])
    assert seen.tokens == 8 and seen.tensors["pixel_values"].shape == (1, 8, 360)


def test_text_alone_needs_no_picture(processor):
    made = processor(text="read")
    assert "pixel_values" not in made and len(made["input_ids"][0]) == 4
