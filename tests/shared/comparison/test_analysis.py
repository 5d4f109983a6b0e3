import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from shared.comparison import analysis
from shared.comparison.analysis import load_analysis
from shared.errors import UserError
from shared.settings import ScaleSettings


class Settings(ScaleSettings):
    def scores(self):
        return ["one"] if self.name != "Absent" else []


@pytest.fixture
def paper_folder(invented, monkeypatch):
    """An invented paper in place of a folder of papers/: what it gives, and what it was asked."""
    asked = []
    claims = [invented.claim(function="all_high"), invented.claim(id="c2", function="forgotten")]

    def models(*arguments):
        asked.append(arguments)
        resources = {"mem_mb": 1, "disk_mb": 1, "runtime": 1}
        return [
            Settings(name="Tiny", stands_in_for="Big", resources=resources),
            Settings(name="Huge", resources=resources),
            Settings(name="Absent", resources=resources),  # a model that the user has no copy of
        ]

    module = SimpleNamespace(
        METRICS=invented.METRICS,
        ITEMS=invented.ITEMS,
        groups=lambda folder, settings: asked.append((folder, settings.name)) or [],
        common_groups=lambda folder, settings: asked.append((folder, "common")) or [],
        all_high=len,
        training=str,
        tables=dict,
    )
    monkeypatch.setattr(analysis, "load_paper", lambda paper: invented.paper(claims=claims))
    monkeypatch.setattr(analysis, "load_models", models)
    monkeypatch.setattr(analysis.declared, "literals", lambda module: {"READS": ()})
    monkeypatch.setattr(analysis, "read_reported", lambda paper: invented.REPORTED)
    monkeypatch.setitem(sys.modules, "papers.invented", SimpleNamespace(analyze=module))
    monkeypatch.setitem(sys.modules, "papers.invented.analyze", module)
    return asked


def test_it_brings_together_what_a_paper_gives(paper_folder, invented, tmp_path):
    scores = tmp_path / "scores"
    (scores / "Tiny").mkdir(parents=True)
    (scores / "Tiny" / "one.parquet").touch()
    found = load_analysis("invented", "cpu", tmp_path, model="mine")
    assert paper_folder == [
        ("invented", "cpu", "mine", None),
        (scores / "Tiny", "Tiny"),  # of Huge there are no scores
        (scores, "common"),
    ]
    assert [each.name for each in found.models] == ["Tiny"]
    assert found.stand_ins.models == {"Tiny": "Big"}
    assert found.items is invented.ITEMS
    assert found.tables is dict
    assert found.functions == {"all_high": len}  # `forgotten` is reported when claims are checked
    assert (found.scale, found.training) == ("cpu", str)


def test_a_paper_that_says_nothing_of_tables_has_one_for_each_item(paper_folder, tmp_path):
    (tmp_path / "scores" / "Tiny").mkdir(parents=True)
    (tmp_path / "scores" / "Tiny" / "one.parquet").touch()
    del sys.modules["papers.invented.analyze"].tables
    cell = {"metric": "ap", "dataset": "ID", "method": "New", "protocol": "", "n": 10, "unit": "%"}
    interval = {"value": 50.0, "ci_low": 40.0, "ci_high": 60.0}
    cells = pd.DataFrame([{"item": item} | cell | interval for item in ("table2", "ours")])
    made = load_analysis("invented", "cpu", tmp_path).tables(cells)
    assert list(made) == ["table2", "ours"]
    assert made["ours"].splitlines()[-1] == "| ap | ID | 10 | 50.0 [40.0, 60.0] |"


def test_without_scores_it_is_one_line(paper_folder, tmp_path):
    with pytest.raises(UserError, match=r"scores: no such folder; expected the scores of invented"):
        load_analysis("invented", "cpu", tmp_path)


def test_a_model_with_a_part_of_its_scores_is_left_out_and_none_at_all_is_one_line(
    paper_folder, tmp_path
):
    (tmp_path / "scores" / "Tiny").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no model has all of its scores .*: Tiny lacks .*one\.pa"):
        load_analysis("invented", "cpu", tmp_path)
