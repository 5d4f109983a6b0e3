import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from shared.checking import verify as verify_module
from shared.checking.verify import verify
from shared.comparison import results
from shared.comparison.csv_files import write_table
from shared.errors import UserError
from shared.settings import ROOT


@pytest.fixture
def folder(invented, tmp_path):
    """A results folder as the rules write it."""
    analysis = invented.analysis([invented.claim(item="table1")])
    cells = results.our_cells(analysis)
    write_table(cells, tmp_path / "cells.csv")
    results.write(results.frames(analysis, cells), tmp_path)
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))


def again(invented):
    return invented.analysis([invented.claim(item="table1")])


def test_what_was_written_is_recomputed(invented, folder):
    rows, lines = verify(again(invented), folder)
    assert lines == []
    assert rows == {"cells": 9, "claims": 1, "comparison": 8, "audit": 3}


def test_a_changed_cell_is_named_with_both_numbers(invented, folder):
    value = str(results.our_cells(again(invented))["value"][0])
    change(folder / "cells.csv", f"official,{value},", "official,12.5,")
    _, lines = verify(again(invented), folder)
    where = f"{folder.name}/cells.csv: table1 / Big / New / Set A / accuracy / official"
    assert lines == [f"{where}: value 12.5 in the file, {value} recomputed"]


def test_the_last_decimal_may_move_and_the_one_before_may_not(invented, folder):
    value = results.our_cells(again(invented))["value"][0]
    change(folder / "cells.csv", f"official,{value},", f"official,{round(value + 1e-4, 4)},")
    assert verify(again(invented), folder)[1] == []
    change(
        folder / "cells.csv", f"official,{round(value + 1e-4, 4)},", f"official,{value + 0.002},"
    )
    assert len(verify(again(invented), folder)[1]) == 1


def test_other_scores_are_seen_in_all_files(invented, folder):
    analysis = again(invented)
    analysis.groups[0].columns["correct"][:] = False
    _, lines = verify(analysis, folder)
    for name in ("cells.csv", "claims.csv", "comparison.csv"):
        assert any(f"/{name}: " in line for line in lines), name


def test_a_changed_verdict_is_named(invented, folder):
    change(folder / "claims.csv", ",holds,", ",fails,")
    _, lines = verify(again(invented), folder)
    assert lines == [
        f"{folder.name}/claims.csv: c1 / official: verdict fails in the file, holds recomputed"
    ]


def test_missing_and_extra_rows_are_named(invented, folder):
    text = (folder / "cells.csv").read_text().splitlines()
    (folder / "cells.csv").write_text("\n".join(text[:1] + text[2:]) + "\n")
    _, lines = verify(again(invented), folder)
    assert lines == [
        f"{folder.name}/cells.csv: table1 / Big / New / Set A / accuracy / official: "
        "recomputed but not in the file"
    ]
    (folder / "cells.csv").write_text("\n".join([*text, text[1].replace("New", "Newer")]) + "\n")
    _, lines = verify(again(invented), folder)
    assert [line.rpartition(": ")[2] for line in lines] == ["in the file but not recomputed"]


@pytest.fixture
def program(invented, folder, monkeypatch, tmp_path_factory):
    """Run `shared.checking.verify` on the folder as results/cpu/invented: status and asked."""
    results_folder = tmp_path_factory.mktemp("root") / "results" / "cpu" / "invented"
    results_folder.parent.mkdir(parents=True)
    folder.rename(results_folder)
    asked = []
    monkeypatch.setattr(
        verify_module, "load_analysis", lambda *a: asked.append(a) or again(invented)
    )
    monkeypatch.setattr(verify_module, "ROOT", results_folder.parents[2])

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            verify_module.main()
        return ended.value.code

    return run, results_folder, asked


def test_program_on_good_results(program, capsys):
    run, folder, asked = program
    assert run(folder) == 0
    line = "cpu invented: 9 cells, 1 claims, 8 comparisons: all recomputed\n"
    assert capsys.readouterr().out == line
    assert asked == [("invented", "cpu", folder, None, None)]


def test_program_on_a_changed_number(program, capsys):
    run, folder, _ = program
    change(folder / "claims.csv", ",holds,", ",fails,")
    assert run(folder) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "verdict fails in the file, holds recomputed" in lines[0]
    assert lines[1] == "cpu invented: 9 cells, 1 claims, 8 comparisons: 1 difference"


def test_program_finds_all_results_but_smoke_and_a_users_own(program, capsys):
    run, folder, asked = program
    for name in ("smoke", "cpu+path-mine"):
        other = folder.parents[1] / name / "invented"
        other.mkdir(parents=True)
        (other / "cells.csv").write_text("never read")
    assert run() == 0
    assert asked == [("invented", "cpu", folder, None, None)]


def test_results_of_a_users_own_model_are_recomputed_on_request(program, capsys):
    run, folder, asked = program
    own = folder.parents[1] / "cpu+path-mine" / "invented"
    own.parent.mkdir()
    folder.rename(own)
    assert run(own, "--model", "path:mine") == 0
    assert asked == [("invented", "cpu", own, "path:mine", None)]
    assert capsys.readouterr().out.startswith("cpu+path-mine invented: ")


