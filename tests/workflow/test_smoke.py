"""The whole chain through Snakemake at scale `smoke`, in a copy of the repository."""

import base64
import gzip
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from shared.settings import paper_ids

pytestmark = pytest.mark.workflow

SMOKE = ("--config", "scale=smoke")


@pytest.fixture
def results(repository):
    return repository / "results" / "smoke" / "r_tuning"


@pytest.fixture
def jobs(repository, snakemake):
    def planned():
        """Rules that a dry run would execute, with how often."""
        run = snakemake(repository, "-n", *SMOKE)
        assert run.returncode == 0, run.stderr[-2000:]
        table = re.search(
            r"Job stats:\n.*?\n-.*?\n(.*?)\ntotal", run.stdout + run.stderr, re.DOTALL
        )
        return dict(re.findall(r"^(\w+) +(\d+)$", table[1], re.MULTILINE)) if table else {}

    return planned


def edit(folder, path):
    """Append a comment to a file; gives a function that takes it back."""
    original = (folder / path).read_text()
    (folder / path).write_text(f"{original}\n# edited\n")
    return lambda: (folder / path).write_text(original)


def test_cells_hold_what_was_run(results):
    cells = pd.read_csv(results / "cells.csv")
    table1 = cells[(cells["item"] == "table1") & (cells["metric"] == "ap")]
    found = set(zip(table1["method"], table1["dataset"], table1["protocol"], strict=True))
    expected = {
        (m, f"Facts {d}", "corrected") for m in ("R-Tuning", "Vanilla") for d in ("ID", "OOD")
    }
    assert found >= expected
    assert ("R-Tuning", "Facts ID", "official") in found
    assert set(table1["model"]) == {"random-llama"}
    assert set(table1["n"]) == {32} and set(table1["coverage"]) == {1.0}
    vanilla = cells[(cells["item"] == "table8") & (cells["method"] == "Vanilla")]
    assert len(vanilla) and set(vanilla["seeds"]) == {2}
    refusals = cells[cells["metric"] == "refusal_rate"]
    assert {"Invented", "Invented answerable"} == set(refusals["dataset"])
    percent = cells[~cells["metric"].str.startswith(("ece", "perplexity"))]["value"].dropna()
    assert percent.between(0, 100).all()


def test_random_weights_know_nothing(results):
    """A random model's answers match no gold answer: its accuracy is 0 and its AP undefined."""
    cells = pd.read_csv(results / "cells.csv")
    accuracy = cells[(cells["item"] == "figure3") & (cells["method"] == "Pretrain-T")]
    accuracy = accuracy[accuracy["metric"] == "accuracy"]
    assert len(accuracy) and (accuracy["value"] <= 5).all()


def test_smoke_is_never_judged_as_the_paper(results):
    comparison = pd.read_csv(results / "comparison.csv")
    assert set(comparison["verdict"]) <= {"stand-in", "blocked", "not attempted", "not judged"}
    assert (comparison["verdict"] == "stand-in").any()
    ours = comparison[comparison["verdict"] == "stand-in"]
    assert set(ours["our_model"]) == {"random-llama"}


@pytest.mark.parametrize("paper", paper_ids())
def test_every_claim_of_every_paper_has_a_verdict(repository, paper):
    claims = pd.read_csv(repository / "results" / "smoke" / paper / "claims.csv")
    assert set(claims["verdict"]) <= {"holds", "fails", "inconclusive", "blocked"}


def test_claims_about_size_need_two_sizes(results):
    claims = pd.read_csv(results / "claims.csv")
    claims = claims[claims["protocol"] == "corrected"].set_index("id")
    assert claims.loc["c3a", ["reported_in_direction", "reported_pairs"]].tolist() == [10, 12]
    assert claims.loc["c3b", "verdict"] == "blocked"  # needs two sizes


def test_report_and_records_are_there(repository, results):
    page = (repository / "results" / "smoke" / "report.html").read_text(encoding="utf-8")
    assert "R-Tuning" in page and "random-llama" in page
    for name in ("figure3", "figure8", "refusal"):
        assert (results / "figures" / f"{name}.png").stat().st_size > 5000
    assert (results / "runs" / "facts" / "train-r-tuning-s1.json").is_file()


