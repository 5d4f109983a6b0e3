"""One table alone: the same cells from fewer scores."""

import pandas as pd
import pytest

from shared.comparison.analysis import load_analysis
from shared.comparison.results import our_cells
from shared.errors import UserError
from shared.settings import load_models, load_paper, paper_ids
from shared.settings.items import VARIABLE

pytestmark = pytest.mark.workflow
ONLY_AT_PAPER = ("table13", "alagharu_table1", "alagharu_table2")
ITEMS = [(paper, item) for paper in paper_ids() for item in load_paper(paper).items]


def scores(paper, scale):
    return {f"{s.name}/{name}" for s in load_models(paper, scale) for name in s.scores()}


@pytest.mark.parametrize(("paper", "item"), ITEMS)
def test_what_an_item_needs_gives_its_cells_and_is_no_more_than_all(
    repository, monkeypatch, paper, item
):
    folder = repository / "results" / "smoke" / paper
    every, expected = scores(paper, "paper"), of_item(folder, paper, item)
    monkeypatch.setenv(VARIABLE, item)
    assert scores(paper, "paper") <= every
    if item in ONLY_AT_PAPER:
        with pytest.raises(UserError, match=f"items: {item}: found none of "):
            of_item(folder, paper, item)
    else:
        pd.testing.assert_frame_equal(of_item(folder, paper, item), expected)


def of_item(folder, paper, item):
    cells = our_cells(load_analysis(paper, "smoke", folder))
    return cells[cells["item"] == item].reset_index(drop=True)


def test_only_what_a_table_needs_is_run(repository, snakemake, last_line):
    def planned(*config):
        run = snakemake(repository, "-n", "--forceall", "r_tuning", "--config", *config)
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    said = planned("scale=paper", "models=OpenLLaMA-3B", "items=table13")
    assert "multi/vanilla-multi-s0" in said
    for left_out in ("mmlu/", "pararel/", "min-loss", "r_tuning_ask", "LLaMA-7B", "figures:"):
        assert left_out not in said
    run = snakemake(repository, "-n", "--config", "scale=smoke", "items=table99")
    assert "no item 'table99'; items: " in last_line(run)
    run = snakemake(repository, "-n", "center_bench", "--config", "scale=smoke", "items=table1")
    assert "center_bench has none of these items; items: " in last_line(run)
