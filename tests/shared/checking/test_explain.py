import json

import pandas as pd
import pytest

from shared.checking import explain as program
from shared.checking.explain import chosen, explain
from shared.errors import UserError
from shared.settings import ROOT

FOLDER = ROOT / "results" / "cpu" / "r_tuning"


@pytest.fixture(scope="module")
def cells():
    return program.read_cells(FOLDER / "cells.csv")


def test_a_number_is_followed_to_its_function_its_scores_and_its_run(cells):
    """Whatever cell: the value as in the file, a function that is there, scores that are there."""
    cell = cells[cells["item"] == "table1"].iloc[0]
    words = [str(cell[name]) for name in program.KEYS if cell[name]]
    lines = list(explain(FOLDER, words))
    assert lines[0] == "r_tuning, cpu: " + ", ".join(words)
    said = {line.split()[0]: line for line in lines[1:]}
    assert f" {cell.value}" in said["ours"] and f"n {cell.n}" in said["ours"]
    for name in ("function", "meaning"):
        path, _, number = said[name].split()[-1 if name == "function" else 1].partition(":")
        assert (ROOT / path).read_text(encoding="utf-8").splitlines()[int(number) - 1].strip()
    scores = FOLDER / said["scores"].split(maxsplit=1)[1]
    assert cell.dataset in set(pd.read_parquet(scores).get("dataset", [cell.dataset]))
    (made,) = [line for line in lines if "commit" in line][:1]
    record = json.loads((FOLDER / made.split(": ")[0].strip()).read_text(encoding="utf-8"))
    assert record["commit"].startswith(made.partition("commit ")[2].split(",")[0].split()[0])


def test_a_run_made_without_git_is_named_too(tmp_path):
    folder = tmp_path / "cpu" / "demo"
    (folder / "runs").mkdir(parents=True)
    record = {
        "command": ["--out", "results/cpu/demo/scores/a.parquet"],
        "seed": 3,
        "commit": None,
        "dirty": None,
        "finished": "2026-12-01T10:00:00+00:00",
        "seconds": 5.0,
    }
    (folder / "runs" / "a.json").write_text(json.dumps(record))
    (made,) = program._made(folder, folder / "scores" / "a.parquet")
    assert made.strip() == "runs/a.json: seed 3, no commit known, 2026-12-01, 5 s"


def test_words_that_choose_nothing_say_what_there_is(cells):
    with pytest.raises(UserError, match=r"'Vanila': no cell left with it; there are "):
        chosen(cells, ["Vanila"])


def test_too_many_cells_are_not_explained(cells):
    many = pd.concat([cells] * program.MOST, ignore_index=True)
    with pytest.raises(UserError, match="expected at most 12"):
        chosen(many, [])
