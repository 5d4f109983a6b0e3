"""Files of data, scores and results that a user has spoiled, and the line that says so."""

import os
from pathlib import Path

import pandas as pd
import pytest

from shared.checking import verify
from shared.comparison.cells import left_out
from shared.comparison.scores import read_scores
from shared.data.sources import mirror_folder
from shared.files import read_jsonl
from shared.report.collect import Picture, load_results
from shared.report.formats import number
from shared.report.pictures import figure_views
from shared.settings import ROOT
from shared.workflow import live
from tests.lines import one_line


def test_a_mirror_that_is_not_there_is_said_by_who_named_it(monkeypatch):
    monkeypatch.setenv("REPLICATIONS_MIRROR", "/nowhere")
    assert one_line(mirror_folder).startswith("REPLICATIONS_MIRROR: no folder /nowhere; expected")
    assert one_line(mirror_folder, "/other").startswith("mirror, in paper.yaml: no folder /other")


# Data, scores and results


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"id": 1}\n{"ID": 2}\n', "rows.jsonl:2: no key id; found: ID"),
        ("", "rows.jsonl: is empty; expected a row at least"),
        ("[1, 2]\n", "rows.jsonl:1: found '[1, 2]', expected a JSON object"),
        (None, "rows.jsonl: is a folder; expected JSON Lines"),
    ],
)
def test_rows_that_are_none(tmp_path, text, line):
    path = tmp_path / "rows.jsonl"
    path.mkdir() if text is None else path.write_text(text)
    said = one_line(lambda: [row["id"] for row in read_jsonl(path, filled=True)])
    assert said == f"{tmp_path}/{line}"


def test_scores_that_are_none(tmp_path):
    path = tmp_path / "a.parquet"
    path.mkdir()
    assert one_line(read_scores, path) == f"{path}: is a folder; expected a parquet file"
    path.rmdir()
    pd.DataFrame({"id": [1], "set": ["a"]}).to_parquet(path)
    assert one_line(read_scores, path) == f"{path}: missing column dataset; found: id, set"
    path.write_bytes(b"PAR1 junk")
    assert one_line(read_scores, path).startswith(f"{path}: not a whole parquet file")


def test_examples_without_a_score_are_counted_aloud():
    names = ["metric", "model", "method", "dataset", "coverage"]
    rows = [("ap", "M", "R-Tuning", "facts", 1.0), ("ap", "M", "", "mmlu", 0.875)]
    cells = pd.DataFrame(rows, columns=names)
    assert left_out(cells[:1]) is None
    said = left_out(cells)
    assert said.startswith("1 of 2 cells leave out") and said.endswith("ap of M, mmlu: 87.5%")


def test_a_folder_that_verify_is_given(tmp_path, monkeypatch):
    for name in ("r_tuning", "resa"):
        (tmp_path / "cpu" / name).mkdir(parents=True)
        (tmp_path / "cpu" / name / "cells.csv").touch()
    (tmp_path / "empty").mkdir()
    assert [f.name for f in verify._papers_in(tmp_path / "cpu")] == ["r_tuning", "resa"]
    assert verify._papers_in(tmp_path / "cpu" / "resa") == [tmp_path / "cpu" / "resa"]
    expected = "expected results/<scale> or results/<scale>/<paper>"
    for name, what in (("x", "no such folder"), ("empty", "holds no results")):
        said = one_line(verify._papers_in, tmp_path / name)
        assert said == f"{tmp_path / name}: {what}; {expected}"
    said = one_line(verify._papers_in, tmp_path / "cpu" / "resa" / "cells.csv")
    assert "cells.csv: is a file; expected" in said


def test_junk_in_a_folder_of_results(tmp_path):
    folder = tmp_path / "r_tuning"
    (folder / "figures").mkdir(parents=True)
    claims, captions = folder / "claims.csv", folder / "figures" / "captions.json"
    claims.write_text("junk\n")
    assert live.verdicts(claims) == (
        f"{claims}:1: found columns junk; expected ours,protocol,verdict"
    )
    assert one_line(load_results, "r_tuning", tmp_path, "cpu").startswith(f"{claims}:1: found col")
    claims.unlink()
    captions.write_text("[]")
    assert one_line(load_results, "r_tuning", tmp_path, "cpu") == (
        f"{captions}: found a list; expected an object"
    )
    picture = folder / "figures" / "figure1.png"
    picture.write_bytes(b"junk")
    said = one_line(lambda: figure_views([Picture("figure1", "", picture)], None, os.fspath, True))
    assert said.startswith(f"{picture}: not a whole picture")
    assert one_line(number, "junk") == "found 'junk' in a table of results, expected a number"


def test_a_report_of_a_folder_that_is_not_there(program, last_line):
    words = ["shared.report", "--scale", "cpu", "--results", "/nowhere", "--out", "/nowhere"]
    assert last_line(program(Path(ROOT), *words)) == (
        "error: /nowhere: no such folder; expected results/<scale>"
    )
