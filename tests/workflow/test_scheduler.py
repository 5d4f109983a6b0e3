"""What Snakemake does while jobs run: nothing, unless a user limits their rate."""

import pytest

pytestmark = pytest.mark.workflow

WATCHED = """
include: "Snakefile"

onsuccess:
    print("limited:", workflow.scheduler.job_rate_limiter is not None)
"""


@pytest.mark.parametrize(
    ("limit", "limited"), [((), False), (("--max-jobs-per-timespan", "99/1s"), True)]
)
def test_the_scheduler_sleeps_until_a_job_ends(
    copy_of_repository, snakemake, tmp_path, limit, limited
):
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
