"""`python -m shared.checking.diff` on the committed results and a copy of them that is changed."""

import json
import shutil
import sys

import pandas as pd
import pytest

from shared.checking.diff.__main__ import main
from shared.errors import one_line_errors
from shared.settings import ROOT

PAPER, MODEL = "r_tuning", "Small-1M"
COMMITTED = ROOT / "results" / "cpu"


@pytest.fixture
def copy(tmp_path):
    """A copy of the results of one paper, in a folder that is named otherwise."""
    folder = tmp_path / "before" / PAPER
    shutil.copytree(COMMITTED / PAPER, folder, ignore=shutil.ignore_patterns("figures", "data"))
    return folder


@pytest.fixture
def diff(monkeypatch, capsys):
    """Run the program; gives its exit status, its lines, and those of its errors."""

    def run(first, second):
        monkeypatch.setattr(sys, "argv", ["diff", str(first), str(second)])
        with pytest.raises(SystemExit) as ended:
            one_line_errors(main, status=2)
        said = capsys.readouterr()
        return ended.value.code, said.out.splitlines(), said.err.splitlines()

    return run


def change_record(folder, step, **changed):
    path = folder / "runs" / f"{step}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_a_copy_is_the_same(copy, diff):
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    cells = len(pd.read_csv(copy / "cells.csv"))
    assert status == 0
    assert "  the same: commit, settings, seed, data, input, package, hardware" in lines
    same = f"{cells} the same, 0 differ, 0 only in the first, 0 only in the second"
    assert f"cells: {same}" in lines
    assert lines[-2] == "scores: the same files"


def test_identities_alone_do_not_make_numbers_differ(copy, diff):
    change_record(copy, "data", commit="f" * 40, dirty=True, seed=77)
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    assert status == 0
    assert any(
        line.startswith("  commit: ")
        and line.endswith(f"| {'f' * 12} with uncommitted changes  (data)")
        for line in lines
    )
    assert any(line.startswith("  seed: ") and "| 77  (data)" in line for line in lines)


def test_a_changed_cell_a_missing_one_and_a_changed_verdict_are_named(copy, diff):
    cells = pd.read_csv(copy / "cells.csv", dtype=str, keep_default_na=False)
    cells.loc[0, "value"] = "12.5"
    cells.iloc[:-1].to_csv(copy / "cells.csv", index=False)
    claims = (copy / "claims.csv").read_text()
    (copy / "claims.csv").write_text(claims.replace(",inconclusive,", ",fails,", 1))
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    assert status == 1
    key = " / ".join(cells.iloc[0, :6])
    (line,) = [line for line in lines if line.startswith(f"  {key}: ")]
    assert " | 12.50 [" in line
    assert f"  {' / '.join(filter(None, cells.iloc[-1, :6]))}: only in the first" in lines
    assert any(line.endswith(": inconclusive | fails") for line in lines)


def test_changed_scores_are_tested(copy, diff):
    path = copy / "scores" / MODEL / "facts" / "r-tuning-s0.parquet"
    scores = pd.read_parquet(path)
    scores.assign(correct=~scores["correct"].astype(bool)).to_parquet(path)
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    assert status == 1
    (line,) = [line for line in lines if "R-Tuning / Facts ID / corrected / accuracy: " in line]
    asked = (scores["dataset"] == "Facts ID").sum()
    assert f", n {asked:,}, p " in line and ", after Holm " in line


def test_scores_written_again_are_the_same(copy, diff):
    for path in (copy / "scores" / MODEL / "facts").iterdir():
        pd.read_parquet(path).to_parquet(path, compression=None)
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    assert status == 0
    assert lines[-2].startswith("paired tests, second minus first: ")
    assert lines[-2].endswith(" with the same scores, 0 with others")


def test_scores_that_cannot_be_read_leave_the_rest(copy, diff):
    (copy / "scores" / MODEL / "facts" / "r-tuning-s0.parquet").unlink()
    status, lines, _ = diff(COMMITTED / PAPER, copy)
    assert status == 0
    assert lines[-2].startswith("no paired tests: ")
    assert "r-tuning-s0.parquet: no such file" in lines[-2]
    shutil.rmtree(copy / "scores")
    _, lines, _ = diff(copy, copy)
    assert lines[-2].startswith("no paired tests: ") and "scores: no such folder" in lines[-2]


def test_settings_that_the_code_no_longer_knows_leave_the_rest(copy, diff):
    for path in (copy / "runs").rglob("*.json"):
        record = json.loads(path.read_text())
        if record["settings"]:
            path.write_text(json.dumps(record | {"settings": {"old": 1}}))
    (copy / "scores" / MODEL / "facts" / "base.parquet").write_bytes(b"other")
    _, lines, _ = diff(COMMITTED / PAPER, copy)
    assert lines[-2].startswith("no paired tests: recorded settings of r_tuning, for the code")


def test_trees_of_several_papers_are_compared_paper_by_paper(copy, diff):
    status, lines, _ = diff(COMMITTED, copy.parent)
    assert status == 1  # the copy has one paper
    assert "r_tuning at cpu" in lines
    assert "roleref: only in the first" in lines


def test_bad_input_is_one_line(copy, diff, tmp_path):
    def line_of(first, second):
        status, _, errors = diff(first, second)
        assert status == 2 and len(errors) == 1
        return errors[0]

    ours = COMMITTED / PAPER
    assert "no results there; expected a folder like results/<scale>" in line_of(ours, tmp_path)
    assert line_of(COMMITTED / "roleref", copy).startswith("error: no paper in both: roleref in")
    change_record(copy, "data", command=["data.py", "--scale", "gpu"])
    for path in (copy / "runs").glob("*/**/*.json"):
        path.unlink()
    (copy / "runs" / "analyze.json").unlink()
    assert "the first is of scale cpu, the second of gpu" in line_of(ours, copy)
    (copy / "runs" / "data.json").write_text('{"commit": ')
    assert "data.json:1:" in (line := line_of(ours, copy)) and "not JSON" in line
    (copy / "runs" / "data.json").unlink()
    assert "runs: no records; expected runs/*.json" in line_of(ours, copy)
    (copy / "cells.csv").unlink()
    assert "no results there" in line_of(ours, copy)


def test_a_broken_table_is_one_line(copy, diff):
    (copy / "cells.csv").write_text("item,value\n")
    status, _, errors = diff(COMMITTED / PAPER, copy)
    assert status == 2
    assert len(errors) == 1 and "cells.csv: found columns item, value; expected" in errors[0]