def test_the_report_holds_snakemakes_own(repository):
    """Tables of every paper, figures, and the rules that ran, packed in the page."""
    page = (repository / "results" / "smoke" / "report.html").read_text(encoding="utf-8")
    packed = page.partition('id="workflow-page">')[2].partition("</script>")[0]
    inside = gzip.decompress(base64.b64decode(packed)).decode()
    for paper in paper_ids():
        assert f'"results/smoke/{paper}/claims.csv": ' in inside
    assert '"results/smoke/r_tuning/figures/figure3.png": ' in inside
    assert ">papers.r_tuning.train<" in inside


def test_nothing_is_done_twice(jobs):
    assert jobs() == {}


@pytest.mark.parametrize(
    ("path", "rerun", "kept"),
    [
        (
            "shared/losses/supervised.py",
            {"r_tuning_train", "r_tuning_evaluate", "r_tuning_analyze"},
            {"r_tuning_data", "r_tuning_base"},
        ),
        (
            "shared/generation/decode.py",
            {"r_tuning_base", "r_tuning_evaluate", "r_tuning_analyze"},
            {"r_tuning_data"},
        ),
        (
            "shared/metrics/ranking.py",
            {"r_tuning_analyze", "r_tuning_figures", "compare"},
            {"r_tuning_data", "r_tuning_base", "r_tuning_train", "r_tuning_evaluate"}
            | {"center_bench_evaluate", "center_bench_analyze"},
        ),
        (
            "papers/center_bench/strict_scorer.py",
            {"center_bench_evaluate", "center_bench_analyze"},
            {"center_bench_data", "center_bench_ask", "r_tuning_analyze", "forbidden_science_ask"},
        ),
        (
            "shared/judges/strings.py",
            {"forbidden_science_evaluate", "forbidden_science_analyze"},
            {"forbidden_science_data", "forbidden_science_ask", "center_bench_evaluate"},
        ),
        (
            "shared/plots/charts.py",
            {"r_tuning_figures"},
            {"r_tuning_train", "r_tuning_evaluate", "r_tuning_analyze", "compare"},
        ),
    ],
)
def test_an_edit_reruns_what_depends_on_it(repository, jobs, path, rerun, kept):
    undo = edit(repository, path)
    planned = set(jobs())
    undo()
    assert rerun <= planned
    assert planned.isdisjoint(kept)


def test_one_at_a_time_and_a_killed_run_leaves_no_lock(repository, snakemake):
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
    arguments = (target, "--forcerun", "compare", *SMOKE)
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
    assert jobs() == {}


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


def last_line(run):
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    return run.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "scale=huge"), "unknown scale 'huge'; scales: smoke, cpu, gpu, paper"),
        (("--config", "sacle=cpu"), "unknown setting 'sacle'; settings: scale, model"),
        (
            ("r_tunnig",),
            f"unknown paper or target 'r_tunnig'; papers: {', '.join(paper_ids())}; or: all",
        ),
        (("--config", "model=gpt2"), "a model is bundled:NAME"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(repository, snakemake, arguments, message):
    assert message in last_line(snakemake(repository, "-n", *arguments))


@pytest.mark.parametrize(
    ("path", "find", "replace", "message"),
    [
        ("paper.yaml", "learning_rate: 1.0e-3", "learning_rat: 1.0e-3", "training.learning_rat"),
        ("paper.yaml", "method: R-Tuning\n", "method: R-Tunning\n", "R-Tunning"),
        ("reported.csv", "93.23", "ninety", "reported.csv"),
    ],
)
def test_a_mistake_in_a_file_of_the_paper(
    repository, results, program, path, find, replace, message
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


def test_a_damaged_file_is_named(repository, results, program, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(results / "data", data)
    whole = (data / "facts.jsonl").read_bytes()
    (data / "facts.jsonl").write_bytes(whole[: len(whole) // 2])
    run = program(
        repository, "papers.r_tuning.train", "--scale", "smoke", "--task", "facts",
        "--variant", "vanilla", "--seed", "0", "--data", data, "--out", tmp_path / "model",
        "--record", tmp_path / "run.json",
    )  # fmt: skip
    assert re.search(r"facts\.jsonl:\d+: not a JSON record", last_line(run))
    assert not (tmp_path / "model").exists()


def test_a_missing_mirror_is_one_line(repository, program, tmp_path):
    run = program(
        repository, "papers.r_tuning.data", "--scale", "gpu", "--out", tmp_path / "data",
        "--record", tmp_path / "run.json",
    )  # fmt: skip
    line = last_line(run)
    assert "pararel" in line and "REPLICATIONS_MIRROR" in line
