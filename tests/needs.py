"""What a test needs and not every machine allows: else it is skipped, or fails where
REPLICATIONS_REQUIRE_ALL is set, so that a machine that should have all of it can't pass without."""

import os
import shutil
import subprocess
from collections.abc import Generator

import pytest

from shared.judges.programs import SANDBOX

VARIABLE = "REPLICATIONS_REQUIRE_ALL"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get(VARIABLE) and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr
        report.outcome, report.longrepr = "failed", f"{VARIABLE} is set: {reason}"
    return report


@pytest.fixture(scope="session")
def without_network() -> tuple[str, ...]:
    """What, put before a command, runs it without a network."""
    there = shutil.which(SANDBOX[0])
    if not there or subprocess.run([*SANDBOX, "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no user namespaces")
    return SANDBOX
