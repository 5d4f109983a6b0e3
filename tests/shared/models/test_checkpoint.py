"""A folder that is not a whole model is refused in one line; none runs with random weights."""

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
)

from shared.errors import UserError
from shared.models.checkpoint import read_weights
from shared.models.loading import load, save
from shared.training.examples import Segment, from_segments
from shared.training.settings import Lora, Training
from shared.training.supervised import fine_tune

UP = "model.layers.1.mlp.up_proj.weight"
IDS = torch.tensor([[5, 9, 20]])


def folder_of(path, tokenizer, shards="1GB", **config):
    torch.manual_seed(0)
    start = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.3,
    }
    model = LlamaForCausalLM(LlamaConfig(**{**start, **config})).eval()
    model.save_pretrained(path, max_shard_size=shards)
    tokenizer.save_pretrained(path)
    return path, model


@pytest.fixture
def folder(tiny_tokenizer, tmp_path):
    return folder_of(tmp_path / "model", tiny_tokenizer)[0]


def change_weights(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def change_json(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def refused(spec, **more):
    """The one line that a user sees."""
    with pytest.raises(UserError) as error:
        load(spec, **more)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "config",
    [{}, {"tie_word_embeddings": True}, {"shards": "20KB"}],
    ids=["plain", "tied embeddings", "in shards"],
)
def test_a_whole_checkpoint_gives_the_model_that_was_saved(tiny_tokenizer, tmp_path, config):
    folder, model = folder_of(tmp_path / "model", tiny_tokenizer, **config)
    assert (len(list(folder.glob("*.safetensors"))) > 1) == ("shards" in config)
    held = [key for path in folder.glob("*.safetensors") for key in load_file(path)]
    assert ("lm_head.weight" in held) == ("tie_word_embeddings" not in config)
    with torch.inference_mode():
        assert torch.equal(load(f"path:{folder}")[0](IDS).logits, model(IDS).logits)


def test_buffers_that_older_versions_stored_are_no_weights(folder):
    """Checkpoints of the first LLaMA hold one `rotary_emb.inv_freq` a layer."""
    key = "model.layers.0.self_attn.rotary_emb.inv_freq"
    change_weights(folder, lambda tensors: tensors.update({key: torch.ones(4)}))
    load(f"path:{folder}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda tensors: tensors.update({"model.layers.9.mlp.up_proj.weight": tensors.pop(UP)}),
            f"1 missing ({UP}), 1 left over (model.layers.9.mlp.up_proj.weight)",
        ),
        (lambda tensors: tensors.pop(UP), f"1 missing ({UP})"),
        (
            lambda tensors: tensors.update(extra=torch.ones(2)),
            "1 left over (extra)",
        ),
        (
            lambda tensors: tensors.update({UP: torch.ones(48, 31)}),
            f"1 of another size ({UP} (48, 31) for (48, 32))",
        ),
    ],
    ids=["renamed", "deleted", "extra", "cut"],
)
def test_a_weight_that_does_not_fit_is_named(folder, change, says, capfd):
    change_weights(folder, change)
    line = refused(f"path:{folder}")
    fits = "the weights do not fit LlamaForCausalLM with its config.json"
    assert line == f"{folder}: {fits}: {says}"
    assert "LOAD REPORT" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"hidden_size": 64, "head_dim": 8}, "21 of another size (lm_head.weight (259, 32) for"),
        ({"num_hidden_layers": 3}, "9 missing (model.layers.2.input_layernorm.weight, "),
        ({"num_hidden_layers": 1}, "9 left over (model.layers.1.input_layernorm.weight, "),
    ],
    ids=["hidden size", "more layers", "fewer layers"],
)
def test_the_config_of_another_model_is_refused(folder, config, says):
    change_json(folder / "config.json", **config)
    line = refused(f"path:{folder}")
    assert says in line and line.endswith(", …)")


def test_trained_weights_in_place_of_the_models_own_are_checked_too(folder, tiny_tokenizer):
    trained, _ = folder_of(folder.parent / "trained", tiny_tokenizer)
    change_weights(trained, lambda tensors: tensors.pop(UP))
    assert f"{trained}: " in refused(f"path:{folder}", trained=trained)


