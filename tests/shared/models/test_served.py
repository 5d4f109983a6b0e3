"""A folder that a server is given holds the model that `load` gives."""

import pytest
import torch
from safetensors.torch import load_file

from shared.models.added_tokens import add_tokens
from shared.models.checkpoint import read_model, read_processor, read_tokenizer
from shared.models.loading import load, load_processor, save
from shared.models.served import is_low_rank, served
from shared.training.settings import Lora
from shared.training.supervised import lora_config

LOW_RANK = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "down_proj"]}


@pytest.fixture
def base(tiny_model, tiny_tokenizer, tmp_path):
    save(tiny_model, tmp_path / "base", tiny_tokenizer)
    return f"path:{tmp_path / 'base'}"


def adapted(spec, folder, tokens=(), in_full=(), tokenizer=None):
    """The folder of an adapter whose every weight is another than at the start."""
    from peft import get_peft_model

    model, own = load(spec, tokenizer=tokenizer)
    new = add_tokens(model, own, tokens) if tokens else []
    lora = Lora(rank=4, alpha=8, in_full=list(in_full))
    model = get_peft_model(model, lora_config(lora, model, new))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.3 * torch.randn_like(weight))
    save(model, folder, own if tokens else None)
    return folder


def assert_same(found, spec, trained=None):
    """The weights and the tokens of a served folder are those that are loaded here."""
    ours, tokenizer = load(spec, trained=trained)
    theirs = read_model(found.folder, torch.float32)
    mine, others = ours.state_dict(), theirs.state_dict()
    assert mine.keys() == others.keys()
    for name, weight in mine.items():
        torch.testing.assert_close(others[name], weight, msg=name)
    assert read_tokenizer(found.folder).get_vocab() == tokenizer.get_vocab()


def assert_published(found):
    names = [n for path in found.folder.glob("*.safetensors") for n in load_file(path)]
    encoder = [name for name in names if "vision_tower." in name]
    assert all(".vision_model." in name for name in encoder)
    assert encoder or any(name.startswith("visual.") for name in names)


def test_a_model_as_it_is_lies_where_it_lies(base, tmp_path):
    found = served(base, None, tmp_path / "scratch", torch.float32)
    assert found == (tmp_path / "base", None, 0, ())
    assert not (tmp_path / "scratch").exists()


def test_an_adapter_is_laid_over_its_base(base, tmp_path):
    trained = adapted(base, tmp_path / "trained")
    found = served(base, trained, tmp_path / "scratch", torch.float32)
    assert found == (tmp_path / "base", trained, 4, tuple(sorted(Lora(rank=4, alpha=8).targets)))


@pytest.mark.parametrize("beside", [{"tokens": ["[a]", "[b]"]}, {"in_full": ["norm"]}])
def test_an_adapter_with_more_than_low_rank_matrices_is_merged(base, tmp_path, beside):
    trained = adapted(base, tmp_path / "trained", **beside)
    found = served(base, trained, tmp_path / "scratch", torch.float32)
    assert not found.adapter
    assert_same(found, base, trained)


def test_whole_weights_lie_beside_the_tokenizer_of_their_base(base, tiny_model, tmp_path):
    with torch.no_grad():
        tiny_model.lm_head.weight.add_(1)
    save(tiny_model, tmp_path / "trained")
    found = served(base, tmp_path / "trained", tmp_path / "scratch", torch.float32)
    assert (found.folder / "model.safetensors").is_symlink()
    assert_same(found, base, tmp_path / "trained")


def test_a_model_that_sees_is_merged_and_has_its_processor(vlm, tmp_path):
    model, _ = load(vlm)
    processor = load_processor(vlm)
    processor.chat_template = "{{ messages }}"
    processor.tokenizer.chat_template = "another"
    save(model, tmp_path / "base", processor)
    spec = f"path:{tmp_path / 'base'}"
    trained = adapted(spec, tmp_path / "trained", ["[a]"], tokenizer=processor.tokenizer)
    found = served(spec, trained, tmp_path / "scratch", torch.float32)
    assert not found.adapter
    assert_same(found, spec, trained)
    assert_published(found)
    served_processor = read_processor(found.folder)
    assert type(served_processor) is type(processor)
    assert served_processor.chat_template == processor.chat_template


@pytest.mark.parametrize("kind", ["adapter", "whole"])
def test_a_model_that_sees_without_a_processor_has_its_tokenizer(vlm, tmp_path, kind):
    model, tokenizer = load(vlm)
    save(model, tmp_path / "base", tokenizer)
    spec, trained = f"path:{tmp_path / 'base'}", tmp_path / "trained"
    if kind == "adapter":
        adapted(spec, trained)
    else:
        save(load(vlm, seed=1)[0], trained)
    assert_same(served(spec, trained, tmp_path / "scratch", torch.float32), spec, trained)


@pytest.mark.parametrize("where", ["random", "own", "trained"])
def test_the_weights_of_an_image_encoder_have_their_published_names(vlm, tmp_path, where):
    """Random weights are written down; a folder of Transformers 5 is copied, of several files."""
    model, _ = load(vlm)
    for folder in ("base", "trained"):
        model.save_pretrained(tmp_path / folder, max_shard_size="20KB")
        load_processor(vlm).save_pretrained(tmp_path / folder)
    spec = vlm if where == "random" else f"path:{tmp_path / 'base'}"
    trained = tmp_path / "trained" if where == "trained" else None
    found = served(spec, trained, tmp_path / "scratch", torch.float32)
    assert_same(found, spec, trained)
    assert_published(found)
    read_processor(found.folder)


@pytest.mark.parametrize(
    "more",
    [
        {"modules_to_save": ["multi_modal_projector"]},
        {"trainable_token_indices": {"embed_tokens": [5]}},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ".*q_proj"},
        {"use_dora": True},
        {"bias": "all"},
        {"r": 1024},
        {"peft_type": "IA3"},
    ],
)
def test_what_a_server_can_not_lay_over_a_model(more):
    assert is_low_rank(LOW_RANK) and not is_low_rank(LOW_RANK | more)
