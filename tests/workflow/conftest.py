"""A copy of the working tree to run Snakemake in, and the programs in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ROOT

BIN = Path(sys.executable).parent
LEFT_OUT = (".*", "resources", "results", "__pycache__", "*.egg-info")


@pytest.fixture(scope="session")
def snakemake():
    def run(folder, *arguments, sandbox=(), **environment):
        return subprocess.run(
            [*sandbox, BIN / "snakemake", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )

    return run


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


@pytest.fixture(scope="session")
def copy_of_repository():
    """Copy the working tree, without results, into a new folder; it shares the converted model."""

    def copy(folder):
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (ROOT / "resources" / "models").mkdir(parents=True, exist_ok=True)
        (folder / "resources").mkdir()
        os.symlink(ROOT / "resources" / "models", folder / "resources" / "models")
        return folder

    return copy


@pytest.fixture(scope="session")
def repository(tmp_path_factory, copy_of_repository, snakemake):
    """A copy in which `smoke` was run once, of all papers; a test that edits it takes that back."""
    folder = copy_of_repository(tmp_path_factory.mktemp("clone") / "repository")
    run = snakemake(folder, "--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-3000:]
    return folder
