import sys

import pytest

from shared.comparison import __main__ as program
from shared.comparison import results
from shared.comparison.cells import write_cells
from shared.errors import UserError


def test_it_writes_the_three_files_from_the_cells_of_the_folder(invented, tmp_path, monkeypatch):
    analysis = invented.analysis([invented.claim()])
    cells = results.our_cells(analysis)
    cells.loc[0, "value"] = 12.5
    write_cells(cells, tmp_path / "cells.csv")
    asked = []
    monkeypatch.setattr(program, "load_analysis", lambda *a: asked.append(a) or analysis)
    arguments = ["--paper", "invented", "--scale", "cpu", "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["comparison", *arguments])
    program.main()
    assert asked == [("invented", "cpu", tmp_path, None)]
    written = results.read(tmp_path)
    assert written["comparison"]["value"][0] == 12.5
    assert written["claims"]["verdict"].tolist() == ["holds"]
    assert len(written["audit"]) == 3


def test_without_cells_it_is_one_line(tmp_path, monkeypatch):
    arguments = ["--paper", "invented", "--scale", "cpu", "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["comparison", *arguments])
    with pytest.raises(UserError, match=r"cells\.csv: no such file"):
        program.main()
