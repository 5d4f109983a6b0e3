"""What the faults have in common: inputs of the steps, and each step as it is without a fault."""

import shutil
import time
from types import SimpleNamespace

import pytest

from shared.settings import ROOT
from tests.faults import steps


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """Inputs of the steps: data of two papers at smoke, and the committed scores of one."""
    folder = tmp_path_factory.mktemp("given")
    words = {"r_tuning": "questions", "forbidden_science": "prompts"}
    for paper, name in words.items():
        process = steps.CONTEXT.Process(target=steps.make_data, args=(paper, folder, name))
        process.start()
        process.join()
        assert process.exitcode == 0
    shutil.copytree(ROOT / "results" / "cpu" / "forbidden_science", folder / "forbidden_science")
    return folder


@pytest.fixture(scope="session")
def undisturbed(given, tmp_path_factory):
    """A step without a fault: its result, how often it touched a file, and its seconds."""
    known = {}

    def of(name):
        if name not in known:
            folder = tmp_path_factory.mktemp(name) / "run"
            began = time.perf_counter()
            assert steps.run(name, given, folder) == 0, steps.said(folder)
            assert steps.left_over(folder) == []
            known[name] = SimpleNamespace(
                seconds=time.perf_counter() - began,
                result=steps.result(folder),
                touches=steps.touches(folder),
            )
        return known[name]

    return of
