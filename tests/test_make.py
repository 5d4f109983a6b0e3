"""What `make` says, draws and deletes, in a folder of its own."""

import os
import shutil
import subprocess
import sys

import pytest

from shared.settings import ROOT, paper_ids

THERE = "--old-file=.venv/installed"  # nothing is installed


@pytest.fixture
def make(tmp_path):
    """Run make in a folder that has this repository's code and environment and no results."""
    for name in ("Makefile", "pyproject.toml", "requirements", "papers", "shared"):
        (tmp_path / name).symlink_to(ROOT / name)

    def run(*words):
        own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        how = {"cwd": tmp_path, "env": own, "capture_output": True, "text": True}
        return subprocess.run(["make", *words], **how)

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), f"all {len(paper_ids())} papers at scale cpu; then see results/cpu/report.html"),
        (
            ("paper=r_tuning", "scale=smoke"),
            "r_tuning at scale smoke; then see results/smoke/r_tuning/report.html",
        ),
    ],
)
def test_it_says_what_it_will_do_before_it_installs(make, words, said):
    assert make("said", *words).stdout == f"{said}\n"
    planned = make("--dry-run", *words).stdout.splitlines()
    installs = next(i for i, line in enumerate(planned) if "installing" in line)
    assert planned.index(f'echo "{said}"') < installs


def test_figures_are_drawn_from_committed_scores_alone(make, tmp_path):
    """The pictures of SafeEraser are in data/, which a clone lacks: the figure of them stays."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    of_paper = "results/cpu/safe_eraser"
    folder = tmp_path / of_paper
    for name in ("cells.csv", "scores", "runs", "figures"):
        whole = ROOT / of_paper / name
        (shutil.copytree if whole.is_dir() else shutil.copy2)(whole, _made(folder) / name)
    before = (folder / "figures" / "captions.json").read_bytes()
    old = (folder / "figures" / "examples.png").read_bytes()
    (folder / "figures" / "sarr.png").write_bytes(b"old")
    done = make("figures", THERE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{of_paper}/figures\n"
    assert done.stderr == (
        f"examples: left as it is, as it shows examples of {of_paper}/data, which is not there\n"
    )
    assert (folder / "figures" / "examples.png").read_bytes() == old
    assert (folder / "figures" / "sarr.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "figures" / "captions.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "cells.csv", "figures", "runs", "scores",
    ]  # fmt: skip


def test_a_scale_without_results_has_no_figures(make):
    done = make("figures", "scale=huge", THERE)
    assert done.returncode
    assert "error: results/huge holds no cells.csv" in done.stdout


def test_clean_deletes_what_can_be_made_again_for_nothing(make, tmp_path):
    """Not what was paid for, downloaded or trained, nor results that may be shown."""
    kept = [
        "resources/replies", "resources/downloads", "resources/checkpoints", "resources/curves",
        "results/cpu/r_tuning", "results/gpu/r_tuning", "results/paper", "results/cpu+lr",
        "results/gpu+mine", ".snakemake/metadata",
    ]  # fmt: skip
    gone = [
        ".venv", ".venv-vllm", ".snakemake/log", "resources/models", "resources/rehearsal",
        "results/smoke", "results/smoke+mine", "results/rehearsal",
    ]  # fmt: skip
    for name in [*kept, *gone]:
        (_made(tmp_path / name) / "file").touch()
    assert make("clean").returncode == 0
    assert [name for name in kept if not (tmp_path / name / "file").is_file()] == []
    assert [name for name in gone if (tmp_path / name).exists()] == []
    assert (tmp_path / "papers" / "resa" / "paper.yaml").is_file()


def _made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder
