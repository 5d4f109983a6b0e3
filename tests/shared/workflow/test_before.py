"""What a run is told before its first job."""

from types import SimpleNamespace

import pytest

from shared.chat import endpoint
from shared.workflow import before
from shared.workflow.setup import checked


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """One without a GPU, and without an endpoint."""
    monkeypatch.setattr(before, "gpus_at_hand", lambda: False)
    monkeypatch.setattr(before, "multiplies_bf16", lambda: False)
    for name in (endpoint.URL, endpoint.KEY):
        monkeypatch.delenv(name, raising=False)


def said(capsys, config, *words):
    before.look(checked(config), words)
    return capsys.readouterr().err


def test_a_scale_that_wants_a_gpu_says_what_happens_without(capsys, monkeypatch):
    assert said(capsys, {}) == said(capsys, {"scale": "smoke"}) == ""
    told = said(capsys, {"scale": "gpu"}, "r_tuning")
    assert told.startswith("note: scale gpu asks for a GPU and there is none: its steps run on the")
    assert "the hours of an H100 that `python -m shared.planning.plan --scale gpu` counts" in told
    assert "in bf16, which this processor lacks, end at once" in told and told.count("\n") == 1
    monkeypatch.setattr(before, "gpus_at_hand", lambda: True)
    assert said(capsys, {"scale": "gpu"}, "r_tuning") == ""


def test_packages_that_steps_need_and_that_are_not_installed(capsys, monkeypatch):
    monkeypatch.setattr(before, "gpus_at_hand", lambda: True)
    monkeypatch.setattr(before, "find_spec", lambda _: None)
    told = said(capsys, {"scale": "gpu"}, "refusal_tokens")
    assert told == (
        "note: refusal_tokens has steps that need lm_eval, which is not installed, and fail"
        ' without; run: pip install ".[eval]"\n'
    )
    in_vllm = {"scale": "gpu", "set": "center_bench.engine=vllm", "name": "fast"}
    assert 'pip install ".[vllm]"' in said(capsys, in_vllm, "center_bench")
    assert said(capsys, {"scale": "gpu"}, "r_tuning") == ""
    monkeypatch.setattr(before, "find_spec", lambda _: object())
    assert said(capsys, {"scale": "gpu"}, "refusal_tokens") == ""


def test_an_endpoint_is_missed_only_by_a_run_that_asks_one(capsys, monkeypatch):
    monkeypatch.setattr(before, "gpus_at_hand", lambda: True)
    assert said(capsys, {"scale": "paper", "rehearse": True}) == ""
    told = said(capsys, {"scale": "paper"}, "r_tuning")
    assert told.startswith("note: OPENAI_BASE_URL is not set") and "asks api:gpt-3.5" in told
    with pytest.raises(SystemExit, match="error: model=api:x: OPENAI_BASE_URL is not set"):
        said(capsys, {"model": "api:x"}, "center_bench")
    monkeypatch.setenv(endpoint.URL, "http://127.0.0.1:9/v1")
    with pytest.raises(SystemExit, match=r"OPENAI_BASE_URL http://127.0.0.1:9/v1: no connection"):
        said(capsys, {"model": "api:x"}, "center_bench")


def test_a_paper_that_was_asked_for_and_left_out_is_said_by_its_target(capsys):
    assert said(capsys, {"model": "api:x"}, "r_tuning") == ""


def test_room_for_the_models_that_are_kept(tmp_path, monkeypatch):
    """10 GB are free: two models of 6 GB are too much, one after the other is not."""
    monkeypatch.setattr(before.shutil, "disk_usage", lambda _: SimpleNamespace(free=10e9))

    def job(size, *output):
        return SimpleNamespace(resources={"disk_mb": size}, output=output)

    trainings = [job(6000, f"results/cpu/x/models/{name}") for name in "ab"]
    jobs = [*trainings, job(9000, "results/cpu/x/scores/a.parquet"), job("<TBD>", "x")]
    told = before.room(jobs, tmp_path / "none", keep_models=True)
    assert told.startswith(f"{tmp_path}: 10.0 GB are free, and this run may take up to 12.0 GB")
    assert before.room(jobs, tmp_path, keep_models=False) is None
    assert before.room([*jobs, job(11_000, "y")], tmp_path, keep_models=False)
