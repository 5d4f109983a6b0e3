"""Training in two processes, weights sharded by FSDP, against training in one."""

import json
import sys

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from shared.errors import UserError
from shared.models import devices
from shared.training import unlearning
from shared.training.examples import IGNORED
from shared.training.sampler import EvenSampler, blank
from shared.training.settings import Training
from shared.workflow.launch import command
from tests.shared.training import in_processes
from tests.torchrun import in_two

SETTINGS = Training(epochs=1, learning_rate=1e-2, effective_batch_size=4, max_length=64)


def test_two_processes_unlearn_as_one_does(tmp_path):
    """The same losses and adapters, half-way and at the end."""
    in_processes.write_start(tmp_path / "start")
    alone = in_processes.unlearn(tmp_path / "one")
    in_two(in_processes.__file__, tmp_path / "two", "unlearn")
    together = json.loads((tmp_path / "two" / "record.json").read_text())
    assert (alone["processes"], together["processes"]) == (1, 2)
    assert (alone["accumulation"], together["accumulation"]) == (2, 1)
    torch.testing.assert_close(
        torch.tensor(together["losses"]), torch.tensor(alone["losses"]), atol=1e-4, rtol=0
    )
    for step in (3, 6):
        name = f"step-{step}/adapter_model.safetensors"
        half, other = (load_file(tmp_path / folder / name) for folder in ("one", "two"))
        assert half.keys() == other.keys()
        for name, weight in half.items():
            torch.testing.assert_close(other[name], weight, atol=1e-4, rtol=0)


def test_two_processes_hold_frozen_weights_in_bf16(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "multiplies_bf16", lambda: True)
    in_processes.write_start(tmp_path / "start")
    alone = in_processes.adapt_coarse(tmp_path / "one")
    in_two(in_processes.__file__, tmp_path / "two", "adapt_coarse")
    together = json.loads((tmp_path / "two" / "record.json").read_text())
    torch.testing.assert_close(
        torch.tensor(together["losses"]), torch.tensor(alone["losses"]), atol=0.03, rtol=0
    )


def test_a_last_batch_that_processes_can_not_share_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(unlearning, "world_size", lambda: 2)
    with pytest.raises(UserError, match="5 items in batches of 4: 2 processes can't share out"):
        unlearning.unlearn(None, [{}] * 5, [], SETTINGS, seed=0, scratch=tmp_path)


def test_two_processes_interrupted_end_as_one_does(tmp_path):
    """The same loss at each step and the same weights: with a last batch that does not go into
    two, and a stop after 6 of 12 steps."""
    in_processes.write_start(tmp_path / "start")
    model, alone = in_processes.train(tmp_path / "one")
    folder = tmp_path / "two"
    for batches in ("6", "1000"):
        in_two(in_processes.__file__, folder, batches)
    together = json.loads((folder / "record.json").read_text())
    assert together["resumed_from_step"] == 6
    assert (alone["processes"], together["processes"]) == (1, 2)
    assert [each["per_device_batch"] for each in (alone, together)] == [2, 2]
    assert [each["accumulation"] for each in (alone, together)] == [2, 1]
    torch.testing.assert_close(
        torch.tensor(together["losses"]), torch.tensor(alone["losses"]), atol=1e-4, rtol=0
    )
    weights = load_file(folder / "model" / "model.safetensors")
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weights[name], weight, atol=1e-4, rtol=0)
    assert AutoModelForCausalLM.from_pretrained(folder / "model").num_parameters() == sum(
        weight.numel() for weight in model.parameters()
    )
    assert not (folder / "scratch").exists()


@pytest.mark.parametrize(("examples", "multiple", "blanks"), [(13, 4, 3), (12, 4, 0), (1, 8, 7)])
def test_blanks_even_out_an_epoch(examples, multiple, blanks):
    epochs = iter([0, 1, 0])
    order = EvenSampler(examples, multiple, lambda: next(epochs))
    first, second, again = list(order), list(order), list(order)
    assert len(first) == len(order) == examples + blanks
    for epoch in (first, second):
        assert sorted(epoch[:examples]) == list(range(examples))
        assert epoch[examples:] == [examples] * blanks
    assert again == first and (examples == 1 or second != first)


def test_nothing_is_learnt_from_a_blank():
    example = {"input_ids": [5, 6], "labels": [IGNORED, 6], "others": [IGNORED, 7], "image": "x"}
    unlabelled = [IGNORED, IGNORED]
    assert blank(example) == example | {"labels": unlabelled, "others": unlabelled}


def test_one_process_for_each_gpu():
    step = ["papers.resa.train", "--scale", "paper"]
    assert command(0, 1, step, {}) == command(1, 1, step, {}) == [sys.executable, "-m", *step]
    eight = command(8, 1, step, {})
    assert eight[:3] == [sys.executable, "-m", "torch.distributed.run"]
    assert eight[eight.index("--nproc-per-node") + 1] == "8" and "--standalone" in eight
    assert eight[-4:] == ["-m", *step]


def test_one_torchrun_on_each_node_and_a_place_to_meet():
    on_two = command(16, 2, ["papers.resa.train"], {"SLURM_JOB_ID": "1234567"})
    assert on_two[0] == "srun" and {"--nodes=2", "--ntasks-per-node=1"} <= set(on_two)
    assert on_two[on_two.index("--nproc-per-node") + 1] == "8"
    assert "--rdzv-id=1234567" in on_two
    assert any(part.endswith(":24567") for part in on_two)


def test_gpus_that_can_not_be_spread_evenly_are_refused():
    with pytest.raises(UserError, match="9 GPUs can't be spread evenly over 2 nodes"):
        command(9, 2, ["papers.resa.train"], {})


def test_several_nodes_are_of_a_job_of_slurm():
    with pytest.raises(UserError, match="2 nodes: expected in a job of Slurm"):
        command(8, 2, ["papers.resa.train"], {})
