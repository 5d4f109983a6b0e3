"""vLLM sees what Transformers sees: the same replies to questions about pictures, by LLaVA and by
Qwen2.5-VL as they are and with trained weights.
"""

import copy

import pytest

from shared.chat.pictures import about_picture
from shared.models.images import see
from shared.models.loading import load, load_processor, save
from shared.models.spec import RandomModel
from shared.training.settings import Training
from shared.training.supervised import fine_tune
from shared.training.vision_language import example, segments
from tests.conftest import CONFIGS
from tests.shared.chat.ask_vllm import PYTHON, in_vllm, told
from tests.shared.chat.test_seeing import WORDS, file_of
from tests.tokens import byte_tokenizer

pytestmark = pytest.mark.skipif(not PYTHON, reason="VLLM_PYTHON names no Python that has vLLM")

# What vLLM's attention has: heads of 32 numbers at least
TEXT = {"hidden_size": 128, "max_position_embeddings": 1024}


def spec(architecture, tokenizer):
    config = copy.deepcopy(CONFIGS[architecture])
    text, vision = config["text_config"], config["vision_config"]
    text |= TEXT
    if "rope_parameters" in text:  # Qwen's
        text["rope_parameters"]["mrope_section"] = [4, 6, 6]
        vision |= {"out_hidden_size": 128}
    vision |= {"hidden_size": 64}
    return RandomModel(
        name="tiny", architecture=architecture, config=config, tokenizer=f"path:{tokenizer}"
    )


def trained(spec, pictures, folder):
    """Where a model lies that learned to say other words of the pictures."""
    processor = load_processor(spec)
    learnt = [
        example(
            processor, segments(processor, [(words, " Nobody knows.")]), see(processor, picture)
        )
        for words, picture in zip(WORDS, pictures, strict=True)
    ]
    training = Training(epochs=20, learning_rate=1e-2, effective_batch_size=4, max_length=512)
    model, _ = load(spec, tokenizer=processor.tokenizer)
    model, _ = fine_tune(model, learnt, training, seed=0, scratch=folder / "scratch")
    save(model, folder / "trained")
    return str(folder / "trained")


@pytest.mark.parametrize("architecture", CONFIGS)
def test_replies_about_pictures_are_the_same(architecture, pictures, tmp_path):
    byte_tokenizer().save_pretrained(tmp_path / "tokenizer")
    model = spec(architecture, tmp_path / "tokenizer")
    asked = [
        [about_picture(file_of(picture), words)]
        for words, picture in zip(WORDS, pictures, strict=True)
    ]
    job = {"model": model.model_dump(), "asked": [{"conversations": asked, "max_new_tokens": 8}]}
    jobs = [job, job | {"trained": trained(model, pictures, tmp_path)}]
    theirs = in_vllm([copy.deepcopy(each) | {"engine": "vllm"} for each in jobs], tmp_path)
    ours = [told(each | {"engine": "transformers"}) for each in jobs]
    said = [each["replies"] for each in ours]
    assert [each["replies"] for each in theirs] == said
    assert len({reply["text"] for reply in said[0][0]}) == len(WORDS)
    assert said[1] != said[0]


def test_a_folder_without_a_processor_is_talked_to_alone(tmp_path):
    """LLaVA's: vLLM does not start Qwen2.5-VL without its image processor."""
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    seeing = spec("LlavaForConditionalGeneration", tmp_path / "tokenizer")
    save(load(seeing)[0], tmp_path / "text", tokenizer)
    asked = [[{"role": "user", "content": words}] for words in WORDS]
    job = {
        "model": f"path:{tmp_path / 'text'}",
        "asked": [{"conversations": asked, "max_new_tokens": 8}],
    }
    (theirs,) = in_vllm([copy.deepcopy(job) | {"engine": "vllm"}], tmp_path)
    assert theirs["replies"] == told(job | {"engine": "transformers"})["replies"]
