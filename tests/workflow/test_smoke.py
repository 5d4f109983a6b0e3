"""The whole chain through Snakemake at scale `smoke`, in a copy of the repository."""

import base64
import gzip
import re
import subprocess
import sys

import pandas as pd
import pytest

from shared.report.counts import CLAIM_VERDICTS
from shared.settings import load_paper, paper_ids

pytestmark = pytest.mark.workflow

SMOKE = ("--config", "scale=smoke")


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "r_tuning"


@pytest.fixture
def jobs(repository, snakemake):
    def planned():
        """Jobs that a dry run would execute: of a paper's own rule its name, of a rule that all
        papers share its name and the paper's."""
        run = snakemake(repository, "-n", *SMOKE)
        assert run.returncode == 0, run.stderr[-2000:]
        blocks = re.findall(r"^rule (\w+):\n((?:    .*\n)+)", run.stdout + run.stderr, re.M)
        found = set()
        for rule, block in blocks:
            paper = re.search(r"\bpaper=(\w+)", block)
            found.add(f"{rule} {paper[1]}" if paper else rule)
        return found

    return planned


def edit(folder, path):
    """Append a comment to a file; gives a function that takes it back."""
    original = (folder / path).read_text()
    (folder / path).write_text(f"{original}\n# edited\n")
    return lambda: (folder / path).write_text(original)


@pytest.mark.parametrize("paper", paper_ids())
def test_every_claim_of_every_paper_has_a_verdict(repository, paper):
    claims = pd.read_csv(repository / "results" / "smoke" / paper / "claims.csv")
    assert set(claims["id"]) == {claim.id for claim in load_paper(paper).claims}
    assert set(claims["verdict"]) <= {*CLAIM_VERDICTS, "as corrected"}


