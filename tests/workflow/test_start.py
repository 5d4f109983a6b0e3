"""How a run is set up: steps on a CPU are preloaded, and the profile's settings are taken; a path
that is misspelt ends in one line."""

import pytest

from shared.models.devices import gpus_at_hand

pytestmark = pytest.mark.workflow

WATCHED = """
import os

include: "Snakefile"

onsuccess:
    print("preloaded:", os.environ.get("PRELOAD_FOR") == str(os.getpid()))
    print("looks again after:", workflow.scheduling_settings.max_jobs_per_timespan.timespan)
"""


def test_a_run_is_set_up_to_waste_no_time(copy_of_repository, snakemake, tmp_path):
    folder = copy_of_repository(tmp_path / "repository")
    (folder / "watched.smk").write_text(WATCHED)
    target = "results/smoke/forbidden_science/data"
    run = snakemake(folder, target, *("--snakefile", "watched.smk", "--config", "scale=smoke"))
    assert run.returncode == 0, run.stderr[-3000:]
    assert f"preloaded: {not gpus_at_hand()}" in run.stdout
    assert "looks again after: 5" in run.stdout


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("models/Small-1M/facts/vanila-s0", "unknown variant 'vanila' at scale cpu; did you mean"),
        ("scores/Small-1/facts/vanilla-s0.parquet", "unknown model 'Small-1' of r_tuning at scale"),
        ("models/Small-1M/facts/vanilla-s9", "unknown seed 9 of vanilla at scale cpu; seeds: 0, 1"),
    ],
)
def test_a_path_that_misspells_a_part_is_one_line(
    copy_of_repository, snakemake, tmp_path, target, said
):
    folder = copy_of_repository(tmp_path / "repository")
    run = snakemake(folder, "-n", f"results/cpu/r_tuning/{target}")
    lines = (run.stdout + run.stderr).splitlines()
    errors = [line for line in lines if "rror" in line or "Exception" in line]
    assert run.returncode and len(errors) == 1
    assert errors[0].startswith("error: ") and said in errors[0]


SMALL_DISK = """
import shutil
from types import SimpleNamespace
shutil.disk_usage = lambda _: SimpleNamespace(free={free})
"""


@pytest.mark.parametrize(("free", "told"), [(1e6, 1), (1e15, 0)])
def test_a_dry_run_says_that_the_disk_is_too_small(
    copy_of_repository, snakemake, tmp_path, free, told
):
    folder = copy_of_repository(tmp_path / "repository")
    (tmp_path / "sitecustomize.py").write_text(SMALL_DISK.format(free=free))
    target = "results/cpu/r_tuning/models/Small-1M/facts/vanilla-s0"
    run = snakemake(folder, "-n", target, PYTHONPATH=str(tmp_path))
    assert run.returncode == 0, run.stderr[-3000:]
    notes = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("note: ")]
    assert len(notes) == told
    assert all("0.0 GB are free, and this run may take up to" in note for note in notes)
