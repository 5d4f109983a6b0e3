"""How a run is set up: Snakemake sleeps while jobs run, unless a user limits their rate, and steps
on a CPU are preloaded and keep their memory."""

import pytest

from shared.devices import gpus_at_hand

pytestmark = pytest.mark.workflow

WATCHED = """
import os

include: "Snakefile"

onsuccess:
    print("limited:", workflow.scheduler.job_rate_limiter is not None)
    print("preloaded:", os.environ.get("PRELOAD_FOR") == str(os.getpid()))
    print("memory kept:", os.environ.get("MALLOC_MMAP_MAX_") == "0")
"""


@pytest.mark.parametrize(
    ("limit", "limited"), [((), False), (("--max-jobs-per-timespan", "99/1s"), True)]
)
def test_a_run_is_set_up_to_waste_no_time(copy_of_repository, snakemake, tmp_path, limit, limited):
    folder = copy_of_repository(tmp_path / "repository")
    (folder / "watched.smk").write_text(WATCHED)
    run = snakemake(
        folder,
        "forbidden_science_data",
        *("--snakefile", "watched.smk", "--config", "scale=smoke"),
        *limit,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert f"limited: {limited}" in run.stdout
    assert f"preloaded: {not gpus_at_hand()}" in run.stdout
    assert f"memory kept: {not gpus_at_hand()}" in run.stdout
