"""The small LLaVA: its vocabulary, its two kinds of image encoder, its folder."""

import pytest
import torch
from transformers import LlavaForConditionalGeneration

from shared.models.images import Seen, see, with_pictures
from shared.models.loading import load, load_processor, save
from shared.models.small_vlm import assemble, small_processor, vocabulary
from shared.models.spec import SmallVlm, display_name, needs
from shared.training.batches import right_padded

TEXTS = ["What is it? It's a tin box.\n", "USER: two boxes!"]
TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
}
CLIP = {
    "model_type": "clip_vision_model",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "patch_size": 8,
}


def spec(**fields):
    start = {"name": "small", "vocabulary": "words", "vision": CLIP, "text": TEXT, "image_size": 32}
    return SmallVlm(**start | fields)


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_a_text_of_the_vocabulary_comes_back(kind):
    tokenizer = vocabulary(kind, TEXTS)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_words_take_their_space_along_and_unknown_ones_are_unknown():
    tokenizer = vocabulary("words", TEXTS)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer(" a tin hat?</s>")["input_ids"])
    assert pieces == [" a", " tin", "<unk>", "?", "</s>"]
    # 3 special ones; What is it ? It ' s a tin box . newline; USER : two boxes !; <image>
    assert len(tokenizer) == 3 + 12 + 5 + 1


def test_special_texts_are_one_token():
    tokenizer = vocabulary("characters", TEXTS, special=["<part>"])
    assert len(tokenizer("tin<part>")["input_ids"]) == 4


def test_pictures_become_their_patches(pictures):
    """32 pixels in patches of 8 are 4 x 4 tokens; the encoder's first token is left out."""
    tokenizer = vocabulary("words", TEXTS)
    processor = small_processor(spec(), tokenizer)
    seen = see(processor, pictures[0])
    assert seen.tokens == 16 and seen.tensors["pixel_values"].shape == (1, 3, 32, 32)
    model = assemble(spec(), tokenizer, seed=0)
    assert isinstance(model, LlavaForConditionalGeneration)
    ids = {"input_ids": tokenizer("USER: <image> two")["input_ids"]}
    batch = right_padded([with_pictures(ids, [seen], processor.image_token_id)])
    assert model(**batch).logits.shape == (1, len(ids["input_ids"]) + 15, len(tokenizer))


def test_features_of_an_encoder_that_was_run_before():
    vision = {"model_type": "feature_tower", "hidden_size": 6, "image_tokens": 3}
    tokenizer = vocabulary("characters", TEXTS)
    model = assemble(spec(vision=vision, image_size=None), tokenizer, seed=0)
    values = torch.randn(3, 6)
    ids = {"input_ids": tokenizer("<image>it")["input_ids"]}
    image = tokenizer.convert_tokens_to_ids("<image>")
    seen = Seen({"pixel_values": values[None]}, len(values))
    batch = right_padded([with_pictures(ids, [seen], image)])
    assert batch["input_ids"].shape == (1, 5)
    inside = model.model.multi_modal_projector(values)
    words = model.get_input_embeddings()(batch["input_ids"][:, 3:])
    by_hand = model.model.language_model(inputs_embeds=torch.cat([inside[None], words], 1))[0]
    torch.testing.assert_close(model(**batch).logits, model.lm_head(by_hand))


@pytest.mark.parametrize("kind", ["pictures", "features"])
def test_its_folder_is_a_model_like_any_other(kind, tmp_path):
    own = spec()
    if kind == "features":
        vision = {"model_type": "feature_tower", "hidden_size": 6, "image_tokens": 3}
        own = spec(vision=vision, image_size=None)
    tokenizer = vocabulary("words", TEXTS)
    model = assemble(own, tokenizer, seed=0)
    reader = small_processor(own, tokenizer) if kind == "pictures" else tokenizer
    save(model, tmp_path / "small", reader)
    again, tokens = load(f"path:{tmp_path / 'small'}")
    assert tokens.get_vocab() == tokenizer.get_vocab()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight, again.get_parameter(name))
    if kind == "pictures":
        processor = load_processor(f"path:{tmp_path / 'small'}")
        assert processor.image_processor.size["height"] == 32


def test_every_label_of_a_picture_is_the_one_of_its_token():
    seen = Seen({"pixel_values": torch.zeros(1, 2)}, 3)
    wide = with_pictures({"input_ids": [7, 9, 8], "labels": [-100, -100, 8]}, [seen], 9)
    assert wide["input_ids"] == [7, 9, 9, 9, 8] and wide["labels"] == [-100] * 4 + [8]


def test_the_same_seed_gives_the_same_weights():
    tokenizer = vocabulary("words", TEXTS)
    one, same, other = (
        torch.cat([p.flatten() for p in assemble(spec(), tokenizer, seed).parameters()])
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_it_needs_no_file_and_has_a_name():
    assert needs(spec()) == [] and display_name(spec()) == "small"
