"""Whether jobs fit: none of scales gpu and paper fails, and one that is made too large does."""

import importlib
import sys

import pytest

from shared.models.spec import is_absent
from shared.planning.plan import __main__ as program
from shared.planning.plan import check
from shared.planning.plan.check import fit, fits, report
from shared.planning.plan.held import Job, Learns, Reinforces, Writes, judging
from shared.planning.plan.jobs import jobs_of
from shared.planning.plan.needs import need, of_stage
from shared.settings import load_models, load_paper, load_settings, paper_ids
from shared.training.settings import Lora, Reinforcement, Training

LLAMA = "hub:meta-llama/Llama-3.1-8B-Instruct@" + "0" * 40
BUNDLED = "bundled:smollm2-135m-instruct-q4_1"
PARAMETERS = 8_030_261_248
TRAINING = Training(
    epochs=1,
    learning_rate=1e-5,
    effective_batch_size=32,
    max_length=2048,
    max_tokens_per_device=2048,
    precision="bf16",
    activation_checkpointing=True,
)


@pytest.mark.parametrize("paper", paper_ids())
@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_every_job_fits(paper, scale):
    said, failed = report(paper, scale)
    assert failed == []
    assert said.startswith(f"{paper}, {scale}: ")


@pytest.mark.parametrize("paper", paper_ids())
@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_every_variant_of_a_model_with_weights_is_counted(paper, scale):
    memory = importlib.import_module(f"papers.{paper}.memory")
    for settings in load_models(paper, scale):
        jobs = memory.jobs(settings)
        variants = set(getattr(settings, "variants", {}))
        assert not jobs or not variants or variants <= {job.variant for job in jobs}
        left_out = is_absent(getattr(settings, "model", None))
        assert jobs or left_out or not settings.resources.gpu


@pytest.mark.workflow
@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_every_rule_that_takes_a_gpu_is_counted(scale):
    """But for one that is given a GPU for a judge with weights, where the judge has none."""
    on_gpu = {(job.paper, job.rule) for job in jobs_of(scale) if job.gpus}
    counted = set()
    for paper in paper_ids():
        memory = importlib.import_module(f"papers.{paper}.memory")
        for settings in load_models(paper, scale):
            counted |= {(paper, job.rule) for job in memory.jobs(settings)}
    assert on_gpu - counted <= {("roleref", "roleref_evaluate")}
    assert len(counted) > 10


def test_one_that_is_too_large_fails_with_what_it_needs(monkeypatch, capsys):
    """Full fine-tuning of RoleRef's 8B on one GPU in place of four."""
    (settings,) = load_models("roleref", "paper", "Llama-3-8B-Instruct")
    one = settings.training_resources.model_copy(update={"gpu": 1})
    small = settings.model_copy(update={"training_resources": one})
    monkeypatch.setattr(check, "load_models", lambda paper, scale: [small])
    monkeypatch.setattr(sys, "argv", ["plan", "--check", "--scale", "paper", "roleref"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    lines = str(ended.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "roleref, roleref_train, Llama-3-8B-Instruct, full",
        "roleref, roleref_train, Llama-3-8B-Instruct, full-official",
    ]
    assert "weights 32.1 GB, gradients 32.1 GB, optimiser 64.2 GB, activations" in lines[0]
    assert " of a GPU of 80.0 GB" in lines[0]
    assert "GB of main memory of 240.0 GB, about " in lines[0]
    assert "roleref, paper: 11 of 13 kinds of jobs fit" in capsys.readouterr().out


def test_what_main_memory_can_t_hold():
    (settings,) = load_models("roleref", "paper", "Llama-3-8B-Instruct")
    little = settings.resources.model_copy(update={"mem_mb": 16_000})
    settings = settings.model_copy(update={"resources": little})
    asks = Writes(settings.model, 16, 8, 4096, precision="bf16")
    assert not fit("roleref", settings, Job("roleref_ask", [[asks]])).fits
    # weights at two bytes, and 3 GB for the process
    assert fit("roleref", settings, Job("roleref_ask", [[asks]])).needed_host == pytest.approx(
        2 * PARAMETERS + 3e9
    )


def test_weights_gradients_and_optimiser_of_processes_that_share_them():
    """float32 and the two moments of Adam, over four GPUs; gathered in bf16: twice the output layer
    (128,256 x 4,096), four times a layer (218,112,000), and as it accumulates all gradients."""
    found = need(Learns(LLAMA, TRAINING, 2048), 4)
    assert found.weights == found.gradients == found.optimiser / 2 == PARAMETERS
    assert found.host == 4 * PARAMETERS  # which the first process reads
    layer, ends = 218_112_000, 128_256 * 4096
    assert found.gathered == 2 * (2 * ends + 4 * layer + PARAMETERS)
    at_once = TRAINING.model_copy(update={"effective_batch_size": 4})
    assert need(Learns(LLAMA, at_once, 2048), 4).gathered == 2 * (2 * ends + 4 * layer)


def test_adapters_leave_weights_in_the_precision_of_the_training():
    """Two thin matrices beside q_proj (4,096 x 4,096) of 32 layers."""
    lora = TRAINING.model_copy(update={"lora": Lora(rank=8, alpha=8, targets=["q_proj"])})
    found = need(Learns(LLAMA, lora, 2048), 1)
    trained = 32 * 8 * (4096 + 4096)
    assert found.weights == 2 * PARAMETERS + 4 * trained
    assert (found.gradients, found.optimiser) == (4 * trained, 8 * trained)
    assert found.gathered == 0


def test_grpo_holds_a_reference_and_the_cache_of_what_it_writes():
    """128 completions a step on 4 GPUs, 32 each, written at once, of 128 + 4,096 tokens and the
    room of a cache for 32 more: 131,072 bytes a token."""
    grpo = Reinforcement(
        steps=1,
        prompts_per_step=32,
        generations=4,
        max_new_tokens=128,
        learning_rate=1e-6,
        precision="bf16",
        completions_per_device=1,
        written_per_device=8,
        activation_checkpointing=True,
    )
    plain = need(Reinforces(LLAMA, grpo, 128), 4)
    with_kl = need(Reinforces(LLAMA, grpo.model_copy(update={"kl": 0.1}), 128), 4)
    assert with_kl.weights - plain.weights == PARAMETERS
    more = grpo.model_copy(update={"max_new_tokens": 4096, "written_per_device": 32})
    written = need(Reinforces(LLAMA, more, 128), 4)
    assert written.cache == 32 * (128 + 4096 + 32) * 131_072
    assert written.gradients == 0  # none while it writes


def test_a_batch_that_writes_has_room_for_its_replies():
    """As `shared.generation.prompts.batches` has it: 4,096 // 512 = 8 rows of 512 tokens."""
    found = need(Writes(LLAMA, 512, 64, 4096, precision="bf16"), 1)
    assert found.cache == 8 * (512 + 512 + 32) * 131_072
    one_token = need(Writes(LLAMA, 1, 64, 4096, precision="bf16"), 1)
    assert one_token.cache == 64 * 64 * 131_072


def test_models_at_once_add_up():
    small = Writes(BUNDLED, 1, 8, 1024, precision="bf16")
    large = Writes(LLAMA, 1, 8, 1024, precision="bf16")
    both, alone = of_stage([small, large], 1), need(large, 1)
    assert both.weights == 2 * (PARAMETERS + 134_515_008)
    assert both.host == alone.host  # one after the other
    assert both.gpu - both.weights == alone.gpu - alone.weights


def test_judges_with_weights():
    found = judging(["strings:phrases", "llm:api:gpt-4", f"rubric:{LLAMA}"], "bf16")
    assert [each.model for each in found] == [LLAMA]


def test_every_paper_says_what_its_jobs_hold():
    for paper in paper_ids():
        assert set(load_paper(paper).scales) >= {"gpu", "paper"}
        assert callable(importlib.import_module(f"papers.{paper}.memory").jobs)
    assert list(fits("center_bench", "gpu"))
    assert load_settings("center_bench", "gpu").resources.gpu == 1
