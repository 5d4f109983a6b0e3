import sys
from types import SimpleNamespace

import pytest

from shared.comparison import analysis
from shared.comparison.analysis import load_analysis
from shared.errors import UserError
from shared.settings import ScaleSettings


@pytest.fixture
def paper_folder(invented, monkeypatch):
    """An invented paper in place of a folder of papers/: what it gives, and what it was asked."""
    asked = []
    claims = [invented.claim(function="all_high"), invented.claim(id="c2", function="forgotten")]

    def settings(*arguments):
        asked.append(arguments)
        resources = {"mem_mb": 1, "disk_mb": 1, "runtime": 1}
        return ScaleSettings(stand_ins={"models": {"Tiny": "Big"}}, resources=resources)

    module = SimpleNamespace(
        METRICS=invented.METRICS,
        ITEMS=invented.ITEMS,
        groups=lambda folder, settings: asked.append((folder, settings.stand_ins.models)) or [],
        all_high=len,
        training=str,
        tables=dict,
    )
    monkeypatch.setattr(analysis, "load_paper", lambda paper: invented.paper(claims=claims))
    monkeypatch.setattr(analysis, "load_settings", settings)
    monkeypatch.setattr(analysis, "read_reported", lambda paper: invented.REPORTED)
    monkeypatch.setitem(sys.modules, "papers.invented", SimpleNamespace(analyze=module))
    monkeypatch.setitem(sys.modules, "papers.invented.analyze", module)
    return asked


def test_it_brings_together_what_a_paper_gives(paper_folder, invented, tmp_path):
    (tmp_path / "scores").mkdir()
    found = load_analysis("invented", "cpu", tmp_path, model="mine")
    assert paper_folder == [("invented", "cpu", "mine"), (tmp_path / "scores", {"Tiny": "Big"})]
    assert found.stand_ins.models == {"Tiny": "Big"}
    assert found.items is invented.ITEMS
    assert found.tables is dict
    assert found.functions == {"all_high": len}  # `forgotten` is reported when claims are checked
    assert (found.scale, found.training) == ("cpu", str)


def test_without_scores_it_is_one_line(paper_folder, tmp_path):
    with pytest.raises(UserError, match=r"scores: no such folder; expected the scores of invented"):
        load_analysis("invented", "cpu", tmp_path)
