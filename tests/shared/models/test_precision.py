"""Which weights are loaded, held and written in bfloat16, and where it is refused."""

import json
from types import SimpleNamespace

import psutil
import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from shared.chat.loading import open_chat, opening
from shared.chat.settings import Asked
from shared.errors import UserError
from shared.generation.rows import Rows
from shared.models import devices
from shared.models.checkpoint import empty_model, read_model
from shared.models.devices import in_bf16
from shared.models.loading import load, save
from shared.settings import load_paper, load_settings, paper_ids
from shared.training.settings import Training
from shared.training.supervised import fine_tune, load_to_train

SETTINGS = Training(
    epochs=1, learning_rate=1e-2, effective_batch_size=2, max_length=64, precision="bf16"
)
ONE = {"input_ids": [5, 9], "labels": [-100, 9]}
GPU_LESS = ("center_bench", "forbidden_science")  # at scale paper all models are behind endpoints


@pytest.fixture
def flags(monkeypatch, tmp_path):
    """A processor with these flags."""

    def of(text):
        (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu sse {text}\n")
        monkeypatch.setattr(devices, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(devices, "own_device", lambda: "cpu")

    return of


@pytest.fixture
def folder(tiny_model, tiny_tokenizer, tmp_path):
    tiny_model.save_pretrained(tmp_path / "model")
    tiny_tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def dtypes(model):
    return {weight.dtype for weight in model.parameters()}


@pytest.mark.parametrize("text", ["avx512_bf16", "amx_tile amx_bf16 amx_int8"])
def test_a_processor_that_multiplies_bf16(flags, text):
    flags(text)
    assert in_bf16("bf16") and not in_bf16("fp32")


def test_a_processor_that_would_emulate_it_is_told_in_one_line(flags, folder, tmp_path):
    flags("avx512f avx512_vnni")
    line = "precision is bf16, and this processor would emulate it: .*; expected fp32$"
    with pytest.raises(UserError, match=line):
        load(f"path:{folder}", precision="bf16")
    with pytest.raises(UserError, match=line):
        fine_tune(load(f"path:{folder}")[0], [ONE], SETTINGS, seed=0, scratch=tmp_path / "s")


def test_a_processor_of_which_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(devices, "own_device", lambda: "cpu")
    with pytest.raises(UserError, match="would emulate it"):
        in_bf16("bf16")
    monkeypatch.setattr(devices, "own_device", lambda: "cuda")
    assert in_bf16("bf16")


def test_weights_are_loaded_as_the_setting_says(flags, folder):
    """Half the memory, and about the same chances."""
    flags("avx512_bf16")
    fine, coarse = (load(f"path:{folder}", precision=each)[0] for each in ("fp32", "bf16"))
    assert (dtypes(fine), dtypes(coarse)) == ({torch.float32}, {torch.bfloat16})
    ids = [[5, 9, 20], [7, 3]]
    chances = [Rows(model, ids).logits.float().softmax(-1) for model in (fine, coarse)]
    torch.testing.assert_close(chances[1], chances[0], atol=0.02, rtol=0.1)


def test_a_chat_is_opened_as_the_settings_of_a_step_say(flags, folder):
    """A model that is asked, attacks or judges."""
    flags("avx512_bf16")
    settings = SimpleNamespace(batch_size=3, batch_tokens=99, precision="bf16", others="no")
    chat = open_chat(Asked(model=f"path:{folder}"), **opening(settings))
    assert (chat.batch_size, chat.batch_tokens) == (3, 99)
    assert dtypes(chat.model) == {torch.bfloat16}
    assert dtypes(open_chat(Asked(model=f"path:{folder}")).model) == {torch.float32}


def test_what_is_frozen_is_no_finer_than_the_precision(flags, folder, tmp_path):
    """In full fine-tuning, too; what is trained is float32, and is written in bf16."""
    flags("avx512_bf16")
    frozen = SETTINGS.model_copy(update={"frozen": ["layers.0."]})
    model, _ = load_to_train(f"path:{folder}", frozen)
    assert dtypes(model) == {torch.float32}
    model, _ = fine_tune(model, [ONE] * 2, frozen, seed=0, scratch=tmp_path / "scratch")
    for name, weight in model.named_parameters():
        assert weight.dtype == (torch.bfloat16 if ".layers.0." in name else torch.float32), name
    save(model, tmp_path / "tuned", precision=frozen.precision)
    written = load_file(tmp_path / "tuned" / "model.safetensors")
    assert {weight.dtype for weight in written.values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "tuned" / "config.json").read_text())["dtype"] == "bfloat16"
    again = load(f"path:{folder}", trained=tmp_path / "tuned")[0]
    for name, weight in again.named_parameters():
        assert torch.equal(weight, model.get_parameter(name).bfloat16().float())


def test_an_empty_model_has_the_shapes_and_takes_no_memory(tmp_path):
    """100 MB of weights, tied ones too. What is not in the file, the rotary frequencies, is there
    as it is in the first process."""
    config = LlamaConfig(
        vocab_size=25_000, hidden_size=512, intermediate_size=2048, num_hidden_layers=3,
        num_attention_heads=8, tie_word_embeddings=True,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    before = psutil.Process().memory_info().rss
    empty = empty_model(tmp_path, torch.float32)
    assert psutil.Process().memory_info().rss - before < 20e6
    whole = read_model(tmp_path, torch.float32)
    assert sum(weight.nbytes for weight in whole.parameters()) > 100e6
    shapes = {name: (w.shape, w.dtype) for name, w in whole.named_parameters()}
    assert {name: (w.shape, w.dtype) for name, w in empty.named_parameters()} == shapes
    for name, buffer in whole.named_buffers():
        assert torch.equal(empty.get_buffer(name), buffer)


@pytest.mark.parametrize("paper", paper_ids())
def test_scales_of_a_gpu_load_bf16_and_the_others_fp32(paper):
    """Also the trainings, but where a model is small; a rehearsal runs anywhere."""
    scales = {"smoke": "fp32", "cpu": "fp32", "gpu": "bf16", "rehearsal": "fp32"}
    scales |= {} if paper in GPU_LESS else {"paper": "bf16"}
    assert {s: load_settings(paper, s).precision for s in scales} == scales
    assert load_paper(paper).scales.keys() == {"smoke", "cpu", "gpu", "paper"}
    assert '"precision":"bf16"' not in load_settings(paper, "rehearsal").model_dump_json()
