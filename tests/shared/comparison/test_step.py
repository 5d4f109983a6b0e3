import json
import sys
from types import SimpleNamespace

import pytest

from shared.comparison import step
from shared.comparison.cells import read_cells
from shared.settings import Resources, ScaleSettings


@pytest.fixture
def paper(invented, monkeypatch):
    """What papers/invented/analyze.py gives, and what its `groups` was asked."""
    asked = []
    own = SimpleNamespace(
        groups=lambda *given: asked.append(given) or invented.groups(),
        ITEMS=invented.ITEMS,
        METRICS=invented.METRICS,
        tables=lambda found: {"table1": f"{len(found)} cells"},
    )
    monkeypatch.setitem(sys.modules, "papers.invented", SimpleNamespace(analyze=own))
    monkeypatch.setitem(sys.modules, "papers.invented.analyze", own)
    return asked


def test_cells_tables_and_record_of_the_invented_paper(paper, tmp_path, monkeypatch):
    settings = ScaleSettings(resources=Resources(mem_mb=1, disk_mb=1, runtime=1))
    monkeypatch.setattr(step, "step_settings", lambda paper, arguments: settings)
    out, record = tmp_path / "out", tmp_path / "run.json"
    folders = [f"--scores={tmp_path / 'scores'}", f"--out={out}", f"--record={record}"]
    monkeypatch.setattr(sys, "argv", ["analyze", "--scale=cpu", *folders])
    step.analyze("What it does.", "invented")
    assert paper == [(tmp_path / "scores", settings)]
    cells = read_cells(out / "cells.csv")
    assert len(cells) == 9 and set(cells["unit"]) == {"%"}
    assert (out / "tables" / "table1.md").read_text() == "9 cells"
    assert json.loads(record.read_text())["cells"] == 9


def test_it_needs_scores(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["analyze", "--scale=cpu", "--out=o", "--record=r"])
    with pytest.raises(SystemExit):
        step.analyze("", "invented")
    assert "--scores" in capsys.readouterr().err
