"""The exact versions beside pyproject.toml's ranges: those that were tested, and the oldest."""

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shared.settings import ROOT


def pins(name):
    """Package -> version."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(package): version for package, version in pairs}


def ranges():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    found = map(Requirement, [*asked, *project["optional-dependencies"]["slurm"]])
    return [one for one in found if one.name != project["name"]]


@pytest.mark.parametrize("name", ["cpu.txt", "gpu.txt", "lowest.txt"])
def test_exact_versions_are_in_the_ranges_and_those_of_any_machine(name):
    """`2.13.0+cpu` could not be had where there is a GPU."""
    exact = pins(name)
    assert [version for version in exact.values() if "+" in version] == []
    for asked in ranges():
        assert exact[canonicalize_name(asked.name)] in asked.specifier, asked


def test_the_environment_of_vllm_is_in_the_ranges():
    """It lags behind: with a lower bound too high it could not be installed."""
    exact = pins("engine.txt")
    asked = [one for one in ranges() if canonicalize_name(one.name) in exact]
    assert {"numpy", "torch", "transformers"} <= {one.name for one in asked}
    for one in asked:
        assert exact[canonicalize_name(one.name)] in one.specifier, one


def test_a_gpu_changes_no_version():
    of_cpu, of_gpu = pins("cpu.txt"), pins("gpu.txt")
    assert {package: of_gpu.get(package) for package in of_cpu} == of_cpu
    assert {"lm-eval", "nvidia-cublas"} <= {*of_gpu} - {*of_cpu}


def test_the_oldest_versions_are_the_lower_bounds():
    """But for NumPy: the extra `slurm`, which tests need and vLLM's environment has not, asks for
    more than the project does."""
    exact = pins("lowest.txt")
    for asked in (each for each in ranges() if each.name != "numpy"):
        (bound,) = (each for each in asked.specifier if each.operator in (">=", "=="))
        bound_of = Requirement(f"{asked.name}=={bound.version}")
        assert exact[canonicalize_name(asked.name)] in bound_of.specifier, asked
