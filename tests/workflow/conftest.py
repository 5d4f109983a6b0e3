"""Programs of the repository, run as a user runs them."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def program():
    """Run `python -m ...` without a mirror, and without downloading what one would hold."""

    def run(folder, *arguments):
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={k: v for k, v in os.environ.items() if k != "REPLICATIONS_MIRROR"}
            | {"HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
        )

    return run
