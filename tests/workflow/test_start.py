"""How a run is set up: steps on a CPU are preloaded, and the profile's settings are taken."""

import pytest

from shared.devices import gpus_at_hand

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
