"""What the report says of a small made-up results folder where something is missing."""

import pytest

from shared.errors import UserError
from tests.shared.report.conftest import Page


@pytest.mark.parametrize("name", ["cells", "claims", "comparison", "audit"])
def test_a_missing_file_is_one_line_in_the_report(report, results, name):
    (results / "demo" / f"{name}.csv").unlink()
    page, markdown, summary = report()
    line = f"no {name}.csv: run `snakemake demo`"
    assert line.replace("`", "") in page.text
    assert f"- {line}" in markdown.splitlines()
    assert summary["papers"]["demo"]["missing"] == [line]


def test_a_paper_without_results_is_one_line_and_counts_nothing(report, results):
    (results / "demo").rename(results / "elsewhere")
    page, _, summary = report("gpu")
    assert "no results at scale gpu: run snakemake demo --config scale=gpu" in page.text
    cells = summary["papers"]["demo"]["cells"]
    assert cells.pop("reported") == 2  # of three, one is not printed by the paper
    assert set(cells.values()) == {0}
    assert not summary["papers"]["demo"]["run"]
    row = next(r for r in page.rows if r[0].get("data-paper") == "demo")
    assert page.cells(row) == ["Demo", "2", "no results at this scale"]
    assert "There are no results yet." in page.text


def test_a_model_of_the_user_is_named_and_belongs_to_the_command(results, run):
    (results / "demo" / "audit.csv").unlink()
    arguments = ("--scale", "gpu", "--results", results, "--out", results)
    run(*arguments, "--model", "path:/mine")
    page = Page((results / "report.html").read_text(encoding="utf-8"))
    assert "Replications at scale gpu with path:/mine" in page.text
    command = "run snakemake demo --config scale=gpu model=path:/mine"
    assert f"no audit.csv: {command}" in page.text


def test_a_file_that_cannot_be_read_is_one_line(report, results):
    whole = (results / "demo" / "comparison.csv").read_text()
    (results / "demo" / "comparison.csv").write_text("item,model\n")
    with pytest.raises(UserError, match=r"comparison\.csv:1: found columns item,model; expected"):
        report()
    (results / "demo" / "comparison.csv").write_text(whole)
    (results / "demo" / "runs" / "train.json").write_text('{"seconds": ')
    with pytest.raises(UserError, match=r"train\.json:1:\d+: not JSON"):
        report()
