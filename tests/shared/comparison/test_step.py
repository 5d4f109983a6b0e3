import json
import sys

import pytest

from shared.comparison import step
from shared.comparison.cells import read_cells
from shared.settings import Resources, ScaleSettings


def test_cells_tables_and_record_of_the_invented_paper(invented, tmp_path, monkeypatch):
    settings = ScaleSettings(resources=Resources(mem_mb=1, disk_mb=1, runtime=1), draws=100)
    monkeypatch.setattr(step, "step_settings", lambda paper, arguments: settings)
    asked = []

    def groups(scores, given):
        asked.append((scores, given))
        return invented.groups()

    out, record = tmp_path / "out", tmp_path / "run.json"
    folders = [f"--scores={tmp_path / 'scores'}", f"--out={out}", f"--record={record}"]
    monkeypatch.setattr(sys, "argv", ["analyze", "--scale=cpu", *folders])
    step.analyze(
        "What it does.",
        "invented",
        groups=groups,
        items=invented.ITEMS,
        metrics=invented.METRICS,
        tables=lambda found: {"table1": f"{len(found)} cells"},
    )
    assert asked == [(tmp_path / "scores", settings)]
    cells = read_cells(out / "cells.csv")
    assert len(cells) == 9 and set(cells["unit"]) == {"%"}
    assert (out / "tables" / "table1.md").read_text() == "9 cells"
    assert json.loads(record.read_text())["cells"] == 9


def test_it_needs_scores(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyze", "--scale=cpu", "--out=o", "--record=r"])
    with pytest.raises(SystemExit):
        step.analyze("", "invented", groups=None, items=[], metrics={}, tables=None)
    assert "--scores" in capsys.readouterr().err
