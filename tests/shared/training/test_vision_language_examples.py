"""Conversations about pictures: what is learnt, and where the picture is."""

import pytest
import torch

from shared.errors import UserError
from shared.models.images import Seen
from shared.models.small_vlm import small_processor, vocabulary
from shared.models.spec import SmallVlm
from shared.training.examples import IGNORED
from shared.training.vision_language import example, prompt, segments

TURNS = [("What is it?", "A box."), ("Is it red?", "No.")]
SPEC = SmallVlm(name="small", vocabulary="words", vision={"patch_size": 8}, text={}, image_size=16)
SEEN = Seen({"pixel_values": torch.ones(1, 3, 16, 16)}, 4)


def processor():
    texts = ["USER: \n ASSISTANT:", *(f"{q} {a}" for q, a in TURNS)]
    return small_processor(SPEC, vocabulary("words", texts))


def test_answers_and_their_ends_are_learnt():
    made = segments(processor(), TURNS)
    assert made == [
        ("USER: <image>\nWhat is it? ASSISTANT:", False),
        (" A box.</s>", True),
        ("USER: Is it red? ASSISTANT:", False),
        (" No.</s>", True),
    ]


def test_a_prompt_ends_where_the_answer_begins():
    assert prompt(processor(), "Is it red?") == segments(processor(), [("Is it red?", "No.")])[0][0]


def test_an_example_has_room_for_the_picture():
    reader = processor()
    made = example(reader, segments(reader, TURNS), SEEN)
    assert made["input_ids"].count(reader.image_token_id) == 4
    learnt = [token for token in made["labels"] if token != IGNORED]
    assert reader.tokenizer.decode(learnt) == " A box.</s> No.</s>"
    assert len(made["labels"]) == len(made["input_ids"])


def test_a_prompt_is_the_beginning_of_its_example():
    reader = processor()
    asked = example(reader, segments(reader, TURNS[:1])[:1], SEEN)["input_ids"]
    whole = example(reader, segments(reader, TURNS[:1]), SEEN)
    assert whole["input_ids"][: len(asked)] == asked


def test_a_long_answer_loses_its_end_and_never_the_picture():
    """The format with its question has 12 tokens, the picture counting as one; the answer 4."""
    reader = processor()
    whole = example(reader, segments(reader, TURNS[:1]), SEEN)
    length = len(whole["input_ids"]) - 3  # before the picture is made room for
    for left in (4, 3, 1):
        made = example(reader, segments(reader, TURNS[:1]), SEEN, max_length=length - 4 + left)
        assert made["input_ids"].count(reader.image_token_id) == SEEN.tokens
        assert made["input_ids"] == whole["input_ids"][: len(made["input_ids"])]
        assert sum(label != IGNORED for label in made["labels"]) == left


def test_a_question_that_leaves_no_room_for_its_answer_is_an_error():
    reader = processor()
    with pytest.raises(UserError, match=r"max_length 5: no token of the answer is left; .*USER"):
        example(reader, segments(reader, TURNS[:1]), SEEN, max_length=5)


def test_texts_about_one_picture_share_it():
    """Else a few questions on each of thousands of pictures fill the memory."""
    reader = processor()
    one, two = (example(reader, segments(reader, [turn]), SEEN) for turn in TURNS)
    assert one["pixel_values"].data_ptr() == two["pixel_values"].data_ptr()
