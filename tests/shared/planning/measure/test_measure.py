"""Measurements: architectures of the right size, the arithmetic of memory, lines through points.

The trainer holds trained weights in float32 (4 bytes), with a gradient and two moments of Adam for
each (12 bytes more), and all others in the precision of the setting (4 bytes or 2).
"""

import json
import sys

import pytest
import torch

from shared.errors import UserError
from shared.planning.measure import __main__ as program
from shared.planning.measure import memory
from shared.planning.measure.architecture import Architecture, Picture, architectures, of_model
from shared.planning.measure.memory import Need
from shared.planning.measure.speed import (
    Job,
    Measured,
    extrapolated,
    here,
    measure,
    need,
    training_job,
)
from shared.settings import load_settings, paper_ids
from shared.training.settings import Lora, Training

TRAINING = Training(epochs=3, learning_rate=1e-3, effective_batch_size=8, max_length=32)
LORA = TRAINING.model_copy(update={"lora": Lora(rank=2, alpha=4, targets=["q_proj"])})
TINY = Architecture(
    name="Tiny",
    models=["org/tiny"],
    source="made here",
    parameters=0,
    architecture="LlamaForCausalLM",
    config={
        "vocab_size": 100,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
    },
)
# embeddings and output 2 x 100 x 16; a layer 4 x 16 x 16 + 3 x 16 x 32 + 2 x 16; the last norm 16
PARAMETERS = 3_200 + 4 * 2_592 + 16


@pytest.fixture
def seeing(vlm):
    """A tiny vision-language model of each class as an architecture."""
    token = 50
    config = vlm.config | {"text_config": vlm.config["text_config"] | {"vocab_size": 100}}
    if not vlm.architecture.startswith("Qwen"):
        config |= {"image_token_index" if "Llava" in vlm.architecture else "image_token_id": token}
        picture = Picture(token=token, tokens=4, pixel_values=[1, 3, 16, 16])
    else:
        config |= {"image_token_id": token, "vision_start_token_id": 51}
        values = {"pixel_values": [16, 1176], "image_grid_thw": [1, 4, 4]}
        picture = Picture(token=token, tokens=4, **values)
    return TINY.model_copy(
        update={"architecture": vlm.architecture, "config": config, "picture": picture}
    )


@pytest.mark.parametrize("name", architectures())
def test_an_architecture_has_the_parameters_of_the_released_weights(name):
    of = architectures()[name]
    model = of.build(of.layers, "meta")
    assert sum(p.numel() for p in model.parameters()) == of.parameters


@pytest.mark.parametrize("paper", paper_ids())
def test_the_model_of_every_paper_that_trains_is_known(paper):
    settings = load_settings(paper, "paper")
    if program.trainings(settings):
        assert of_model(settings.model).layers > 20


def test_a_model_whose_sizes_are_not_known():
    with pytest.raises(UserError, match=r"other: its sizes are not in architectures\.yaml"):
        of_model(f"hub:org/other@{'0' * 40}")
    with pytest.raises(UserError, match="no model of its own"):
        of_model(load_settings("center_bench", "paper").model)


def test_memory_by_arithmetic():
    full = need(Job("training", TINY, 8, 1, TRAINING), 4)
    assert full == Need(PARAMETERS, PARAMETERS)
    assert full.bytes == 16 * PARAMETERS
    replies = need(Job("replies", TINY, 8, 1), 4)
    assert replies.bytes == 4 * PARAMETERS
    adapters = need(Job("training", TINY, 8, 1, LORA), 4)
    trained = 4 * 2 * (16 + 16)  # two thin matrices beside q_proj of each layer
    assert adapters == Need(PARAMETERS + trained, trained)
    assert str(Need(10**9, 10**9)).startswith(
        "16.0 GB (weights 4.0 GB, gradients and Adam's moments 12.0 GB)"
    )


def in_bf16(training):
    return training.model_copy(update={"precision": "bf16"})


def test_in_bf16_a_weight_that_is_not_trained_takes_half():
    """Of 13,584 weights: 16 bytes each where all are trained, whatever is computed with; 2 each for
    replies; with adapters 2 each, and 16 for each of 256 of theirs."""
    assert need(training_job("training", TINY, in_bf16(TRAINING), 8), 4).bytes == 16 * PARAMETERS
    replies = need(Job("replies", TINY, 8, 1, precision="bf16"), 4)
    assert replies.bytes == 2 * PARAMETERS == 27_168
    adapters = need(training_job("training", TINY, in_bf16(LORA), 8), 4)
    assert adapters.bytes == 2 * PARAMETERS + 16 * 256
    frozen = TRAINING.model_copy(update={"frozen": ["mlp"]})
    part = 4 * 3 * 16 * 32
    found = need(training_job("training", TINY, in_bf16(frozen), 8), 4)
    assert found.bytes == 16 * (PARAMETERS - part) + 2 * part


