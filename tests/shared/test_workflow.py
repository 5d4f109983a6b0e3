from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.settings.types import MaxJobsPerTimespan

from shared.workflow import Setup, wake_only_for_jobs


def test_a_folder_with_a_space_stays_one_argument():
    setup = Setup("cpu", "path:/my models/one", [])
    assert setup.arguments == "--scale cpu --model 'path:/my models/one'"
    assert Setup("gpu", None, []).arguments == "--scale gpu"
    assert setup.run_name == "cpu+path-my-models-one"


@pytest.mark.parametrize(("limit", "kept"), [(None, False), ("50/1m", True), ("100/1m", True)])
def test_the_scheduler_has_a_limit_only_if_a_user_sets_one(limit, kept):
    """None stands for the limit that Snakemake has by itself."""
    limit = MaxJobsPerTimespan.parse_choice(
        limit or get_argument_parser().get_default("max_jobs_per_timespan")
    )
    settings = SimpleNamespace(max_jobs_per_timespan=limit)
    wake_only_for_jobs(settings)
    assert settings.max_jobs_per_timespan is (limit if kept else None)


def test_a_snakemake_that_schedules_nothing():
    wake_only_for_jobs(None)
