"""An image encoder that learns to see from words."""

import torch

from shared.models.small_vlm import assemble, vocabulary
from shared.models.spec import SmallVlm
from shared.training.image_encoder import _words_read, train_image_encoder
from shared.training.settings import EncoderTraining

SPEC = SmallVlm(
    name="small",
    vocabulary="words",
    image_size=16,
    vision={
        "model_type": "clip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "patch_size": 8,
    },
    text={
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
    },
)
SETTINGS = EncoderTraining(epochs=30, learning_rate=1e-2, batch_size=8)


def example():
    """Bright pictures are said to be " light", dark ones " dark"."""
    tokenizer = vocabulary("words", [" light dark"])
    bright = torch.arange(16) % 2
    pictures = torch.randn(16, 3, 16, 16) * 0.1 + (2.0 * bright - 1)[:, None, None, None]
    words = tokenizer([" light" if b else " dark" for b in bright.tolist()])["input_ids"]
    return assemble(SPEC, tokenizer, seed=0), pictures, words


def test_it_learns_the_words_of_pictures_and_leaves_the_layers_of_the_language_model():
    torch.manual_seed(0)
    model, pictures, words = example()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    record = train_image_encoder(model, pictures, words, SETTINGS, seed=0)
    assert record["steps"] == 60 and record["losses"][-1] < 0.1 * record["losses"][0]
    changed = {n for n, w in model.state_dict().items() if not torch.equal(w, before[n])}
    assert any("vision_tower" in name for name in changed)
    assert any("multi_modal_projector" in name for name in changed)
    assert "lm_head.weight" in changed
    assert not any("language_model.layers" in name for name in changed)


def test_the_same_seed_learns_the_same():
    torch.manual_seed(0)
    (one, pictures, words), (other, _, _) = example(), example()
    for model in (one, other):
        train_image_encoder(model, pictures, words, SETTINGS, seed=1)
    for name, weight in one.state_dict().items():
        torch.testing.assert_close(weight, other.state_dict()[name])


def test_words_are_read_off_pictures_that_were_not_learnt_from():
    torch.manual_seed(0)
    model, pictures, words = example()
    train_image_encoder(model, pictures[:8], words[:8], SETTINGS, seed=0)
    with torch.no_grad():
        read = _words_read(model, pictures[8:])
    assert read.argmax(dim=1).tolist() == [word for [word] in words[8:]]


def test_a_word_that_is_said_about_most_pictures_is_not_learnt():
    torch.manual_seed(0)
    model, pictures, words = example()
    [always] = vocabulary("words", [" light dark"])([" ."])["input_ids"][0][:1]
    train_image_encoder(model, pictures, [[*said, always] for said in words], SETTINGS, seed=0)
    with torch.no_grad():
        assert _words_read(model, pictures).argmax(dim=1).tolist() == [w for [w] in words]