def test_the_model_that_is_measured_has_the_precision_of_the_setting():
    dtypes = {
        name: {weight.dtype for weight in TINY.build(1, "meta", dtype).parameters()}
        for name, dtype in memory.DTYPES.items()
    }
    assert dtypes == {"fp32": {torch.float32}, "bf16": {torch.bfloat16}}
    assert torch.get_default_dtype() == torch.float32
    job = training_job("training", TINY, in_bf16(LORA), 8)
    assert here(job, "cuda") == job and here(job, "cpu").training.precision == "fp32"


@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_jobs_have_the_precisions_of_their_settings(scale):
    settings = load_settings("r_tuning", scale)
    replies, training = program.jobs(settings, None, TINY, 8)
    assert (replies.precision, training.precision) == (settings.precision, "bf16")


def test_a_straight_line_through_two_measurements():
    """Bytes 100 + 10 a layer, seconds 1 + 0.5 a layer: at 32 layers 420 and 17."""
    few, more = Measured(1, 110, 1.5, 0.1), Measured(2, 120, 2.0, 0.1)
    assert extrapolated(few, more, 32) == Measured(32, 420, 17.0, pytest.approx(0.1))


def test_what_fits_at_once_is_run_and_no_whole_batch():
    long = Training(
        epochs=1,
        learning_rate=1e-3,
        effective_batch_size=128,
        max_length=2048,
        max_tokens_per_device=8192,
    )
    assert training_job("training", TINY, long, None).batch == 4
    assert training_job("training", TINY, long, 64).batch == 128


@pytest.mark.parametrize("training", [TRAINING, LORA, None])
def test_a_text_model_is_measured(training):
    measured = measure(Job("job", TINY, 8, 2, training), 2, "cpu")
    assert measured.layers == 2
    assert measured.seconds > 0
    assert (measured.seconds_a_token > 0) == (training is None)
    assert measured.peak_bytes > 10**8  # of a process that has torch


@pytest.mark.parametrize("training", [TRAINING, LORA, None])
def test_a_model_that_sees_is_measured(seeing, training):
    job = Job("job", seeing, 8, 2, training)
    assert job.tokens == 12
    assert measure(job, 2, "cpu").seconds > 0


def test_too_little_memory_is_one_line_with_what_it_needs(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda device: 20_000_000_000)
    llama = architectures()["LLaMA-7B"]
    job = Job("training", llama, 512, 1, TRAINING)
    expected = r"training with 32 layers: needs 107\.8 GB .*20\.0 GB are free on this cpu.*--layers"
    with pytest.raises(UserError, match=expected):
        measure(job, 32, "cpu")


def test_trainings_are_found_by_variant():
    roleref = load_settings("roleref", "paper")
    assert set(program.trainings(roleref)) >= {"variants.lora.training", "variants.full.training"}
    assert program.chosen(roleref, "full")[1].lora is None
    r_tuning = load_settings("r_tuning", "paper")
    assert program.chosen(r_tuning, "r-tuning") == program.chosen(r_tuning, None)
    with pytest.raises(UserError, match="no training or variant 'nothing'; there are: training, "):
        program.chosen(r_tuning, "nothing")
    with pytest.raises(UserError, match="this paper trains nothing"):
        program.chosen(load_settings("center_bench", "paper"), None)


def test_the_program_records_what_fits_and_says_what_does_not(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(program, "of_model", lambda spec: TINY)
    monkeypatch.setattr(program, "ROOT", tmp_path)
    monkeypatch.setattr(program, "RECORDS", tmp_path / "measurements")
    settled = program.jobs

    def one_too_large(*asked):
        replies, training = settled(*asked)
        return [replies, Job("training", architectures()["LLaMA-7B"], 8, 1, training.training)]

    monkeypatch.setattr(program, "jobs", one_too_large)
    monkeypatch.setattr(memory, "free", lambda device: 2_000_000_000)
    asked = ["measure", "r_tuning", "--layers", "1", "--length", "8", "--batch", "2"]
    monkeypatch.setattr(sys, "argv", asked)
    with pytest.raises(SystemExit) as raised:
        program.main()
    assert "error: r_tuning: Tiny: training with 1 layers: needs " in str(raised.value)
    out = capsys.readouterr().out
    assert "replies: 2 x 8 tokens, 4 layers: " in out
    assert "(extrapolated from 1 and 2 layers)" in out
    (path,) = (tmp_path / "measurements").iterdir()
    record = json.loads(path.read_text())
    assert (record["paper"], record["scale"], record["device"]) == ("r_tuning", "paper", "cpu")
    (job,) = record["jobs"]
    assert (job["layers"], job["measured_layers"], job["extrapolated"]) == (4, [1, 2], True)
    assert job["needed_bytes"] == 2 * PARAMETERS  # of scale `paper`, in bf16


@pytest.mark.parametrize("layers", ["0", "20"])
def test_more_layers_than_there_are(monkeypatch, layers):
    monkeypatch.setattr(sys, "argv", ["measure", "r_tuning", "--layers", layers])
    with pytest.raises(UserError, match=r"--layers .*expected 1 to 13"):
        program.main()