def test_report_and_records_are_there(repository, results):
    page = (repository / "results" / "smoke" / "report.html").read_text(encoding="utf-8")
    assert "R-Tuning" in page and "random-llama" in page
    for name in ("figure3", "figure8", "refusal"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000
    assert (results / "runs" / "random-llama" / "facts" / "train-r-tuning-s1.json").is_file()


def test_the_report_holds_snakemakes_own(repository):
    """Tables of every paper, figures, and the rules that ran, packed in the page."""
    page = (repository / "results" / "smoke" / "report.html").read_text(encoding="utf-8")
    packed = page.partition('id="workflow-page">')[2].partition("</script>")[0]
    inside = gzip.decompress(base64.b64decode(packed)).decode()
    for paper in paper_ids():
        assert f'"results/smoke/{paper}/claims.csv": ' in inside
    assert '"results/smoke/r_tuning/figures/figure3.png": ' in inside
    assert '{"rule": "r_tuning_train", ' in inside


def test_nothing_is_done_twice(jobs):
    assert jobs() == set()


@pytest.mark.parametrize(
    ("path", "rerun", "kept"),
    [
        (
            "shared/losses/supervised.py",
            {"r_tuning_train", "r_tuning_evaluate", "analyze r_tuning"},
            {"data r_tuning", "r_tuning_identify"},
        ),
        (
            "shared/generation/decode.py",
            {"r_tuning_identify", "r_tuning_evaluate", "analyze r_tuning"},
            {"data r_tuning"},
        ),
        (
            "shared/metrics/ranking.py",
            {"analyze r_tuning", "figures r_tuning"},
            {"data r_tuning", "r_tuning_identify", "r_tuning_train", "r_tuning_evaluate"}
            | {"center_bench_evaluate", "analyze center_bench"},
        ),
        (
            "papers/center_bench/strict_scorer.py",
            {"center_bench_evaluate", "analyze center_bench"},
            {"data center_bench", "center_bench_ask", "analyze r_tuning", "forbidden_science_ask"},
        ),
        (
            "shared/judges/strings.py",
            {"forbidden_science_evaluate", "analyze forbidden_science"},
            {"data forbidden_science", "forbidden_science_ask", "center_bench_evaluate"},
        ),
        (
            "papers/resa/house_rules.yaml",  # a file that a step says it reads
            {"data resa", "resa_train"},
            {"data r_tuning", "data roleref", "roleref_train"},
        ),
        (
            "shared/plots/charts.py",
            {"figures r_tuning"},
            {"r_tuning_train", "r_tuning_evaluate", "analyze r_tuning"},
        ),
    ],
)
def test_an_edit_reruns_what_depends_on_it(repository, jobs, path, rerun, kept):
    undo = edit(repository, path)
    planned = jobs()
    undo()
    assert rerun <= planned
    assert planned.isdisjoint(kept)


def test_one_at_a_time_and_a_killed_run_leaves_no_lock(repository, snakemake, last_line):
    """While the lock is held a run ends in one line; a process killed hard releases it."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time, shared.workflow.setup as w; w.lock_folder(); time.sleep(60)",
        ],
        cwd=repository,
    )
    target = "results/smoke/r_tuning/audit.csv"
    arguments = (target, "--forcerun", "analyze", *SMOKE)
    for _ in range(100):  # until the holder has the lock
        run = snakemake(repository, *arguments)
        if run.returncode:
            break
    holder.kill()
    holder.wait()
    assert "another snakemake is running" in last_line(run)
    assert snakemake(repository, *arguments).returncode == 0


def test_another_paper_reruns_nothing_here(repository, jobs):
    other = repository / "papers" / "other"
    other.mkdir()
    (other / "train.py").write_text("print('another paper')\n")
    assert jobs() == set()


def test_verify_recomputes_and_notices(repository, results, program):
    run = program(repository, "shared.checking.verify", "results/smoke/r_tuning")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "r_tuning" in run.stdout
    cells = results / "cells.csv"
    original = cells.read_text()
    line = next(line for line in original.splitlines() if ",answer_rate," in line)
    parts = line.split(",")
    parts[6] = "12.34"
    cells.write_text(original.replace(line, ",".join(parts)))
    run = program(repository, "shared.checking.verify", "results/smoke/r_tuning")
    cells.write_text(original)
    assert run.returncode == 1
    assert "12.34" in run.stdout + run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "scale=huge"), "unknown scale 'huge'; scales: smoke, cpu, gpu, paper"),
        (
            ("--config", "sacle=cpu"),
            "unknown setting 'sacle'; settings: scale, model",
        ),
        (
            ("r_tunnig",),
            "unknown paper or target 'r_tunnig'; did you mean r_tuning? papers: "
            f"{', '.join(paper_ids())}; or: all",
        ),
        (("--config", "model=gpt2"), "model 'gpt2': expected bundled:NAME"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(
    repository, snakemake, last_line, arguments, message
):
    assert message in last_line(snakemake(repository, "-n", *arguments))


@pytest.mark.parametrize(
    ("path", "find", "replace", "message"),
    [
        (
            "paper.yaml",
            "learning_rate: 1.0e-3",
            "learning_rat: 1.0e-3",
            "did you mean learning_rate?",
        ),
        ("paper.yaml", 'holds: ap["R-Tuning", d]', 'holds: ap["R-Tunning", d]', "R-Tunning"),
        ("reported.csv", "93.23", "ninety", "reported.csv"),
    ],
)
def test_a_mistake_in_a_file_of_the_paper(
    repository, results, program, last_line, path, find, replace, message
):
    """One line that names it, and what was computed before is still there."""
    file = repository / "papers" / "r_tuning" / path
    original = file.read_text()
    file.write_text(original.replace(find, replace, 1))
    run = program(
        repository, "shared.comparison", "--paper", "r_tuning", "--scale", "smoke",
        "--results", "results/smoke/r_tuning",
    )  # fmt: skip
    file.write_text(original)
    assert message in last_line(run)
    assert (results / "claims.csv").is_file() and (results / "cells.csv").is_file()
