"""The plan: jobs and limits as the dry run prints them, and where each number comes from."""

import json
import sys

import pytest

from shared.data.fetch import hub as door
from shared.data.fetch.wanted import Repository
from shared.errors import UserError
from shared.planning.plan import __main__ as program
from shared.planning.plan import collect
from shared.planning.plan.collect import UNKNOWN, plan
from shared.planning.plan.jobs import SHARED, Job, jobs_of, parse
from shared.settings import ROOT, paper_ids
from tests.hub import Served

# As Snakemake 9.27 prints it.
DRY_RUN = """
[Wed Nov 25 11:15:37 2026]
rule r_tuning_train:
    input: results/paper/r_tuning/data
    output: results/paper/r_tuning/models/mmlu/vanilla-s1, results/paper/r_tuning/runs/t.json
    jobid: 50
    reason: Forced execution
    wildcards: task=mmlu, variant=vanilla, seed=1
    resources: tmpdir=/tmp, gpu=8, nodes=2, runtime=90, mem_mb=64000, mem=64 GB, disk_mb=30000
Shell command: python -m papers.r_tuning.train

[Wed Nov 25 11:15:37 2026]
rule compare:
    output: results/paper/resa/claims.csv
    wildcards: paper=resa
    resources: tmpdir=/tmp
Shell command: python -m shared.comparison

rule bundled_model:
    output: resources/models/x
    resources: tmpdir=/tmp, mem_mb=3000, runtime=5

localrule all:
    input: results/paper/report.html
    resources: tmpdir=/tmp
"""


def lines(paper, scale, jobs, **options):
    found = {}
    for what, line in plan(paper, scale, jobs, **options):
        found.setdefault(what, []).append(line)
    return found


def test_jobs_are_read_from_the_dry_run():
    train, compare, bundled = parse(DRY_RUN)
    assert train.paper == "r_tuning"
    assert str(train.record) == "results/paper/r_tuning/runs/t.json"
    assert (train.gpus, train.minutes, train.mem_mb, train.disk_mb) == (16, 90, 64000, 30000)
    assert compare == Job("compare", "resa", wildcards={"paper": "resa"})
    assert (bundled.paper, bundled.minutes) == (SHARED, 5)


def test_limits_and_records_are_told_apart(monkeypatch, tmp_path):
    """Two jobs of 90 minutes on 2 GPUs and one without a limit; one of the two took 36 minutes."""
    monkeypatch.setattr(collect, "ROOT", tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"seconds": 2160, "peak_mb": 1230}))
    timed = {"paper": "r_tuning", "gpus": 2, "minutes": 90, "mem_mb": 1500, "disk_mb": 2000}
    jobs = [
        Job("train", record=tmp_path / "run.json", **timed),
        Job("train", record=tmp_path / "none.json", **timed),
        Job("analyze", "r_tuning"),
    ]
    found = lines("r_tuning", "cpu", jobs)
    assert found["jobs"] == ["3, 2 of them on GPUs (by the rules)"]
    limits = "limits of the rules, 1 without one"
    assert found["hours"] == [f"at most 3.0 ({limits}); 0.60 recorded (1 of 3 jobs)"]
    limits = "at most 6.0 (limits of the rules); 1.20 recorded (1 of 2 jobs)"
    assert found["GPU-hours"] == [limits, UNKNOWN]
    assert found["memory"] == ["at most 1.5 GB a job (by the rules); 1.2 recorded (1 of 3 jobs)"]
    assert found["disk"] == ["at most 4.0 GB, all jobs together (by the rules)"]
    assert found["download"] == ["nothing"]
    assert found["calls"] == ["none"]


def test_what_is_not_known_is_not_guessed(hub, tmp_path):
    found = lines("resa", "paper", [Job("train", "resa", gpus=1)], records=tmp_path)
    assert f"{UNKNOWN} recorded (0 of 1 jobs)" in found["GPU-hours"][0]
    assert found["memory"] == found["disk"] == found["measured"] == [UNKNOWN]
    # the data are made once for all models
    assert "openai/gpt-4o-mini: at most 1,233 (prompts of PAP); at most $0.43" in found["calls"]
    assert not any(UNKNOWN in line for line in found["calls"])
    llama = found["download"][0]
    assert llama.startswith("meta-llama/Llama-3.1-8B-Instruct@0e9e39f: at least 16.06 GB (4 files")
    assert llama.endswith("GATED: accept its licence first")
    assert any(line.startswith("StrongREJECT") and "by hand" in line for line in found["download"])
    assert hub.asked == []


def test_a_size_is_known_once_it_was_fetched(hub):
    revision = Served({}).revision
    hub.repositories["models/org/model"] = Served({"model.safetensors": bytes(2_500_000)})
    model = Repository("model", "org/model", revision)
    assert collect._download(model, None) == "org/model@0123456: unknown, until it is fetched"
    door.fetch(model)
    assert collect._download(model, None) == (
        "org/model@0123456: 2.50 MB (recorded when it was fetched)"
    )


