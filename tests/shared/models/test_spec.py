import pytest
from pydantic import TypeAdapter, ValidationError

from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.models.loading import load, save
from shared.models.spec import ModelSpec, RandomModel, display_name, location, named_in, needs
from shared.settings import ROOT

REVISION = "141067009124b9c0aea62c76b3eb952174864057"
check = TypeAdapter(ModelSpec).validate_python


def test_names_and_places():
    hub = check(f"hub:openlm-research/open_llama_3b@{REVISION}")
    assert display_name(hub) == "open_llama_3b"
    assert location(hub) == Repository("model", "openlm-research/open_llama_3b", REVISION)
    bundled = check("bundled:smollm2-135m-instruct-q4_1")
    assert display_name(bundled) == "SmolLM2-135M-Instruct-Q4_1"
    assert needs(bundled) == ["resources/models/smollm2-135m-instruct-q4_1"]
    assert location(bundled) == ROOT / needs(bundled)[0]
    assert needs(hub) == []


def test_a_models_own_folder_is_needed_file_by_file(tmp_path):
    """Of two kinds of weights Transformers reads the first; notes and marks are no part."""
    names = ["config.json", "pytorch_model.bin", "tokenizer.model", "vocab.txt"]
    others = ["README.md", ".written", ".cache.json", "training_args.bin"]
    for name in names + others:
        (tmp_path / name).touch()
    (tmp_path / "checkpoint-5").mkdir()
    own = check(f"path:{tmp_path}")
    assert needs(own) == [str(tmp_path / name) for name in names]
    (tmp_path / "model-00001-of-00002.safetensors").touch()
    names[1] = "model-00001-of-00002.safetensors"
    assert needs(own) == [str(tmp_path / name) for name in names]
    random = RandomModel(name="x", architecture="LlamaForCausalLM", config={}, tokenizer=own)
    assert needs(random) == needs(own)


def test_models_are_found_in_every_setting_that_names_one(tmp_path):
    own, bundled = f"path:{tmp_path}", "bundled:smollm2-135m-instruct-q4_1"
    settings = {
        "model": {"name": "random", "tokenizer": bundled},
        "guard": {"model": own, "thinking": None},
        "judges": ["strings:xstest", f"llm:{bundled}", f"classifier:{own}", "llm:api:org/large"],
        "variant.weights": own,
        "harmbench": f"hub:org/judge@{REVISION}",  # which is pinned, and no file here
        "prompt": "path:\n{question}",
        "batch_size": 8,
    }
    assert named_in(settings) == {
        "model.tokenizer": bundled,
        "guard.model": own,
        "judges.1": bundled,
        "judges.2": own,
        "variant.weights": own,
    }


def test_filters_and_released_weights_need_not_be_there(tmp_path):
    """What the user has no copy of is left out; a judge or a guard never is."""
    absent = f"path:{tmp_path}/none"
    settings = {
        "model": absent,
        "guard": {"model": absent},
        "judges": [f"llm:{absent}"],
        "filters": {"GuardReasoner": {"model": absent}},
        "variants": {"released": {"weights": absent}},
        "variant.weights": absent,
    }
    assert named_in(settings) == {
        "model": absent, "guard.model": absent, "judges.0": absent
    }  # fmt: skip


def test_a_models_own_folder_that_is_not_there_or_holds_none_is_one_line(tmp_path):
    with pytest.raises(UserError, match=f"^model folder {tmp_path}/none does not exist$"):
        needs(f"path:{tmp_path}/none")
    (tmp_path / "README.md").touch()
    with pytest.raises(UserError, match=f"^model folder {tmp_path} holds no config, weights or"):
        needs(f"path:{tmp_path}")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("bundled:gpt-5", "bundled models are smollm2"),
        ("hub:openlm-research/open_llama_3b", "pinned revision"),
        ("hub:openlm-research/open_llama_3b@main", "pinned revision"),
        ("gpt2", "a model is bundled:NAME"),
        ("path:", "a model is bundled:NAME"),
    ],
)
def test_a_bad_spec_says_what_is_expected(spec, message):
    with pytest.raises(ValidationError, match=message):
        check(spec)


def test_a_folder_that_is_not_there():
    with pytest.raises(UserError, match="/no/such/model does not exist"):
        load("path:/no/such/model")


def test_random_weights_save_and_load(tiny_tokenizer, tmp_path):
    """Random models of a seed are equal; a saved one comes back in place of new random weights."""
    import torch

    tiny_tokenizer.save_pretrained(tmp_path / "tokenizer")
    spec = RandomModel(
        name="tiny",
        architecture="LlamaForCausalLM",
        config={
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
        },
        tokenizer=f"path:{tmp_path / 'tokenizer'}",
    )
    first, tokenizer = load(spec, seed=1)
    assert first.config.vocab_size == len(tokenizer)
    assert not first.training
    ids = torch.tensor([tokenizer("some text")["input_ids"]])
    with torch.inference_mode():
        logits = first(ids).logits
        assert torch.equal(load(spec, seed=1)[0](ids).logits, logits)
        assert not torch.equal(load(spec, seed=2)[0](ids).logits, logits)
        save(first, tmp_path / "saved")
        again, _ = load(spec, trained=tmp_path / "saved", seed=2)
        assert torch.equal(again(ids).logits, logits)


def test_an_unknown_architecture(tiny_tokenizer, tmp_path):
    tiny_tokenizer.save_pretrained(tmp_path)
    spec = RandomModel(name="x", architecture="NoSuchLM", config={}, tokenizer=f"path:{tmp_path}")
    with pytest.raises(UserError, match="'NoSuchLM' is not one of transformers"):
        load(spec)