def test_program_with_nothing_to_verify(tmp_path, monkeypatch):
    monkeypatch.setattr(verify_module, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["verify"])
    with pytest.raises(UserError, match=r"no results/<scale>/<paper>/cells\.csv to verify"):
        verify_module.main()


def test_it_needs_neither_torch_nor_scikit_learn():
    heavy = "{'torch', 'transformers', 'sklearn'}"
    code = f"import shared.checking.verify, sys; print({heavy} & {{*sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout == "set()\n"


@pytest.fixture
def committed(tmp_path, monkeypatch, capsys):
    """Run the program on a copy of committed results: its exit status and lines, and the copy."""
    folder = tmp_path / "results" / "cpu" / "r_tuning"
    shutil.copytree(ROOT / "results" / "cpu" / "r_tuning", folder)
    monkeypatch.setattr(verify_module, "ROOT", tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            verify_module.main()
        return ended.value.code, capsys.readouterr().out.splitlines()

    return run, folder


def cut(path):
    path.write_bytes(path.read_bytes()[:1500])


def spoil(path):
    """Change bytes inside, where neither the beginning nor the end of the file tells."""
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(1000) + content[1100:])


def without(column):
    return lambda path: pd.read_parquet(path).drop(columns=column).to_parquet(path)


def with_words(path):
    pd.read_parquet(path).assign(answer_confidence="high").to_parquet(path)


def unlink_of_each_model(path):
    for each in path.parents[2].glob(f"*/facts/{path.name}"):
        each.unlink()


SCORES = "scores/Small-1M/facts/vanilla-s0.parquet"


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (SCORES, unlink_of_each_model, r"no model has all of its scores .*vanilla-s0\.parquet"),
        (SCORES, cut, r"vanilla-s0\.parquet: not a whole parquet file \(Parquet magic bytes not"),
        (SCORES, spoil, r"vanilla-s0\.parquet: not a whole parquet file \("),
        (SCORES, without("correct"), r"vanilla-s0\.parquet: missing column correct; found: "),
        (
            SCORES,
            without("answer_confidence"),
            r"scores: no 'answer_confidence' there; expected by papers\.r_tuning",
        ),
        (SCORES, with_words, r"column confidence: could not convert .*; expected numbers"),
        ("scores", shutil.rmtree, r"scores: no such folder; expected the scores of r_tuning"),
        ("cells.csv", Path.unlink, r"cells\.csv: no such file; expected columns item, model"),
        ("claims.csv", Path.unlink, r"claims\.csv: no such file; expected columns id, protocol"),
        ("cells.csv", lambda p: p.write_text(""), r"cells\.csv: not a CSV file \(No columns"),
        (
            "cells.csv",
            lambda p: p.write_bytes(b"\xff\xfe"),
            r"cells\.csv: not a CSV file \('utf-8'",
        ),
        (
            "audit.csv",
            lambda p: p.write_text('a,"b\n'),
            r"audit\.csv: not a CSV file \(Error token",
        ),
    ],
)
def test_a_damaged_file_is_one_line(committed, name, damage, message):
    run, folder = committed
    damage(folder / name)
    status, lines = run()
    assert status == 1
    assert len(lines) == 1 and re.search(f"^error: .*{message}", lines[0])


def test_one_broken_folder_does_not_hide_the_others(committed):
    run, folder = committed
    other = folder.with_name("forbidden_science")
    shutil.copytree(ROOT / "results" / "cpu" / "forbidden_science", other)
    (other / "cells.csv").unlink()
    status, lines = run()
    assert status == 1
    assert lines[0].startswith(f"error: {other}/cells.csv: no such file")
    assert lines[-1].startswith("cpu r_tuning: ")


def test_a_row_that_is_there_twice_is_named(committed):
    run, folder = committed
    text = (folder / "cells.csv").read_text()
    (folder / "cells.csv").write_text(text + text.splitlines()[1] + "\n")
    status, lines = run()
    assert status == 1
    assert lines[0].endswith(": twice in the file") and lines[1].endswith(": 1 difference")


def test_tables_must_be_what_the_cells_give(invented, folder):
    analysis = replace(
        again(invented), tables=lambda cells: {"table1": f"{len(cells)} cells\n", "table2": ""}
    )
    tables = folder / "tables"
    tables.mkdir()
    (tables / "table1.md").write_text("9 cells\n")
    (tables / "table2.md").write_text("")
    assert verify(analysis, folder)[1] == []
    (tables / "table1.md").write_text("10 cells\n")
    (tables / "table2.md").rename(tables / "table3.md")
    assert verify(analysis, folder)[1] == [
        f"{folder.name}/tables/table1.md: not the table that the cells give",
        f"{folder.name}/tables/table2.md: no such file, but the cells give that table",
        f"{folder.name}/tables/table3.md: no table that the cells give",
    ]
