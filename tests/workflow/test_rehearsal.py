"""Scale `paper` walked from end to end, a paper at a time, in a copy of the repository."""

import pandas as pd
import pytest

from shared.comparison.printed import KEY
from shared.planning.rehearsal.reach import REACH
from shared.settings import ROOT, load_paper, paper_ids

pytestmark = pytest.mark.workflow
WALKED = [paper for paper in paper_ids() if load_paper(paper).rehearsal]
# Refusal Tokens prints hardly a number that is known; others measured its models.
OTHERS = {"refusal_tokens": 98}
BLOCKED = "blocked"  # by what nobody outside can get
LEFT = "not attempted"  # as `unavailable` in paper.yaml says; else it is a fault of ours


@pytest.fixture(scope="module")
def clone(tmp_path_factory, copy_of_repository):
    return copy_of_repository(tmp_path_factory.mktemp("rehearsal") / "repository")


def test_every_paper_has_a_rehearsal():
    assert paper_ids() == WALKED


@pytest.mark.parametrize("paper", WALKED)
def test_the_walk_reaches_the_numbers_that_the_committed_table_says(
    clone, snakemake, program, paper
):
    run = snakemake(clone, paper, "--config", "scale=paper", "rehearse=true")
    assert run.returncode == 0, run.stderr[-3000:]
    done = program(
        clone, "shared.planning.rehearsal.reach",
        "--results", "results/rehearsal", "--out", f"results/{paper}.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found, committed = (
        frame[frame["paper"] == paper].set_index(KEY)[["reach", "by"]].sort_index()
        for frame in map(_read, (clone / f"results/{paper}.csv", ROOT / "results" / REACH))
    )
    pd.testing.assert_frame_equal(found, committed)
    assert set(found["reach"]) <= {"reached", BLOCKED, LEFT}
    stated = {each.reason for each in load_paper(paper).unavailable if each.verdict == LEFT}
    assert set(found.loc[found["reach"] == LEFT, "by"]) <= stated
    # beside the numbers of others too, of which the table of reach has none
    comparison = _read(clone / "results" / "rehearsal" / paper / "comparison.csv")
    others = comparison[comparison["source"] == "secondary"]
    assert others["our_model"].ne("").sum() >= OTHERS.get(paper, 0)


def _read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_a_model_or_scale_that_can_not_be_rehearsed_is_one_line(clone, snakemake, last_line):
    for config, found in (
        (("scale=cpu", "rehearse=true"), "found scale=cpu"),
        (("scale=paper", "rehearse=true", "model=path:/none"), "found model=path:/none"),
    ):
        assert found in last_line(snakemake(clone, "-n", "--config", *config))