def test_a_measurement_is_part_of_the_plan(tmp_path):
    job = {
        "what": "training (training)",
        "peak_bytes": 61_200_000_000,
        "tokens_per_second": {"trained": 1234.56},
        "extrapolated": True,
    }
    record = {
        "paper": "r_tuning",
        "scale": "paper",
        "architecture": "OpenLLaMA-3B",
        "device": "cpu",
        "jobs": [job],
    }
    (tmp_path / "one.json").write_text(json.dumps(record))
    (tmp_path / "two.json").write_text(json.dumps(record | {"paper": "resa"}))
    assert lines("r_tuning", "paper", [], records=tmp_path)["measured"] == [
        "OpenLLaMA-3B on cpu, training (training): 61.2 GB, tokens a second: 1,234.6 trained "
        "(extrapolated)"
    ]


@pytest.mark.workflow
def test_the_plan_of_a_paper(monkeypatch, capsys):
    """Of KIE-HVQA at its own size, a training takes 8 GPUs, however many there are here."""
    jobs = [job for job in jobs_of("paper") if job.paper == "kie_hvqa"]
    assert {job.gpus for job in jobs} == {0, 1, 8}
    monkeypatch.setattr(program, "jobs_of", lambda scale, **_: jobs)
    monkeypatch.setattr(sys, "argv", ["plan", "--scale", "paper", "kie_hvqa"])
    program.main()
    out = capsys.readouterr().out
    assert out.startswith(f"kie_hvqa, paper\n  jobs       {len(jobs)}, ")
    assert "Qwen/Qwen2.5-VL-7B-Instruct@cc59489: about 16.58 GB (its parameters" in out
    assert "bytedance-research/KIE-HVQA@1021ad7: at least 0.14 MB (1 file in known.yaml)" in out


@pytest.mark.workflow
def test_the_plan_of_one_table(monkeypatch, capsys):
    """Two methods under two protocols, on two sets with three seeds: 24 trainings and their 24
    evaluations, two of the model before, the data and the analysis."""
    words = ["--scale", "paper", "--models", "OpenLLaMA-3B", "--items", "table1", "r_tuning"]
    monkeypatch.setattr(sys, "argv", ["plan", *words])
    program.main()
    out = capsys.readouterr().out
    assert out.startswith("r_tuning, paper\n  jobs       52, 50 of them on GPUs")
    assert "open_llama_3b" in out and "llama-7b" not in out and "calls      none" in out
    assert "GPU-hours  at most 200.0 " in out
    assert "GPU-hours  about 2.3 (by arithmetic, of an H100; 50 of 50 jobs)" in out
    assert "| 2, on one GPU |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_all_papers_take_comes_first(monkeypatch, capsys):
    """45 + 90 minutes of one and of two GPUs: 2.25 hours, 3.75 GPU-hours; and the dollars of each
    paper by its own lines, added up."""
    jobs = [
        Job("train", "roleref", gpus=1, minutes=45, disk_mb=1000),
        Job("train", "safe_eraser", gpus=2, minutes=90, disk_mb=500),
        Job("bundled_model", SHARED),
        Job("train", "resa", minutes=600),
    ]
    monkeypatch.setattr(program, "jobs_of", lambda scale, **_: jobs)
    monkeypatch.setattr(sys, "argv", ["plan", "--scale", "paper", "roleref", "safe_eraser"])
    program.main()
    first, *papers = capsys.readouterr().out.strip().split("\n\n")
    assert [paper.split(",")[0] for paper in papers] == ["roleref", "safe_eraser"]
    assert first.startswith("2 papers together, paper\n  jobs       3, 2 of them on GPUs")
    assert "  hours      at most 2.2 (limits of the rules, 1 without one)" in first
    assert "  GPU-hours  at most 3.8 (limits of the rules)" in first
    assert "  disk       at most 1.5 GB, all jobs together" in first

    def dollars(text, last):
        line = [line for line in text.splitlines() if line.startswith("  calls")][-1]
        assert last in line
        return float(line.rpartition("at most $")[2].split(" ")[0].replace(",", ""))

    each = [dollars(text, "at most $") for text in papers]
    assert dollars(first, "(list prices)") == pytest.approx(sum(each), abs=0.02)


@pytest.mark.parametrize("paper", paper_ids())
def test_every_paper_has_a_plan_of_every_scale(monkeypatch, capsys, hub, paper):
    monkeypatch.setattr(program, "jobs_of", lambda scale, **_: [])
    monkeypatch.setattr(sys, "argv", ["plan", paper])
    program.main()
    titles = [line for line in capsys.readouterr().out.splitlines() if line[:1].strip()]
    assert titles == [f"{paper}, {scale}" for scale in ("smoke", "cpu", "gpu", "paper")]


def test_a_scale_that_is_not_there(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["plan", "--scale", "huge"])
    with pytest.raises(UserError, match="unknown scale 'huge'; scales: smoke, cpu, gpu, paper"):
        program.main()
