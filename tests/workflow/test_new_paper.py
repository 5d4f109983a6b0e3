"""A new paper made from the templates runs at once, in a copy of the repository."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import UserError
from tools.new_paper.__main__ import check

pytestmark = pytest.mark.workflow

BIN = Path(sys.executable).parent
SHORTEST, LONGEST = "x", "the_longest_possible"


@pytest.fixture(scope="module")
def copy(tmp_path_factory, copy_of_repository, program):
    """A copy of the repository with two new papers, whose names are as short and long as can be."""
    folder = copy_of_repository(tmp_path_factory.mktemp("new") / "repository")
    for paper_id in (SHORTEST, LONGEST):
        run = program(folder, "tools.new_paper", paper_id)
        assert run.returncode == 0, run.stderr
        for path in run.stdout.split("\n\n")[0].splitlines():
            assert "my_paper" not in path and "my_paper" not in (folder / path).read_text()
    return folder


@pytest.mark.parametrize(
    "tool", [("ruff", "check"), ("ruff", "format", "--check"), ("snakefmt", "--check")]
)
def test_its_code_has_the_style_of_the_rest(copy, tool):
    run = subprocess.run([BIN / tool[0], *tool[1:], "papers"], cwd=copy, capture_output=True)
    assert run.returncode == 0, run.stdout.decode() + run.stderr.decode()


def test_it_stands_among_the_other_papers(copy, snakemake):
    run = snakemake(copy, "-n", "--config", "scale=smoke")
    assert run.returncode == 0, run.stderr[-3000:]
    said = run.stdout + run.stderr
    for rule in ("x_train", f"{LONGEST}_evaluate", "r_tuning_train"):
        assert f"rule {rule}:" in said
    for paper in (SHORTEST, LONGEST, "r_tuning"):
        assert f"results/smoke/{paper}/comparison.csv" in said


def test_it_can_be_rehearsed_at_scale_paper(copy, snakemake):
    """With a small model in place of one of the hub, under the name of the paper's; what it trained
    is gone once it was asked, and not missed."""
    asked = (SHORTEST, "--config", "scale=paper", "rehearse=true", "keep_models=false")
    run = snakemake(copy, *asked)
    assert run.returncode == 0, run.stderr[-3000:]
    assert not [*(copy / "results" / "rehearsal" / SHORTEST / "models").glob("*/*")]
    assert "Nothing to be done" in snakemake(copy, "-n", *asked).stdout
    with open(copy / "results" / "rehearsal" / SHORTEST / "comparison.csv") as file:
        (row,) = csv.DictReader(file)
    assert row["our_model"] == row["model"] == "Example-7B" and row["value"]


def test_it_runs_and_passes_its_own_tests(copy):
    """Its own smoke test runs everything there is at smoke: the other papers are taken away."""
    for folder in (copy / "papers").iterdir():
        if folder.is_dir() and folder.name != SHORTEST:
            shutil.rmtree(folder)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/papers/x"],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    assert "7 passed" in run.stdout


@pytest.mark.parametrize(
    ("paper_id", "message"),
    [
        ("Ninth", "expected a Python name"),
        ("class", "expected a Python name"),
        ("a-paper", "expected a Python name"),
        (f"{LONGEST}_", "of at most 20"),
        ("r_tuning", "papers/r_tuning is already there"),
        ("all", "'all' is a rule or a variable of the workflow"),
        ("readme", "'readme' is a rule"),
        ("analyze", "'analyze' is a rule"),
        ("r_tuning_train", "'r_tuning_train' is a rule"),
        ("resa_reinforce", "'resa_reinforce' is a rule"),
    ],
)
def test_a_name_that_can_not_be_is_one_line(paper_id, message):
    with pytest.raises(UserError, match=message):
        check(paper_id)
