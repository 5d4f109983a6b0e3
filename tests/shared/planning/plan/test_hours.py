import pytest

from shared.losses.unlearning import Term, descent
from shared.planning.plan import collect
from shared.planning.plan.held import Job, Learns, Reads, Reinforces, Writes
from shared.planning.plan.hours import gpu_hours, seconds
from shared.planning.plan.jobs import Job as Ruled
from shared.settings import load_settings
from shared.training.settings import Lora, Reinforcement, Training

LLAMA = "hub:meta-llama/Llama-3.1-8B-Instruct@" + "0" * 40
PARAMETERS = 8_030_261_248
OPERATIONS, BANDWIDTH = 0.35 * 989e12, 0.5 * 3.35e12  # what is reached of an H100, in bf16
FULL = Training(
    epochs=2, learning_rate=1e-5, effective_batch_size=32, max_length=2048, precision="bf16"
)


def test_a_training_by_hand():
    """6 operations a weight and token: 1,000 examples of 500 tokens, twice."""
    held = Learns(LLAMA, FULL, 2048, examples=1000, mean=500)
    assert seconds(held) == pytest.approx(6 * PARAMETERS * 1e6 / OPERATIONS)


@pytest.mark.parametrize(
    ("changed", "operations"),
    [
        ({"lora": Lora(rank=8, alpha=16)}, 4),
        ({"activation_checkpointing": True}, 8),
        ({"lora": Lora(rank=8, alpha=16), "activation_checkpointing": True}, 6),
    ],
)
def test_adapters_and_checkpoints(changed, operations):
    held = Learns(LLAMA, FULL.model_copy(update=changed), 2048, examples=1000, mean=500)
    assert seconds(held) == pytest.approx(operations * PARAMETERS * 1e6 / OPERATIONS)


def test_each_stream_of_an_unlearning_step_counts_and_each_comparison_once_more():
    plain = Term(1.0, descent, ("forget",))
    compared = Term(1.0, descent, ("retain",), reference=True)
    one, both = (
        seconds(Learns(LLAMA, FULL, 2048, terms=terms, examples=1000))
        for terms in [(plain,), (plain, compared)]
    )
    assert both == pytest.approx(3 * one)


def test_writing_by_hand():
    """100 prompts in batches of 32 are four; each of their 10 steps reads 2 bytes a weight."""
    held = Writes(LLAMA, 10, 32, 16_384, precision="bf16", prompts=100, mean=50)
    steps = 4 * 10 * 2 * PARAMETERS / BANDWIDTH
    assert seconds(held) == pytest.approx(steps + 2 * PARAMETERS * 5000 / OPERATIONS)


def test_a_batch_has_no_more_rows_than_its_tokens_allow():
    held = {"precision": "bf16", "prompts": 100, "mean": 50}
    wide, narrow = (seconds(Writes(LLAMA, 100, 64, tokens, **held)) for tokens in (6400, 1600))
    assert 3 < narrow / wide < 4


def test_reading_is_one_pass():
    held = Reads(LLAMA, 4096, precision="bf16", texts=200, mean=50)
    assert seconds(held) == pytest.approx(2 * PARAMETERS * 10_000 / OPERATIONS)


def test_reinforcement_writes_and_learns():
    grpo = Reinforcement(
        steps=10,
        prompts_per_step=4,
        generations=8,
        max_new_tokens=100,
        learning_rate=1e-6,
        precision="bf16",
    )
    learnt = 6 * PARAMETERS * 10 * 32 * 150 / OPERATIONS
    written = 10 * 100 * 2 * PARAMETERS / BANDWIDTH + 2 * PARAMETERS * 320 * 50 / OPERATIONS
    assert seconds(Reinforces(LLAMA, grpo, 50)) == pytest.approx(learnt + written)


def test_what_is_not_known_is_not_guessed():
    unknown = "hub:maker/of-unknown-size@" + "0" * 40
    assert gpu_hours(Job("train", [[Learns(LLAMA, FULL, 2048)]])) is None
    assert gpu_hours(Job("train", [[Learns(unknown, FULL, 2048, examples=10)]])) is None


def test_the_plan_counts_each_job_of_a_kind_and_leaves_out_what_has_no_gpu(monkeypatch):
    kind = Job("train", [[Learns(LLAMA, FULL, 2048, examples=10_000)]], "vanilla")
    monkeypatch.setattr("papers.roleref.memory.jobs", lambda settings: [kind])
    settings = load_settings("roleref", "paper")
    name = {"model": settings.name}
    jobs = [
        Ruled("train", "roleref", gpus=1, wildcards=name | {"variant": "vanilla", "seed": seed})
        for seed in ("0", "1")
    ]
    jobs += [
        Ruled("train", "roleref", gpus=1, wildcards=name | {"variant": "other"}),
        Ruled("train", "roleref", gpus=1, wildcards={"model": "another", "variant": "vanilla"}),
        Ruled("train", "roleref", wildcards=name | {"variant": "vanilla"}),
    ]
    said = collect._by_arithmetic({"roleref": [settings]}, jobs)
    hours = 2 * 6 * PARAMETERS * 10_000 * 2048 * 2 / OPERATIONS / 3600
    assert said == f"about {hours:,.1f} (by arithmetic, of an H100; 2 of 4 jobs)"
    assert collect._by_arithmetic({"roleref": [settings]}, jobs[-1:]) == "none"