def test_a_classifier_without_a_head_is_refused(folder):
    """A language model named as a classifier would judge with a head drawn at random."""
    with pytest.raises(UserError, match=r"1 missing \(score\.weight\), 1 left over \(lm_head"):
        read_weights(AutoModelForSequenceClassification, folder, torch.float32)


def _truncate(name):
    def change(folder):
        path = folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


def _unnamed(folder):
    change_json(folder / "config.json", architectures=None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_truncate("model.safetensors"), "can't read the weights (Error while deserializing"),
        (lambda f: (f / "model.safetensors").unlink(), "can't read the weights (Error no file"),
        (lambda f: (f / "config.json").unlink(), "no config.json, so this is not the folder of"),
        (_truncate("config.json"), "(It looks like the config file"),
        (_unnamed, "names no class under 'architectures'"),
        (lambda f: (f / "tokenizer.json").unlink(), "can't read the tokenizer (Couldn't"),
        (_truncate("tokenizer.json"), "can't read the tokenizer ("),
    ],
    ids=[
        "cut weights",
        "no weights",
        "no config",
        "cut config",
        "no class",
        "no words",
        "cut words",
    ],
)
def test_a_broken_folder_is_one_line(folder, change, says):
    change(folder)
    line = refused(f"path:{folder}")
    assert line.startswith(str(folder)) and says in line


def test_a_shard_that_is_missing_is_one_line(tiny_tokenizer, tmp_path):
    folder, _ = folder_of(tmp_path / "model", tiny_tokenizer, shards="20KB")
    lost = sorted(folder.glob("*.safetensors"))[1]
    lost.unlink()
    assert lost.name in refused(f"path:{folder}")


def test_a_tokenizer_without_its_vocabulary_is_refused(folder):
    """Transformers makes an empty one where the class is known."""
    change_json(folder / "tokenizer_config.json", tokenizer_class="LlamaTokenizer")
    (folder / "tokenizer.json").unlink()
    assert "no tokenizer; expected tokenizer.json or tokenizer.model" in refused(f"path:{folder}")


@pytest.fixture
def adapter(folder, tmp_path):
    """Of the second layer of `folder`."""
    model, tokenizer = load(f"path:{folder}")
    examples = [from_segments(tokenizer, [Segment("a", False), Segment("b", True)])]
    settings = Training(
        epochs=1,
        learning_rate=1e-2,
        effective_batch_size=1,
        max_length=8,
        lora=Lora(rank=2, alpha=4, first_layer=1),
        checkpoint_seconds=1e9,
    )
    model, _ = fine_tune(model, examples, settings, seed=0, scratch=tmp_path / "scratch")
    save(model, tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_of_another_model_is_refused(folder, adapter, tiny_tokenizer, tmp_path):
    load(f"path:{folder}", trained=adapter)
    wide, _ = folder_of(tmp_path / "wide", tiny_tokenizer, hidden_size=64)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Some weights of")  # the line says it all
        line = refused(f"path:{wide}", trained=adapter)
    assert line.startswith(f"{adapter}: the adapter does not fit LlamaForCausalLM: ")
    assert "of another size (base_model.model.model.layers.1." in line
    low, _ = folder_of(tmp_path / "low", tiny_tokenizer, num_hidden_layers=1)
    assert str(adapter) in refused(f"path:{low}", trained=adapter)


@pytest.mark.parametrize("merge", [True, False])
def test_an_adapter_with_a_weight_renamed_or_lost_is_refused(folder, adapter, merge):
    def rename(tensors):
        tensors["base_model.model.model.layers.0.x.lora_A.weight"] = tensors.pop(min(tensors))

    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    rename(tensors)
    save_file(tensors, path, {"format": "pt"})
    line = refused(f"path:{folder}", trained=adapter, merge=merge)
    assert "1 missing (base_model.model.model.layers.1." in line
    assert "1 left over (base_model.model.model.layers.0.x.lora_A.weight)" in line
    _truncate("adapter_model.safetensors")(adapter)
    assert "can't read the adapter (" in refused(f"path:{folder}", trained=adapter)
    path.unlink()
    assert "no adapter_model.safetensors" in refused(f"path:{folder}", trained=adapter)
