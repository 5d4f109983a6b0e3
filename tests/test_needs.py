"""A test whose machine lacks something is skipped, or fails where all of them are wanted."""

import os
import subprocess
import sys

import pytest

from shared.judges.programs import SANDBOX
from shared.settings import ROOT
from tests.needs import VARIABLE

TEST = "tests/shared/judges/test_programs.py::test_there_is_no_network_in_the_sandbox"
LACKING = "this machine allows no user namespaces"


@pytest.mark.parametrize(
    ("wanted", "outcome", "said"),
    [
        ({}, 0, f": {LACKING}\n1 skipped"),
        ({VARIABLE: "1"}, 1, f"{VARIABLE} is set: Skipped: {LACKING}"),
    ],
)
def test_where_there_are_no_user_namespaces(tmp_path, wanted, outcome, said):
    refusing = tmp_path / SANDBOX[0]
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    others = {name: value for name, value in os.environ.items() if name != VARIABLE}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST],
        cwd=ROOT,
        env=others | wanted | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == outcome and said in ran.stdout
