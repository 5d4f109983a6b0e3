"""The three places that check the style ask the same, and a hosted runner runs `.ci/run`."""

import os

import yaml

from shared.settings import ROOT


def lines(name):
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_hooks_are_the_style_checks_of_ci_and_of_contributing():
    style = (".venv/bin/ruff", ".venv/bin/snakefmt")
    of_ci = [line for line in lines(".ci/run") if line.startswith(style)]
    (local,) = read_yaml(".pre-commit-config.yaml")["repos"]
    hooks = local["hooks"]
    assert local["repo"] == "local" and len(hooks) == 3
    assert [hook["entry"] for hook in hooks] == of_ci
    for hook in hooks:
        assert hook["language"] == "system" and not hook["pass_filenames"]
        assert hook["entry"].removeprefix(".venv/bin/") in lines("CONTRIBUTING.md")


def test_the_hosted_runner_runs_what_ci_runs():
    (job,) = read_yaml(".github/workflows/ci.yml")["jobs"].values()
    assert job["timeout-minutes"] == 90
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_files_are_short_and_the_library_has_few_doors():
    """At most 350 lines a file, and 20 rooms and modules at the root of `shared`."""
    files = [
        p for top in ("shared", "papers", "tools", "tests") for p in (ROOT / top).rglob("*.py")
    ]
    long = [str(path.relative_to(ROOT)) for path in files if len(lines(path)) > 350]
    assert len(files) > 300 and long == []
    doors = {path.stem for path in (ROOT / "shared").iterdir() if path.stem[0] != "_"}
    assert len(doors) <= 20
